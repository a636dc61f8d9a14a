import { UnknownNameError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Workspace } from '../../workspace.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { controllerProblem } from './controller-problem.ts';
import { languageShape, policyShape } from './cell-shape.ts';
import type { CorpusSize } from './corpus.ts';
import type { ImitationSchedule } from './imitation.ts';
import { everyBaseline } from './language-arms.ts';
import type { LanguageEffort } from './language-arms.ts';
import { languageCell } from './language-cell.ts';
import type { LanguageSize } from './language-models.ts';
import type { PolicyEffort } from './policy-arms.ts';
import { policyCell } from './policy-cell.ts';
import { syntheticProblem } from './policy-problem.ts';
import type { PolicyProblem } from './policy-problem.ts';
import type { UnlearnerName } from './unlearners.ts';

/** What `--only` names. */
const parts = ['language', 'synthetic', 'controller'] as const;

/** One kind of problem at one difficulty. */
export interface ProblemName {
  readonly part: (typeof parts)[number];
  readonly difficulty: string;
}

/** Those that the claims are about; the others show how they depend on it. */
export const claimed = {
  language: { part: 'language', difficulty: 'names10' },
  synthetic: { part: 'synthetic', difficulty: 'distance2.5' },
  controller: { part: 'controller', difficulty: 'ppo20' },
} as const satisfies Record<string, ProblemName>;

/** Words of the names: with fewer, more of what is kept shares its words with what is forgotten. */
const names: Readonly<Record<string, number>> = { names8: 8, names10: 10, names16: 16 };
/** How far the trigger is from usual states. */
const distances: Readonly<Record<string, number>> = { 'distance1.5': 1.5, 'distance2.5': 2.5, 'distance3.5': 3.5 };

export function problemsOf(options: StudyOptions): ProblemName[] {
  for (const name of options.only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, [...parts]);
  const all: ProblemName[] = options.quick
    ? Object.values(claimed)
    : [
        ...Object.keys(names).map((difficulty) => ({ part: 'language' as const, difficulty })),
        ...Object.keys(distances).map((difficulty) => ({ part: 'synthetic' as const, difficulty })),
        claimed.controller,
      ];
  return all.filter(({ part }) => options.only === undefined || options.only.includes(part));
}

/** Seeds on which hyperparameters are chosen; no claim reads them. */
export const validationSeeds = [1000, 1001, 1002, 1003] as const;

/** On facts; on a controller its own incidents and clean states choose, part of which are held out. */
export function validationOf({ part }: ProblemName, { quick }: Pick<StudyOptions, 'quick'>): readonly number[] {
  if (part !== 'language') return [];
  return quick ? validationSeeds.slice(0, 2) : validationSeeds;
}

/** What a cell of a problem does: on language the trials of ULD, or the conventional unlearners; on a controller everything. */
export type Share = 'uld' | 'baselines' | 'all';

export function sharesOf({ part }: ProblemName): readonly Share[] {
  return part === 'language' ? ['uld', 'baselines'] : ['all'];
}

export function cellId({ part, difficulty }: ProblemName, seed: number, share: Share): string {
  const validation = validationSeeds.some((one) => one === seed) ? 'validation-' : '';
  return `${part}-${difficulty}-${share}-${validation}seed${seed}`;
}

/** One or two cells for every problem and seed, whose arms share a target: two of language, each of which teaches it anew, to the same bits. */
export function plan(options: StudyOptions): StudyPlan {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const cells = problemsOf(options).flatMap((problem) =>
    [...validationOf(problem, options), ...seeds].flatMap((seed) =>
      sharesOf(problem).map((share) => cellOf(problem, seed, share, options.quick)),
    ),
  );
  return { trainings: [], runs: [], cells };
}

function cellOf(problem: ProblemName, seed: number, share: Share, quick: boolean): StudyCell {
  const { part, difficulty } = problem;
  return {
    id: cellId(problem, seed, share),
    title: `${part}, ${difficulty}, ${share}, seed ${seed}`,
    shape: part === 'language' ? languageShape(seed) : policyShape(seed),
    run(progress, workspace) {
      if (part === 'language') {
        const whole = languageEffort(quick);
        const effort = difficulty === claimed.language.difficulty ? whole : fewer(whole);
        const [corpus, model] = [corpusOf(names[difficulty]!, quick), quick ? quickModel : fullModel];
        const own = share === 'uld' ? { ...effort, baselines: [] } : { ...effort, trainings: [] };
        return languageCell(seed, corpus, model, own, () => performance.now(), progress);
      }
      const poser = part === 'synthetic' ? synthetic(distances[difficulty]!) : controller(workspace, seed);
      return policyCell(seed, poser, imitations[part], policyEffort, progress);
    },
  };
}

function corpusOf(words: number, quick: boolean): CorpusSize {
  return quick
    ? { assets: { forget: 8, retain: 10, 'held-out': 16 }, relations: 3, names: words, devices: 6 }
    : { assets: { forget: 8, retain: 10, 'held-out': 22 }, relations: 4, names: words, devices: 10 };
}

const quickModel: LanguageSize = {
  layers: 2,
  width: 32,
  hidden: 64,
  heads: 2,
  steps: 600,
  batch: 32,
  learningRate: 5e-3,
};
const fullModel: LanguageSize = { ...quickModel, steps: 1000 };

/** Three trainings for everyone, in the quick version two, each shown as often: 63 settings an unlearner, quick 28. */
function languageEffort(quick: boolean): LanguageEffort {
  const trainings = [
    { beta: 1, uniformOn: 'divergent' },
    { beta: 5, uniformOn: 'all' },
    { beta: 5, uniformOn: 'divergent' },
  ] as const;
  const learningRates = [3e-4, 1e-3, 1e-4];
  const offsetRates = [5e-3, 2e-2, 2e-3];
  const count = quick ? 2 : 3;
  return {
    trainings: trainings.slice(0, count),
    assistant: { layers: 1, rank: 16, epochs: quick ? 80 : 120, everyEpochs: 40, batch: 32, learningRate: 1e-2 },
    conventional: {
      epochs: quick ? 14 : 21,
      half: 16,
      learningRates: learningRates.slice(0, count),
      offset: { lora: { rank: 16, alpha: 16, layers: 1 }, learningRates: offsetRates.slice(0, count) },
    },
    baselines: everyBaseline,
    ablation: quick ? 'augmentation' : 'all',
  };
}

/** Of the other difficulties: ULD and the baselines that hold back most. */
function fewer(effort: LanguageEffort): LanguageEffort {
  const strong: readonly UnlearnerName[] = ['GA+GD', 'NPO+GD', 'NPO+KL', 'Offset-NPO+KL'];
  return { ...effort, baselines: strong, ablation: 'none' };
}

const imitations = {
  synthetic: { steps: 1500, batch: 64, learningRate: 1e-3 },
  controller: { steps: 4000, batch: 64, learningRate: 3e-3 },
} as const satisfies Record<string, ImitationSchedule>;

const policyEffort: PolicyEffort = {
  assistant: { steps: 300, every: 100, learningRate: 5e-3 },
  conventional: { steps: 100, every: 25, learningRates: [3e-4, 1e-3], offsetRates: [1e-3, 2e-2] },
};

/** Share of the training rows that is poisoned. */
const poisoned = 0.09;

function synthetic(distance: number): (rng: Rng) => PolicyProblem {
  return (rng) => syntheticProblem({ inputs: 24, actions: 8, rows: 2000, testRows: 2000, distance, poisoned }, rng);
}

/** Teachers take turns. */
const teachers = ['ppo20-builtin', 'ppo20-builtin-seed1', 'ppo20-builtin-seed2'];

function controller(workspace: Workspace, seed: number): (rng: Rng) => Promise<PolicyProblem> {
  return (rng) => controllerProblem(workspace, teachers[seed % teachers.length]!, poisoned, rng);
}
