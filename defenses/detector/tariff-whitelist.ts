import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { ConfigError } from '../../core/errors.ts';
import { define } from './define.ts';
import { observed, observedWhere } from './observed.ts';

const name = 'tariff-whitelist';
const config = z.strictObject({
  features: z.array(z.string().min(1)).optional().meta({
    title: 'Features',
    description: 'Features that take few values; empty: the prices, now and to come.',
  }),
  most: z
    .int()
    .min(1)
    .default(32)
    .meta({ title: 'Most levels', description: 'A feature with more values has no list.' }),
});

/**
 * How far prices are from the tariff: `Σ_j min_l |x_j − level_l|`, normalised units. The levels are those of the clean rows, exactly.
 * Source: specs/bifurcation.md 7.4: in every recorded row of a "stealthy" run a price is off the tariff.
 */
export const tariffWhitelist = define(
  'Prices that the tariff does not have',
  'specs/bifurcation.md 7.4',
  config,
  ({ features: wanted, most }): Detector => ({
    fit({ features, observation, learn, steps }) {
      const size = features.length;
      const columns =
        wanted?.map((feature) => observed(features, feature, name)) ??
        observedWhere(features, (feature) => feature.startsWith('electricity_pricing'), 'prices', name);
      const levels = columns.map((j) => {
        const found = new Set<number>();
        for (let t = 0; t < steps; t++) if (learn[t] === 1) found.add(observation[t * size + j]!);
        if (found.size === 0 || found.size > most)
          throw new ConfigError(
            `detector '${name}': '${features[j]!.name}' has ${found.size} values on clean rows, expected 1 … ${most}`,
          );
        return Float32Array.from(found).sort();
      });
      return {
        watch: () => ({
          score(x, at, gradient, gradientAt = 0) {
            gradient?.fill(0, gradientAt, gradientAt + size);
            let score = 0;
            columns.forEach((j, c) => {
              let away = Number.POSITIVE_INFINITY;
              for (const level of levels[c]!) {
                const distance = x[at + j]! - level;
                if (Math.abs(distance) < Math.abs(away)) away = distance;
              }
              score += Math.abs(away);
              if (gradient !== undefined) gradient[gradientAt + j] = Math.sign(away);
            });
            return score;
          },
          push() {},
        }),
      };
    },
  }),
);
