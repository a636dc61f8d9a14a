import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { balanceMeters, linearMeterSchema, residualMap } from '../../core/linear-estimator.ts';
import { define } from './define.ts';
import { observed } from './observed.ts';
import { piecewiseLinear } from './piecewise-linear.ts';
import type { PiecewiseLinear } from './piecewise-linear.ts';

const name = 'state-estimator';
const config = z.strictObject({
  test: z
    .enum(['chi-square', 'largest-residual'])
    .default('chi-square')
    .meta({ title: 'Test', description: 'J, or the largest normalised residual.' }),
  meters: z
    .array(linearMeterSchema.required({ feature: true }))
    .min(1)
    .max(400)
    .optional()
    .meta({ title: 'Meters', description: "Rows of H; none: the building's main meter and the meters behind it." }),
});

const soc = 'electrical_storage_soc';
const bins = 64;
/** (I − QQ')_rr below it is a critical meter's. */
const critical = 1e-10;

/**
 * A weighted least squares estimate of what the meters behind a main meter measure, and its tests of bad data: `J = ‖S z − s₀‖²`, or `max |r|/√Ω`. s₀ is what clean rows leave over: a constant, or
 * where a battery is behind the meter and is not metered, straight lines of the change of its state of charge. What keeps to `a = H c` is not seen. Source: Abur and Expósito (2004), ch. 5; specs/grid.md 7
 */
export const stateEstimator = define(
  'Chi-square and largest normalised residual of aggregated meters',
  'specs/grid.md 7',
  config,
  ({ test, meters: named }): Detector => ({
    fit({ features, observation, learn, steps }) {
      const size = features.length;
      const meters = named ?? balanceMeters(features.map((feature) => feature.name));
      if (meters.length === 0)
        throw new ConfigError(
          `detector '${name}' reads net consumption and a meter behind it, which the policy does not observe`,
        );
      const place = meters.map(({ feature }) => observed(features, feature!, name));
      const { map, meters: m } = residualMap(meters, `detector '${name}'`);
      const battery = place.some((j) => features[j]!.name === 'electrical_storage_electricity_consumption')
        ? -1
        : features.findIndex((feature) => feature.name === soc);
      const span = (j: number): number => features[j]!.high - features[j]!.low;
      const physical = (x: Float32Array, at: number, j: number): number => features[j]!.low + x[at + j]! * span(j);
      const left = (x: Float32Array, at: number, r: number): number => {
        let sum = 0;
        for (let c = 0; c < m; c++) sum += map[r * m + c]! * physical(x, at, place[c]!);
        return sum;
      };
      const rows = Array.from({ length: steps }, (_, t) => t).filter((t) => t > 0 && learn[t] === 1);
      const change = (t: number): number =>
        battery < 0 ? 0 : physical(observation, t * size, battery) - physical(observation, (t - 1) * size, battery);
      const usual = Array.from({ length: m }, (_, r): PiecewiseLinear =>
        piecewiseLinear(
          rows.map(change),
          rows.map((t) => left(observation, t * size, r)),
          bins,
        ),
      );
      /** √(σ_r S_rr) of each meter; 0: critical */
      const scale = meters.map(({ sigma }, r) => {
        const share = sigma * map[r * m + r]!;
        return share < critical ? 0 : Math.sqrt(share);
      });
      const residual = new Float64Array(m);
      return {
        watch() {
          let last = Number.NaN;
          return {
            score(x, at, gradient, gradientAt = 0) {
              gradient?.fill(0, gradientAt, gradientAt + size);
              if (battery >= 0 && Number.isNaN(last)) return 0;
              const moved = battery < 0 ? 0 : physical(x, at, battery) - last;
              for (let r = 0; r < m; r++) residual[r] = left(x, at, r) - usual[r]!.at(moved);
              const weight = new Float64Array(m);
              let score = 0;
              if (test === 'chi-square')
                for (let r = 0; r < m; r++) {
                  score += residual[r]! ** 2;
                  weight[r] = 2 * residual[r]!;
                }
              else {
                let worst = -1;
                for (let r = 0; r < m; r++) {
                  const here = scale[r] === 0 ? 0 : Math.abs(residual[r]!) / scale[r]!;
                  if (here > score) [score, worst] = [here, r];
                }
                if (worst >= 0) weight[worst] = Math.sign(residual[worst]!) / scale[worst]!;
              }
              if (gradient === undefined) return score;
              for (let r = 0; r < m; r++) {
                if (weight[r] === 0) continue;
                for (let c = 0; c < m; c++)
                  gradient[gradientAt + place[c]!]! += weight[r]! * map[r * m + c]! * span(place[c]!);
                if (battery >= 0)
                  gradient[gradientAt + battery]! -= weight[r]! * usual[r]!.slope(moved) * span(battery);
              }
              return score;
            },
            push(x, at) {
              if (battery >= 0) last = physical(x, at, battery);
            },
          };
        },
      };
    },
  }),
);
