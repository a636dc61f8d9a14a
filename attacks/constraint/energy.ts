import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { toPhysical } from '../../core/space.ts';
import type { Intervals } from './intervals.ts';
import type { Moment, Rule, Setting } from './rule.ts';
import { span } from './selection.ts';

export const energyConfig = z.strictObject({
  tolerance: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.1)
    .meta({ title: 'Tolerance', description: 'kWh by which the balance may be off.' }),
});

const net = 'net_electricity_consumption';
/** What adds up to the net consumption, with its sign; what a building does not observe is left out. */
const terms: readonly (readonly [string, number])[] = [
  [net, 1],
  ['non_shiftable_load', -1],
  ['solar_generation', 1],
  ['cooling_electricity_consumption', -1],
  ['heating_electricity_consumption', -1],
  ['dhw_electricity_consumption', -1],
  ['electrical_storage_electricity_consumption', -1],
];
const meteredBattery = 'electrical_storage_electricity_consumption';

/** Whether the balance can be drawn up: net and load are observed, and the battery's share is known. */
export function isBalanced({ features, plant }: Setting): boolean {
  const observed = (name: string): boolean => features.some((feature) => feature.name === name);
  return observed(net) && observed('non_shiftable_load') && (plant !== undefined || observed(meteredBattery));
}

/**
 * `min(−τ, e) ≤ net' − (load' + devices' − solar' + battery) ≤ max(τ, e)`, kWh, e being what the true numbers miss the balance by (devices
 * that are not observed). The battery's share is observed, or what the battery model gives for the state of charge shown last and the
 * action taken. A band across the row's box; its nearest points are `clamp(v − λw)` with the λ that reaches its edge.
 */
export function energyRule({ tolerance }: z.output<typeof energyConfig>, { features, plant, threat }: Setting): Rule {
  const observed = terms.flatMap(([name, sign]) => {
    const j = features.findIndex((feature) => feature.name === name);
    return j < 0 ? [] : [{ j, sign, weight: sign * span(features[j]!) }];
  });
  const metered = features.some(({ name }) => name === meteredBattery);
  for (const name of [net, 'non_shiftable_load'])
    if (!features.some((feature) => feature.name === name))
      throw new ConfigError(`constraint energy: '${name}' is not observed`, {
        place: { path: '/threat/constraints/energy' },
      });
  if (!isBalanced({ features, plant, threat }))
    throw new ConfigError('constraint energy: the battery is not known here, nor is its consumption observed', {
      place: { path: '/threat/constraints/energy' },
    });
  const constant = observed.reduce((sum, { j, sign }) => sum + sign * features[j]!.low, 0);
  /** kWh that rounding to float32 may shift the balance by. */
  const margin = observed.reduce((sum, { weight }) => sum + Math.abs(weight), 0) * 2 ** -23 + 1e-9;
  /** [rows] the band of `Σ weight · x'`, normalised numbers. */
  let lowest = new Float64Array(0);
  let highest = lowest;
  let room = new Uint8Array(0);
  let intervals: Intervals | undefined;

  const weighed = (values: ArrayLike<number>, at: number): number => {
    let sum = constant;
    for (let k = 0; k < observed.length; k++) sum += observed[k]!.weight * values[at + observed[k]!.j]!;
    return sum;
  };
  /** `Σ weight · clamp(v − λ·weight)`. */
  const shifted = (point: Float32Array | Float64Array, p: number, i: number, lambda: number): number => {
    let sum = constant;
    for (let k = 0; k < observed.length; k++) {
      const { j, weight } = observed[k]!;
      const value = point[p + j]! - lambda * weight;
      sum += weight * Math.min(Math.max(value, intervals!.lower[i + j]!), intervals!.upper[i + j]!);
    }
    return sum;
  };
  const batteryOf = ({ battery }: Moment, row: number, of: 'energy' | 'trueEnergy'): number =>
    metered || battery.known[row] !== 1 ? 0 : battery[of][row]!;

  return {
    phase: 'part',
    lag: metered ? 0 : 1,
    battery: !metered,
    narrow(now, row, i, ends) {
      const { x } = now;
      intervals = ends;
      if (lowest.length * features.length !== x.length) {
        const rows = x.length / features.length;
        lowest = new Float64Array(rows);
        highest = new Float64Array(rows);
        room = new Uint8Array(rows);
      }
      const error = weighed(x, i) - batteryOf(now, row, 'trueEnergy');
      const share = batteryOf(now, row, 'energy');
      lowest[row] = share + Math.min(-tolerance, error);
      highest[row] = share + Math.max(tolerance, error);
      let low = constant;
      let high = constant;
      for (let k = 0; k < observed.length; k++) {
        const { j, weight } = observed[k]!;
        const one = weight * ends.lower[i + j]!;
        const other = weight * ends.upper[i + j]!;
        low += Math.min(one, other);
        high += Math.max(one, other);
      }
      room[row] = high - low > 2 * margin ? 1 : 0;
      if (low > highest[row]! + margin || high < lowest[row]! - margin) {
        ends.giveWay(row);
        lowest[row] = Math.min(lowest[row]!, high);
        highest[row] = Math.max(highest[row]!, low);
      }
    },
    part: {
      features: observed.map(({ j }) => j),
      inBox: true,
      project(point, p, i) {
        const row = i / features.length;
        const at = shifted(point, p, i, 0);
        const aim = at > highest[row]! + margin ? highest[row]! : at < lowest[row]! - margin ? lowest[row]! : at;
        const lambda = aim === at ? 0 : multiplier(point, p, i, aim, at > aim ? 1 : -1);
        for (let k = 0; k < observed.length; k++) {
          const { j, weight } = observed[k]!;
          const value = point[p + j]! - lambda * weight;
          point[p + j] = Math.min(Math.max(value, intervals!.lower[i + j]!), intervals!.upper[i + j]!);
        }
      },
    },
    broken(now, row, i, out) {
      const balance = (values: Float32Array): number =>
        observed.reduce((sum, { j, sign }) => sum + sign * toPhysical(features[j]!, values[i + j]!), 0);
      const error = balance(now.x) - batteryOf(now, row, 'trueEnergy');
      const shown = balance(out) - batteryOf(now, row, 'energy');
      const inside =
        shown >= Math.min(-tolerance, error) - 2 * margin && shown <= Math.max(tolerance, error) + 2 * margin;
      return inside ? -1 : observed[0]!.j;
    },
    stopped(row, i, out) {
      const at = weighed(out, i);
      return room[row] === 1 && (at <= lowest[row]! + 2 * margin || at >= highest[row]! - 2 * margin);
    },
  };

  /** The λ, of this sign, at which `shifted` is `aim`; it falls as λ grows. */
  function multiplier(point: Float32Array | Float64Array, p: number, i: number, aim: number, sign: 1 | -1): number {
    let near = 0;
    let far = sign * 1e-6;
    while (sign * (shifted(point, p, i, far) - aim) > 0 && Math.abs(far) < 1e12) {
      near = far;
      far *= 8;
    }
    for (let k = 0; k < 60; k++) {
      const middle = 0.5 * (near + far);
      if (sign * (shifted(point, p, i, middle) - aim) > 0) near = middle;
      else far = middle;
    }
    return far;
  }
}
