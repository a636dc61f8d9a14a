import type { ThreatModel } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import type { Ask } from './reference-search.ts';

/*
 * ACG as the Adversarial Robustness Toolbox 1.16 runs it, from the pseudocode of specs/bifurcation.md 2.5, one row, L-inf, in plain float64:
 * once more, without code of attacks/. In ART a targeted loss f falls; `ask` gives what rises, so that f = −ask there, and f = ask otherwise.
 */
export function referenceAcgArt(run: {
  readonly ask: Ask;
  readonly x: Float32Array;
  readonly threat: ThreatModel;
  readonly victim: GradientAccess;
  readonly steps: number;
  readonly starts: number;
  /** In epsilons. */
  readonly etaFirst: number;
  readonly rng: Rng;
  readonly side?: -1 | 1;
}): number[] {
  const { ask, x, threat, victim, steps, starts, rng, side } = run;
  const epsilon = [...threat.epsilon];
  const sign = side === undefined ? 1 : -1;
  const f = (at: readonly number[]): number => sign * ask([[...at]]).value[0]!;
  const confined = (at: readonly number[]): number[] =>
    at.map((v, j) => {
      const inBox = Math.min(threat.high[j]!, Math.max(threat.low[j]!, v));
      return x[j]! + Math.min(epsilon[j]!, Math.max(-epsilon[j]!, inBox - x[j]!));
    });
  const sideOf = (at: ArrayLike<number>): number => {
    const action = new Float64Array(1);
    victim.decide(Float32Array.from(at), 1, action);
    return Math.sign(action[0]!);
  };
  const fools = (at: readonly number[]): boolean =>
    side === undefined ? sideOf(at) !== sideOf(x) : sideOf(at) === side;

  // ⌈w N⌉: 0, .22, w + max(w − w_before − .03, .06), …
  const shares = [0, 0.22];
  while (shares.at(-1)! + Math.max(shares.at(-1)! - shares.at(-2)! - 0.03, 0.06) <= 1)
    shares.push(shares.at(-1)! + Math.max(shares.at(-1)! - shares.at(-2)! - 0.03, 0.06));
  const checkpoints = shares.map((share) => Math.ceil(Number((share * steps).toFixed(9))));

  let adversarial: number[] = [...x];
  for (let start = 0; start < starts; start++) {
    if (fools(adversarial)) break;
    const random = confined(adversarial.map((v, j) => v + epsilon[j]! * (2 * rng.uniform() - 1)));
    let at = random;
    let eta = run.etaFirst;
    let before = { g: [] as number[], s: [] as number[] };
    let top = { f: 0, x: at, g: [] as number[], s: [] as number[] };
    let count = 0;
    let window = 0;
    let then = { eta: Number.NaN, f: Number.NaN };
    for (let k = 0; k < steps; k++) {
      // The gradient that climbs what `ask` gives: −∇f when targeted.
      let g = ask([at]).gradient[0]!;
      const s = g.slice();
      if (k > 0) {
        const change = g.map((v, j) => v - before.g[j]!);
        const over = g.reduce((sum, v, j) => sum + v * change[j]!, 0);
        const under = before.s.reduce((sum, v, j) => sum + v * change[j]!, 0) - 1.19e-7;
        for (let j = 0; j < s.length; j++) s[j]! += (over / under) * before.s[j]!;
      }
      const from = at;
      if (k > 0) g = s.map(Math.sign);
      at = confined(at.map((v, j) => v + eta * epsilon[j]! * (epsilon[j]! > 0 ? s[j]! : 0)));
      const loss = f(at);
      if (k === 0) {
        const first = f(from);
        before = { g, s: g };
        top = { f: Math.max(first, loss), x: loss >= first ? at : from, ...before };
        then = { eta, f: top.f };
        if (sign * loss > sign * first) count++;
        continue;
      }
      if (loss === 0) break;
      before = { g, s };
      if (sign * loss > sign * top.f) {
        top = { f: loss, x: at, ...before };
        count++;
      }
      if (k !== checkpoints[window + 1]) continue;
      const halves =
        count < 0.75 * (checkpoints[window + 1]! - checkpoints[window]!) || (eta === then.eta && top.f === then.f);
      window++;
      count = 0;
      then = { eta, f: top.f };
      if (!halves) continue;
      eta /= 2;
      at = top.x;
      before = { g: top.g, s: top.s };
    }
    adversarial = fools(at) ? at : random;
  }
  return adversarial;
}
