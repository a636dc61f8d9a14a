import { lineFit } from '../../../logits/preference/line-fit.ts';
import type { LineFit } from '../../../logits/preference/line-fit.ts';
import { meanOf } from './mean.ts';
import type { DecisionPolicy } from '../../../logits/preference/decision-policy.ts';
import type { Bandit } from './bandit.ts';

/** What a policy is worth on contexts that it has not seen; exact, since K is finite. */
export interface Worth {
  /** E r* */
  readonly utility: number;
  /** KL(π ‖ π_ref) */
  readonly kl: number;
  /** `J = E r* − β KL` */
  readonly j: number;
  /** TV(π, π*), `π* ∝ π_ref exp(r* / β)` */
  readonly tv: number;
}

/** ln π [N×K] of contexts. */
export function logPolicy(
  { network }: Pick<DecisionPolicy<never>, 'network'>,
  contexts: readonly Float32Array[],
): Float64Array {
  const k = network.outputs;
  const x = new Float32Array(contexts.length * network.inputs);
  for (const [n, context] of contexts.entries()) x.set(context, n * network.inputs);
  const z = new Float32Array(contexts.length * k);
  network.forward(x, contexts.length, z);
  const out = Float64Array.from(z);
  for (let n = 0; n < contexts.length; n++) normalise(out.subarray(n * k, (n + 1) * k));
  return out;
}

/** z − ln Σ exp z, in place. */
function normalise(z: Float64Array): void {
  const max = Math.max(...z);
  const lse = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
  for (let k = 0; k < z.length; k++) z[k]! -= lse;
}

export function worth(
  { reference, utilities, difficulty: { beta, actions: k } }: Bandit,
  policy: Pick<DecisionPolicy<never>, 'network'>,
  contexts: readonly Float32Array[],
): Worth {
  const [own, base] = [logPolicy(policy, contexts), logPolicy(reference, contexts)];
  const rows = contexts.map((x, n) => {
    const r = utilities(x);
    const optimum = Float64Array.from(r, (value, a) => base[n * k + a]! + value / beta);
    normalise(optimum);
    let [utility, kl, tv] = [0, 0, 0];
    for (let a = 0; a < k; a++) {
      const logP = own[n * k + a]!;
      const p = Math.exp(logP);
      utility += p * r[a]!;
      kl += p === 0 ? 0 : p * (logP - base[n * k + a]!);
      tv += Math.abs(p - Math.exp(optimum[a]!)) / 2;
    }
    return { utility, kl, tv };
  });
  const utility = meanOf(rows.map((row) => row.utility));
  const kl = meanOf(rows.map((row) => row.kl));
  return { utility, kl, j: utility - beta * kl, tv: meanOf(rows.map((row) => row.tv)) };
}

/** The best there is: `J* = β mean ln Σ_a π_ref exp(r* / β)`. */
export function optimum(
  { reference, utilities, difficulty: { beta, actions: k } }: Bandit,
  contexts: readonly Float32Array[],
): number {
  const base = logPolicy(reference, contexts);
  return meanOf(
    contexts.map((x, n) => {
      const z = utilities(x).map((value, a) => base[n * k + a]! + value / beta);
      const max = Math.max(...z);
      return beta * (max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0)));
    }),
  );
}

/** Least squares of Δr_θ on Δr* over two actions a context, drawn by the reference; pairs of one action say nothing. @param beta of Δr_θ */
export function rewardFit(
  { utilities, reference, difficulty: { actions: k } }: Bandit,
  policy: Pick<DecisionPolicy<never>, 'network'>,
  contexts: readonly Float32Array[],
  pairs: readonly (readonly [number, number])[],
  beta: number,
): LineFit {
  const [own, base] = [logPolicy(policy, contexts), logPolicy(reference, contexts)];
  const points = contexts.flatMap((context, n) => {
    const [a, b] = pairs[n]!;
    if (a === b) return [];
    const reward = (action: number): number => beta * (own[n * k + action]! - base[n * k + action]!);
    const r = utilities(context);
    return [{ x: r[a]! - r[b]!, y: reward(a) - reward(b) }];
  });
  return lineFit(
    points.map(({ x }) => x),
    points.map(({ y }) => y),
  );
}
