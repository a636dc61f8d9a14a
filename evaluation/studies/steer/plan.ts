import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { cell, usual } from './cell.ts';
import type { Difficulty, Task } from './cell.ts';
import { samplingGrid, steerGrid } from './decoders.ts';
import type { Decoder } from './decoders.ts';
import type { DomainName } from './domains.ts';
import type { TrainingSize } from './models.ts';

/** γ that the specification's criteria are about. */
export const gammas = [0, 0.5, 1, 1.5, 2];
/** The mask's ρ beside 0, the published setting. */
export const mask = 0.05;

const searches: readonly Decoder[] = [{ kind: 'beam search' }, { kind: 'contrastive search' }];

/** STEER and sampling with as many trials each; then what is no trial. */
export const demonstration: readonly Decoder[] = [
  ...steerGrid(gammas, [0, 0.3, 0.6], [0, mask]),
  ...samplingGrid([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2]),
  { kind: 'steer', setting: { gamma: 1.5, eta: 1, rho: 0 } },
  ...[0.3, 0.6].map((eta) => ({
    kind: 'steer' as const,
    setting: { gamma: 1.5, eta, rho: mask },
    negatives: 0,
  })),
];

/** The same for a task of generation, with the paper's baselines. */
export const generation: readonly Decoder[] = [
  ...steerGrid([0, 0.5, 1.5], [0, 0.3, 0.6], [0, mask]),
  ...samplingGrid([0.2, 0.35, 0.5, 0.65, 0.8, 1]),
  ...searches,
];

/** What shows how the demonstration depends on its difficulty. */
const few: readonly Decoder[] = [
  ...samplingGrid([0.3, 0.5, 1]).filter(({ cut }) => cut === 'top-10'),
  ...steerGrid([1.5], [0, 0.3], [mask]),
];

/** One parameter of the difficulty at a time, on both sides of the usual. */
export const difficulties: readonly { readonly name: string; readonly change: Partial<Difficulty> }[] = [
  { name: 'leak 0.3', change: { leak: 0.3 } },
  { name: 'leak 0.8', change: { leak: 0.8 } },
  { name: 'coherence 0.25', change: { coherence: 0.25 } },
  { name: 'coherence 0.625', change: { coherence: 0.625 } },
  { name: 'examples 50', change: { examples: 50 } },
  { name: 'examples 500', change: { examples: 500 } },
];

/** Tasks of generation, each compared with real texts. */
export function generationTasks({ quick }: Pick<StudyOptions, 'quick'>): readonly DomainName[] {
  return quick ? ['scenarios'] : ['scenarios', 'alarms', 'tickets'];
}

/** The demonstration's task; the others go by the names of their domains. */
export const demonstrated = 'demonstration';

/** Parts of the study that can be done alone (`--only`), and what a cell of each does. */
const parts: Readonly<Record<string, (options: StudyOptions) => readonly Task[]>> = {
  demonstration: ({ quick }) => [
    {
      id: demonstrated,
      domain: 'attacks',
      difficulty: usual,
      decoders: demonstration,
      count: quick ? 192 : 256,
      compared: false,
    },
  ],
  generation: (options) =>
    generationTasks(options).map((domain) => ({
      id: domain,
      domain,
      difficulty: usual,
      decoders: generation,
      count: 128,
      compared: true,
    })),
  difficulty: ({ quick }) =>
    (quick ? [] : difficulties).map(({ name, change }) => ({
      id: name,
      domain: 'attacks',
      difficulty: { ...usual, ...change },
      decoders: few,
      count: 256,
      compared: false,
    })),
};

/** The parts that were asked for and have something to do. */
export function partsOf(options: StudyOptions): readonly string[] {
  const { only } = options;
  return Object.keys(parts).filter(
    (name) => (only === undefined || only.includes(name)) && parts[name]!(options).length > 0,
  );
}

/** Seeds on which hyperparameters are chosen; no claim reads them. */
export const validationSeeds = [1000, 1001] as const;

export function validationOf({ quick }: Pick<StudyOptions, 'quick'>): readonly number[] {
  return quick ? validationSeeds.slice(0, 1) : validationSeeds;
}

/** A cell for every part and seed, with a world, a base and experts of its own; the same seed has the same world and base in all parts. */
export function plan(options: StudyOptions): StudyPlan {
  const size: TrainingSize = { baseSteps: options.quick ? 500 : 700, expertSteps: 200 };
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  return {
    trainings: [],
    runs: [],
    cells: partsOf(options).flatMap((part) =>
      [...(part === 'difficulty' ? [] : validationOf(options)), ...seeds].map((seed): StudyCell => ({
        id: cellId(part, seed),
        title: `${part}, seed ${seed}`,
        run: (progress) => cell(seed, parts[part]!(options), size, progress),
      })),
    ),
  };
}

export function cellId(part: string, seed: number): string {
  return `${part}-${validationSeeds.some((one) => one === seed) ? 'validation-' : ''}seed${seed}`;
}
