import { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import type { Detector, Watch } from '../../core/detector.ts';
import { define } from './define.ts';
import { energyBalance } from './energy-balance.ts';
import { forecastConsistency } from './forecast-consistency.ts';
import { mahalanobis } from './mahalanobis.ts';
import { nightIrradiance } from './night-irradiance.ts';
import { socBalance } from './soc-balance.ts';
import { tariffWhitelist } from './tariff-whitelist.ts';
import { zScore } from './z-score.ts';

/** Scores of one row that may be summed over rows. */
const residuals = {
  'energy-balance': energyBalance,
  'soc-balance': socBalance,
  'forecast-consistency': forecastConsistency,
  'tariff-whitelist': tariffWhitelist,
  'night-irradiance': nightIrradiance,
  mahalanobis,
  'z-score': zScore,
} satisfies Record<string, Definition<Detector>>;

type ResidualName = keyof typeof residuals;

const shared = {
  residual: z
    .enum(Object.keys(residuals) as [ResidualName, ...ResidualName[]])
    .default('energy-balance')
    .meta({ title: 'Residual', description: 'The detector whose scores are gathered.' }),
  options: z.record(z.string(), z.unknown()).default({}).meta({ title: 'Options', description: 'Of that detector.' }),
  least: z.number().positive().default(0.001).meta({
    title: 'Least deviation',
    description: 'The deviation of clean residuals counts as at least this, in their unit.',
  }),
};

/** How a sum of residuals goes on: from the sum so far and a standardised residual. */
interface Gathering {
  readonly next: (sum: number, residual: number) => number;
  /** d next / d residual */
  readonly slope: (sum: number, residual: number) => number;
}

/** Gathers the scores of another detector, standardised by its clean rows: `r ← (score − μ₀)/σ₀`. */
function gathered(
  { residual, options, least }: { residual: ResidualName; options: Record<string, unknown>; least: number },
  { next, slope }: Gathering,
): Detector {
  const inner = residuals[residual].make(options);
  return {
    fit(clean) {
      const fitted = inner.fit(clean);
      const size = clean.features.length;
      const watch = fitted.watch();
      let [sum, squares, count] = [0, 0, 0];
      for (let t = 0; t < clean.steps; t++) {
        if (clean.learn[t] === 1) {
          const score = watch.score(clean.observation, t * size);
          sum += score;
          squares += score * score;
          count++;
        }
        watch.push(clean.observation, t * size, clean.action, t * clean.actionSize);
      }
      const mean = sum / count;
      const deviation = Math.max(least, Math.sqrt(Math.max(0, squares / count - mean * mean)));
      return {
        watch(): Watch {
          const own = fitted.watch();
          let level = 0;
          return {
            score(x, at, gradient, gradientAt = 0) {
              const value = (own.score(x, at, gradient, gradientAt) - mean) / deviation;
              if (gradient !== undefined) {
                const factor = slope(level, value) / deviation;
                for (let j = gradientAt; j < gradientAt + size; j++) gradient[j]! *= factor;
              }
              return next(level, value);
            },
            push(x, at, action, actionAt) {
              level = next(level, (own.score(x, at) - mean) / deviation);
              own.push(x, at, action, actionAt);
            },
          };
        },
      };
    },
  };
}

/** `S ← min(cap, max(0, S + r − slack))`. Source: Page (1954), "Continuous Inspection Schemes". */
export const cusum = define(
  'CUSUM of a residual',
  'Page (1954), "Continuous Inspection Schemes"',
  z.strictObject({
    ...shared,
    slack: z.number().min(0).default(0.5).meta({
      title: 'Slack',
      description: 'What a residual may be above its mean, in deviations, before it adds to the sum.',
    }),
    cap: z.number().positive().default(1000).meta({
      title: 'Cap',
      description: 'The sum rises no further, so that it comes down again when an attack is over.',
    }),
  }),
  ({ slack, cap, ...rest }) =>
    gathered(rest, {
      next: (sum, residual) => Math.min(cap, Math.max(0, sum + residual - slack)),
      slope: (sum, residual) => (sum + residual > slack && sum + residual - slack < cap ? 1 : 0),
    }),
);

/** `S ← (1 − λ)·S + λ·r`. Source: Roberts (1959), "Control Chart Tests Based on Geometric Moving Averages". */
export const ewma = define(
  'EWMA of a residual',
  'Roberts (1959), "Control Chart Tests Based on Geometric Moving Averages"',
  z.strictObject({
    ...shared,
    weight: z.number().gt(0).lte(1).default(0.1).meta({ title: 'Weight', description: 'λ: of the newest residual.' }),
  }),
  ({ weight, ...rest }) =>
    gathered(rest, {
      next: (sum, residual) => (1 - weight) * sum + weight * residual,
      slope: () => weight,
    }),
);
