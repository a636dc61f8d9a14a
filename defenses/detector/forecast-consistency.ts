import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Feature } from '../../core/space.ts';
import { define } from './define.ts';

const name = 'forecast-consistency';
const config = z.strictObject({
  least: z
    .number()
    .positive()
    .default(0.001)
    .meta({ title: 'Least deviation', description: 'A deviation counts as at least this, normalised units.' }),
});

/** Column `now` at this step says of the same hour what column `told` said `lag` steps ago. */
interface Claim {
  readonly now: number;
  readonly told: number;
  readonly lag: number;
}

const horizons: Readonly<Record<string, number>> = { '1': 6, '2': 12, '3': 24, '6h': 6, '12h': 12, '24h': 24 };

function claims(features: readonly Feature[], stepsPerHour: number): readonly Claim[] {
  const columns = features.map((feature) => {
    const [, base, horizon] = /^(.*)_predicted_(\w+)$/.exec(feature.name) ?? [undefined, feature.name, ''];
    return { base, hours: horizons[horizon!] ?? 0 };
  });
  return columns.flatMap((now, j) =>
    columns.flatMap((before, k) =>
      before.base === now.base && before.hours > now.hours
        ? [{ now: j, told: k, lag: (before.hours - now.hours) * stepsPerHour }]
        : [],
    ),
  );
}

/**
 * What is observed against what was forecast, and forecasts against earlier ones: `Σ |x_j(t) − x_{j,+h}(t − h)| / max(sd, least)` over all
 * pairs of columns that speak of the same hour; deviations from clean rows, where forecasts may err. Source: specs/bifurcation.md 7.4.
 */
export const forecastConsistency = define(
  'Forecasts that do not come true',
  'specs/bifurcation.md 7.4',
  config,
  ({ least }): Detector => ({
    fit({ features, observation, learn, steps, stepsPerDay }) {
      const size = features.length;
      const kept = claims(features, stepsPerDay / 24);
      if (kept.length === 0)
        throw new ConfigError(`detector '${name}' reads forecasts ('…_predicted_6h'), and the policy observes none`);
      const depth = Math.max(...kept.map(({ lag }) => lag));
      const scale = kept.map(({ now, told, lag }) => {
        let [sum, count] = [0, 0];
        for (let t = lag; t < steps; t++) {
          if (learn[t] === 0) continue;
          sum += (observation[t * size + now]! - observation[(t - lag) * size + told]!) ** 2;
          count++;
        }
        return Math.max(least, Math.sqrt(sum / Math.max(1, count)));
      });
      return {
        watch() {
          const held = new Float32Array(depth * size);
          let seen = 0;
          return {
            score(x, at, gradient, gradientAt = 0) {
              gradient?.fill(0, gradientAt, gradientAt + size);
              let score = 0;
              for (let p = 0; p < kept.length; p++) {
                const { now, told, lag } = kept[p]!;
                if (seen < lag) continue;
                const rest = (x[at + now]! - held[((seen - lag) % depth) * size + told]!) / scale[p]!;
                score += Math.abs(rest);
                if (gradient !== undefined) gradient[gradientAt + now]! += Math.sign(rest) / scale[p]!;
              }
              return score;
            },
            push(x, at) {
              held.set(x.subarray(at, at + size), (seen % depth) * size);
              seen++;
            },
          };
        },
      };
    },
  }),
);
