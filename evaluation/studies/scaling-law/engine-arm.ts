import type { AttackSpec } from '../../../core/scenario.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { errorsOf } from '../../../logits/scaling-law/error-curve.ts';
import { linearLogits, logitResponse, prefactor } from '../../../logits/scaling-law/linear-response.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import { signs, signStep } from '../../../logits/scaling-law/sign-attack.ts';
import { chunkAttack } from '../../attack-batch.ts';
import type { ArmSetup } from './law-arms.ts';
import { topOf } from './accuracy.ts';
import { seedOf } from './law-arms.ts';
import { recordedPolicy } from './victims.ts';

/** One ε of the cross-check. */
export interface EnginePoint {
  readonly epsilon: number;
  /** Share of decisions that the attack engine's FGSM changes, and that ours does within the engine's box [0, 1]. */
  readonly engine: number;
  readonly own: number;
  /** Share of rows on which the two agree. */
  readonly same: number;
  /** The engine's PGD, twenty steps on its own objective. */
  readonly pgd: number;
  /** Without an attack: by the linear response, and `A ε`. */
  readonly predicted: number;
  readonly law: number;
}

/** What is kept of the cross-check of one policy. */
export interface EngineCell {
  readonly rows: number;
  readonly prefactor: number;
  readonly points: readonly EnginePoint[];
}

/** Predicted errors at which the two are compared. */
const compared = [0.005, 0.01, 0.02, 0.05];

/**
 * The error law beside the testbed's own attack engine on the same policy and rows: the engine keeps observations within [0, 1], so the sign
 * of a feature that would leave it counts as 0 here.
 */
export async function engineArm(model: string, { seed, size, workspace }: ArmSetup): Promise<EngineCell> {
  using policy = await recordedPolicy(seedOf(model, seed), 'Building_1', size.policyRows, workspace);
  const { victim, features, response } = policy;
  const k = response.outputs;
  const x = everyNth(policy.x, features.length, size.engineStride);
  const rows = x.length / features.length;
  const z = await logitsOf(response, x);
  const top = topOf(z, k);
  const s = await signs(response, x, top, crossEntropy);
  for (let i = 0; i < s.length; i++) if ((x[i]! <= 0 && s[i]! < 0) || (x[i]! >= 1 && s[i]! > 0)) s[i] = 0;
  const v = await logitResponse(response, x, s);
  const a = prefactor(z, v, k).value;
  const shown = new Float32Array(x.length);
  const points: EnginePoint[] = [];
  for (const error of compared) {
    const epsilon = error / a;
    const attacked = (spec: Omit<AttackSpec, 'threat'>): Uint8Array =>
      chunkAttack(features, victim, { ...spec, threat: { epsilon } }, seed)(x, { first: 0, count: rows, stride: 1 })
        .success;
    signStep(x, s, epsilon, shown);
    for (let i = 0; i < shown.length; i++) shown[i] = Math.min(1, Math.max(0, shown[i]!));
    const engine = attacked({ name: 'fgsm', config: { objective: 'cross-entropy' } });
    const own = topOf(await logitsOf(response, shown), k).map((bin, row) => (bin === top[row] ? 0 : 1));
    const share = (changed: ArrayLike<number>): number =>
      Array.from(changed).reduce((sum, value) => sum + value, 0) / rows;
    points.push({
      epsilon,
      engine: share(engine),
      own: share(own),
      same: share(own.map((changed, row) => (changed === engine[row] ? 1 : 0))),
      pgd: share(attacked({ name: 'pgd', config: { steps: 20 } })),
      predicted: errorsOf(linearLogits(z, v, epsilon), top, k, 1)[0]!,
      law: a * epsilon,
    });
  }
  return { rows, prefactor: a, points };
}

/** Every nth row, so that all seasons are there. */
function everyNth(x: Float32Array, size: number, stride: number): Float32Array {
  const rows = Math.ceil(x.length / size / stride);
  const out = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) out.set(x.subarray(row * stride * size, (row * stride + 1) * size), row * size);
  return out;
}
