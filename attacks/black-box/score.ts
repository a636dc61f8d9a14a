import { z } from 'zod';
import { define } from '../define.ts';
import { objectiveOf } from '../objective/index.ts';
import { objectiveField, searchFields, stepSchedules, targetField } from '../options.ts';
import { targetOf } from '../target/index.ts';
import { learning } from '../target/learning.ts';
import { finiteDifference } from './finite-difference.ts';
import type { FiniteDifference } from './finite-difference.ts';
import type { RowSearch } from './lane.ts';
import { budgetFields, budgetOf } from './options.ts';
import { rowSearch } from './row-search.ts';
import { scoreOracle } from './score-oracle.ts';
import { square as squareSearch } from './square.ts';

const aimed = { objective: objectiveField(), target: targetField };

/** A search on scores, with what its target and objective need. */
function onScores(
  options: z.output<z.ZodObject<typeof aimed & ReturnType<typeof budgetFields>>>,
  search: (size: number) => RowSearch,
) {
  const objective = objectiveOf(options.objective);
  const target = targetOf(options.target);
  return {
    ...rowSearch(scoreOracle(objective, target), budgetOf(options), search),
    ...learning(target, objective),
  };
}

/** @param smoothing the default */
function estimateConfig(smoothing: number) {
  return z.strictObject({
    ...aimed,
    ...budgetFields(500),
    pairs: z
      .int()
      .min(1)
      .max(100_000)
      .default(3)
      .meta({ title: 'Pairs', description: 'Antithetic pairs per gradient estimate: two queries each.' }),
    smoothing: z
      .number()
      .positive()
      .max(1e3)
      .default(smoothing)
      .meta({ title: 'Smoothing', description: 'How far the points of a pair are from the iterate, in epsilons.' }),
    momentum: z
      .number()
      .min(0)
      .max(0.9999)
      .default(0.9)
      .meta({ title: 'Momentum', description: 'Share of the last estimate in the next.' }),
    step: z
      .enum(['sign', 'normalised'])
      .default('sign')
      .meta({ title: 'Step', description: 'Along the signs of the estimate, or along the estimate at length 1.' }),
    start: z
      .enum(['clean', 'random'])
      .default('random')
      .meta({ title: 'Start', description: 'At random, or at the clean point, where some objectives are flat.' }),
    schedule: searchFields.schedule,
    stepSize: searchFields.stepSize,
  });
}

function estimated(options: z.output<ReturnType<typeof estimateConfig>>, draw: FiniteDifference['draw']) {
  const { pairs, smoothing, momentum, step, start } = options;
  return onScores(
    options,
    finiteDifference({
      draw,
      pairs,
      smoothing,
      momentum,
      step,
      start,
      schedule: stepSchedules[options.schedule](options.stepSize),
    }),
  );
}

/** Gradients estimated from scores along Gaussian directions. */
export const nes = define(
  'Natural evolution strategies: gradients estimated from scores',
  'Ilyas, Engstrom, Athalye, Lin (2018), arXiv 1804.08598',
  estimateConfig(0.1),
  (options) => estimated(options, (rng) => rng.normal()),
);

/** Gradients estimated from scores along random signs. */
export const spsa = define(
  'Simultaneous perturbation: gradients estimated from scores',
  'Spall (1992); Uesato, O’Donoghue, van den Oord, Kohli (2018), arXiv 1802.05666',
  estimateConfig(0.1),
  (options) => estimated(options, (rng) => (rng.uniform() < 0.5 ? -1 : 1)),
);

/** Random search over blocks of features at the ends of the threat set. */
export const square = define(
  'Square attack: random search over blocks of features',
  'Andriushchenko, Croce, Flammarion, Hein (2020), arXiv 1912.00049, on vectors',
  z.strictObject({
    ...aimed,
    ...budgetFields(500),
    share: z
      .number()
      .positive()
      .max(1)
      .default(0.8)
      .meta({ title: 'Share', description: 'Of the features that the first proposals change; halved nine times.' }),
    blocks: z.enum(['coordinates', 'contiguous']).default('coordinates').meta({
      title: 'Blocks',
      description: 'Features anywhere, each with its own sign, or neighbours with one sign.',
    }),
  }),
  (options) => onScores(options, squareSearch(options.share, options.blocks)),
);
