import type { DamageName } from '../../attacks/plan/damage.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { referenceVictim } from './reference-victim.ts';
import { threatOf } from './threat.ts';
import { paperBattery, toyDay } from './toy-plant.ts';

/** A controller that is linear in what it sees: charges where there is sun, gives where there is load, keeps to the middle. */
export const linearWeights = [-0.5, -0.9, 0.15];
const weights = linearWeights;
const bias = 0.5;
const epsilon = [0.2, 0.2, 0.1];
const most = 5 / 6.4;
export const linearVictim: GradientAccess = referenceVictim(
  { weights: [weights.map((weight) => [weight])], biases: [[bias]] },
  { kind: 'deterministic', low: [-most], high: [most] },
);
export const toyThreat = threatOf(epsilon, -10, 10);
const radius = weights.reduce((sum, weight, j) => sum + Math.abs(weight) * epsilon[j]!, 0);
const [base, price, carbon] = toyDay();
const clip = (action: number): number => Math.min(most, Math.max(-most, action));
/** What the controller does by itself, and the ends of what it can be brought to: exact, it being linear. */
const own = (t: number, soc: number, net: number): number =>
  weights[0]! * soc + (weights[1]! * (net + 6)) / 18 + (weights[2]! * (t % 24)) / 24 + bias;

/**
 * The optimum over reachable intervals by backward value iteration on a fine grid of (charge, consumption of the hour before), values
 * between grid points interpolated. The efficiency of the hour before follows from what was drawn in it.
 */
export function dayOptimum(damage: DamageName): number {
  const socs = 81;
  const nets = 41;
  const choices = 21;
  const drawnAt = (n: number): number => -5 + (10 * n) / (nets - 1);

  let value = new Float64Array(socs * nets);
  const read = (values: Float64Array, soc: number, drawn: number): number => {
    const s = Math.min(socs - 1.000001, Math.max(0, soc * (socs - 1)));
    const n = Math.min(nets - 1.000001, Math.max(0, ((drawn + 5) / 10) * (nets - 1)));
    const [i, j] = [Math.floor(s), Math.floor(n)];
    const [p, q] = [s - i, n - j];
    const at = (a: number, b: number): number => values[a * nets + b]!;
    return (1 - p) * ((1 - q) * at(i, j) + q * at(i, j + 1)) + p * ((1 - q) * at(i + 1, j) + q * at(i + 1, j + 1));
  };
  const best = (t: number, soc: number, drawn: number, last: number): number => {
    const net = base[t]! + drawn;
    const middle = own(t, soc, net);
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < choices; c++) {
      const action = clip(middle - radius + (2 * radius * c) / (choices - 1));
      const [next, taken] = paperBattery(soc, last, action);
      const after = base[t + 1]! + taken;
      const gain =
        damage === 'ramping'
          ? Math.abs(after - net)
          : Math.max(0, after) * (damage === 'cost' ? price[t + 1]! : damage === 'carbon' ? carbon[t + 1]! : 1);
      most = Math.max(most, gain + read(value, next, taken));
    }
    return most;
  };
  for (let t = 23; t > 0; t--) {
    const now = new Float64Array(socs * nets);
    for (let s = 0; s < socs; s++)
      for (let n = 0; n < nets; n++) now[s * nets + n] = best(t, s / (socs - 1), drawnAt(n), efficiency(drawnAt(n)));
    value = now;
  }
  return best(0, 0.4, 0, 0.9);
}

/** Efficiency of an hour in which so much was drawn, specs/bifurcation.md 1.2. */
function efficiency(drawn: number): number {
  const share = Math.abs(drawn) / 5;
  if (share <= 0.3) return 0.83;
  if (share <= 0.7) return 0.83 + ((share - 0.3) / 0.4) * 0.07;
  return share <= 0.8 ? 0.9 : 0.9 - ((share - 0.8) / 0.2) * 0.05;
}
