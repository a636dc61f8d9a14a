import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { define } from './define.ts';
import { observed } from './observed.ts';
import { piecewiseLinear } from './piecewise-linear.ts';

const name = 'energy-balance';
const bins = 64;

/**
 * What the meter says against load, PV and the battery: `|net − (load − pv) − b(ΔSOC)|`, kWh, where b is what a change of the state of charge
 * has cost so far, learnt from clean rows as straight lines. Source: specs/attacks-and-defenses.md 2.16.
 */
export const energyBalance = define(
  'Energy balance of meter, load, PV and battery',
  'specs/attacks-and-defenses.md 2.16',
  z.strictObject({}),
  (): Detector => ({
    fit({ features, observation, learn, steps }) {
      const size = features.length;
      const net = observed(features, 'net_electricity_consumption', name);
      const load = observed(features, 'non_shiftable_load', name);
      const solar = observed(features, 'solar_generation', name);
      const soc = observed(features, 'electrical_storage_soc', name);
      const span = (j: number): number => features[j]!.high - features[j]!.low;
      const physical = (x: Float32Array, at: number, j: number): number => features[j]!.low + x[at + j]! * span(j);
      const surplus = (x: Float32Array, at: number): number =>
        physical(x, at, net) - physical(x, at, load) + physical(x, at, solar);
      const changes: number[] = [];
      const costs: number[] = [];
      for (let t = 1; t < steps; t++) {
        if (learn[t] === 0) continue;
        changes.push(physical(observation, t * size, soc) - physical(observation, (t - 1) * size, soc));
        costs.push(surplus(observation, t * size));
      }
      const battery = piecewiseLinear(changes, costs, bins);
      return {
        watch() {
          let last = Number.NaN;
          return {
            score(x, at, gradient, gradientAt = 0) {
              gradient?.fill(0, gradientAt, gradientAt + size);
              if (Number.isNaN(last)) return 0;
              const change = physical(x, at, soc) - last;
              const rest = surplus(x, at) - battery.at(change);
              if (gradient !== undefined) {
                const sign = Math.sign(rest);
                gradient[gradientAt + net]! += sign * span(net);
                gradient[gradientAt + load]! -= sign * span(load);
                gradient[gradientAt + solar]! += sign * span(solar);
                gradient[gradientAt + soc]! -= sign * battery.slope(change) * span(soc);
              }
              return Math.abs(rest);
            },
            push(x, at) {
              last = physical(x, at, soc);
            },
          };
        },
      };
    },
  }),
);
