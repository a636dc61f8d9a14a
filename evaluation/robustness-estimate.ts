import type { AttackSpec } from '../core/scenario.ts';
import { crossEntropy } from '../logits/cross-entropy.ts';
import { margin } from '../logits/margin.ts';
import { argMax } from '../logits/row.ts';
import { errorsOf } from '../logits/scaling-law/error-curve.ts';
import { linearLogits, logitResponse, prefactor } from '../logits/scaling-law/linear-response.ts';
import type { Prefactor } from '../logits/scaling-law/linear-response.ts';
import { logitsOf } from '../logits/scaling-law/response.ts';
import { signs, signStep } from '../logits/scaling-law/sign-attack.ts';
import { chunkAttack } from './attack-batch.ts';
import type { RecordedPolicy } from './recorded-policy.ts';

/** What is foretold at one ε, and what attacks come to: shares of decisions that change. */
export interface EstimatedPoint {
  readonly epsilon: number;
  /** Without an attack: `A ε`, and by the linear response of each row. */
  readonly law: number;
  readonly predicted: number;
  /** One step along the sign of the gradient, within [0, 1]. */
  readonly own: number;
  /** The attack engine's FGSM on the same objective, the share of rows on which it agrees with that, and its PGD; null: no discrete decisions. */
  readonly engine: number | null;
  readonly same: number | null;
  readonly pgd: number | null;
}

/** The error law of a policy on what it observed. */
export interface RobustnessEstimate {
  readonly rows: number;
  readonly prefactor: Prefactor;
  readonly points: readonly EstimatedPoint[];
}

/** Whose gradient gives the direction: the margin's, towards the runner-up, does not depend on the scale of the logits. */
const objectives = { margin, 'cross-entropy': crossEntropy };
export type EstimateObjective = keyof typeof objectives;

/** Errors at which it is foretold, unless ε are given. */
export const usualErrors = [0.005, 0.01, 0.02, 0.05];
const pgdSteps = 20;

/**
 * How robust a policy is, from its logits and one gradient a row: `Err(ε) ≈ A ε`, where Err is the share of decisions that an attack of ε on every
 * feature changes; and how often the attack engine changes them.
 *
 * The engine keeps observations within [0, 1], so the sign of a feature that would leave it counts as 0, and A is that of these signs.
 * Source: arXiv 1711.02846; specs/logit-methods.md 2.1, 2.4.
 * @param setting stride: every so many-th row; epsilons in normalised units, absent: where the law says 0.5 to 5 %
 */
export async function estimateRobustness(
  policy: RecordedPolicy,
  {
    objective,
    stride,
    epsilons,
    seed,
  }: {
    readonly objective: EstimateObjective;
    readonly stride: number;
    readonly epsilons?: readonly number[];
    readonly seed: number;
  },
): Promise<RobustnessEstimate> {
  const { victim, features, response } = policy;
  const discrete = victim.head.kind === 'categorical';
  const k = response.outputs;
  const x = everyNth(policy.x, features.length, stride);
  const rows = x.length / features.length;
  const z = await logitsOf(response, x);
  const top = topOf(z, k);
  const s = await signs(response, x, top, objectives[objective]);
  for (let i = 0; i < s.length; i++) if ((x[i]! <= 0 && s[i]! < 0) || (x[i]! >= 1 && s[i]! > 0)) s[i] = 0;
  const v = await logitResponse(response, x, s);
  const a = prefactor(z, v, k);
  const shown = new Float32Array(x.length);
  const share = (changed: ArrayLike<number>): number =>
    Array.from(changed).reduce((sum, value) => sum + value, 0) / rows;
  const points: EstimatedPoint[] = [];
  for (const epsilon of epsilons ?? usualErrors.map((error) => error / a.value)) {
    const attacked = (spec: Omit<AttackSpec, 'threat'>): Uint8Array =>
      chunkAttack(features, victim, { ...spec, threat: { epsilon } }, seed)(x, { first: 0, count: rows, stride: 1 })
        .success;
    signStep(x, s, epsilon, shown);
    for (let i = 0; i < shown.length; i++) shown[i] = Math.min(1, Math.max(0, shown[i]!));
    const own = topOf(await logitsOf(response, shown), k).map((bin, row) => (bin === top[row] ? 0 : 1));
    const engine = discrete ? attacked({ name: 'fgsm', config: { objective } }) : null;
    points.push({
      epsilon,
      law: a.value * epsilon,
      predicted: errorsOf(linearLogits(z, v, epsilon), top, k, 1)[0]!,
      own: share(own),
      engine: engine === null ? null : share(engine),
      same: engine === null ? null : share(own.map((changed, row) => (changed === engine[row] ? 1 : 0))),
      pgd: discrete ? share(attacked({ name: 'pgd', config: { steps: pgdSteps } })) : null,
    });
  }
  return { rows, prefactor: a, points };
}

/** Place of the largest logit of every row. @param z [N×K]  @returns [N] */
function topOf(z: Float32Array, k: number): Int32Array {
  return Int32Array.from({ length: z.length / k }, (_, row) => argMax(z, row * k, k));
}

/** Every nth row, so that all seasons are there. */
function everyNth(x: Float32Array, size: number, stride: number): Float32Array {
  const rows = Math.ceil(x.length / size / stride);
  const out = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) out.set(x.subarray(row * stride * size, (row * stride + 1) * size), row * size);
  return out;
}
