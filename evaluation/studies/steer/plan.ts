import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { cellShape } from './cell-shape.ts';
import { cell } from './cell.ts';
import type { Task } from './cell.ts';
import { samplingGrid, steerGrid } from './decoders.ts';
import type { Decoder } from './decoders.ts';
import type { DomainName } from './domains.ts';
import { crowded, specified, usual } from './ground.ts';
import type { Ground, Lesson } from './ground.ts';

/** γ that the specification's criteria are about. */
export const gammas = [0, 0.5, 1, 1.5, 2];
/** The mask's ρ beside 0, the published setting. */
export const mask = 0.05;

/** What of the specification's criteria is without the mask, and what is no trial. */
const unmasked: readonly Decoder[] = [...steerGrid([0, 1.5], [0], [0]), ...steerGrid([1.5], [0.3, 0.6], [0])];
export const ablations: readonly Decoder[] = [
  { kind: 'steer', setting: { gamma: 1.5, eta: 1, rho: 0 } },
  { kind: 'steer', setting: { gamma: 1.5, eta: 0.6, rho: mask }, negatives: 0 },
];
const searches: readonly Decoder[] = [{ kind: 'beam search' }, { kind: 'contrastive search' }];

function topTen(temperatures: readonly number[]): readonly Decoder[] {
  return samplingGrid(temperatures).filter(({ cut }) => cut === 'top-10');
}

function otherCuts(temperatures: readonly number[]): readonly Decoder[] {
  return samplingGrid(temperatures).filter(({ cut }) => cut !== 'top-10');
}

/** STEER and sampling with as many trials each; then what is no trial. */
export function demonstration({ quick }: Pick<StudyOptions, 'quick'>): readonly Decoder[] {
  const trials = quick
    ? [
        ...steerGrid(gammas, [0, 0.3, 0.6], [mask]),
        ...unmasked,
        ...topTen([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ...otherCuts([0.3, 0.5, 0.65, 0.8, 1]),
      ]
    : [
        ...steerGrid(gammas, [0, 0.3, 0.6], [0, mask]),
        ...samplingGrid([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2]),
      ];
  return [...trials, ...ablations];
}

/** The same for a task of generation, with the paper's baselines. */
export function generation({ quick }: Pick<StudyOptions, 'quick'>): readonly Decoder[] {
  const trials = quick
    ? [...steerGrid([0.5, 1.5], [0, 0.3, 0.6], [mask]), ...topTen([0.2, 0.35, 0.5, 1]), ...otherCuts([1])]
    : [...steerGrid([0, 0.5, 1.5], [0, 0.3, 0.6], [0, mask]), ...samplingGrid([0.2, 0.35, 0.5, 0.65, 0.8, 1])];
  return [...trials, ...searches];
}

/** What shows how the demonstration depends on its difficulty. */
const few: readonly Decoder[] = [
  ...topTen([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1]),
  ...steerGrid([1.5], [0, 0.3, 0.6], [mask]),
];

/** What the demonstration stands on, changed in one respect; an expert for each lesson. */
interface Variant {
  readonly ground: Ground;
  readonly lessons: Readonly<Record<string, Lesson>>;
}

/** By the cell; lessons by the name of the difficulty, which is what changed. */
const variants: Readonly<Record<string, Variant>> = {
  lessons: {
    ground: specified,
    lessons: {
      'leak 0.3': { ...usual, leak: 0.3 },
      'leak 0.8': { ...usual, leak: 0.8 },
      'examples 50': { ...usual, examples: 50 },
      'examples 500': { ...usual, examples: 500 },
    },
  },
  'few-pairs': { ground: { ...specified, coherence: 1 / 3 }, lessons: { 'pairs 1/3': usual } },
  'many-pairs': { ground: { ...specified, coherence: 2 / 3 }, lessons: { 'pairs 2/3': usual } },
  exposed: { ground: { ...specified, exposure: 0.25 }, lessons: { 'exposure 0.25': usual } },
  'by-word': { ground: { ...specified, reading: 'by word' }, lessons: { 'base lines by word': usual } },
  crowded: { ground: crowded, lessons: { 'four domains, by word, 700 + 200 steps': usual } },
};

export const difficulties: readonly string[] = Object.values(variants).flatMap(({ lessons }) => Object.keys(lessons));

/** Tasks of generation, each compared with real texts. */
export const generationTasks = ({ quick }: Pick<StudyOptions, 'quick'>): readonly DomainName[] =>
  quick ? ['scenarios', 'alarms'] : ['scenarios', 'alarms', 'tickets'];

/** The demonstration's task; the others go by the names of their domains. */
export const demonstrated = 'demonstration';

/** What one cell of a seed does. */
interface Piece {
  /** Of its id. */
  readonly name: string;
  readonly ground: Ground;
  readonly tasks: readonly Task[];
}

/** Parts of the study that can be done alone (`--only`). */
const parts: Readonly<Record<string, (options: StudyOptions) => readonly Piece[]>> = {
  demonstration: (options) => [
    {
      name: 'demonstration',
      ground: specified,
      tasks: [
        {
          id: demonstrated,
          domain: 'attacks',
          lesson: usual,
          decoders: demonstration(options),
          count: options.quick ? 128 : 256,
          compared: false,
        },
      ],
    },
  ],
  generation: (options) => [
    {
      name: 'generation',
      ground: { ...crowded, steps: options.quick ? { base: 600, expert: 150 } : specified.steps },
      tasks: generationTasks(options).map((domain) => ({
        id: domain,
        domain,
        lesson: usual,
        decoders: generation(options),
        count: 128,
        compared: true,
      })),
    },
  ],
  difficulty: ({ quick }) =>
    Object.entries(quick ? {} : variants).map(([name, { ground, lessons }]) => ({
      name: `difficulty-${name}`,
      ground,
      tasks: Object.entries(lessons).map(([id, lesson]) => ({
        id,
        domain: 'attacks',
        lesson,
        decoders: few,
        count: 256,
        compared: false,
      })),
    })),
};

/** The parts that were asked for and have something to do. */
export function partsOf(options: StudyOptions): readonly string[] {
  const { only } = options;
  return Object.keys(parts).filter(
    (name) => (only === undefined || only.includes(name)) && parts[name]!(options).length > 0,
  );
}

/** Ids of the cells of one seed. */
export function cellIdsOf(options: StudyOptions, seed: number): readonly string[] {
  return partsOf(options).flatMap((part) => parts[part]!(options).map(({ name }) => cellId(name, seed)));
}

/** Seeds of a part; the quick version does the generation on two of them, where both have to agree. */
function seedsOf(part: string, { quick, seeds }: StudyOptions): readonly number[] {
  return Array.from({ length: quick && part === 'generation' ? Math.min(2, seeds) : seeds }, (_, seed) => seed);
}

/** Seeds on which hyperparameters are chosen; no claim reads them. */
export const validationSeeds = [1000, 1001] as const;

export function validationOf({ quick }: Pick<StudyOptions, 'quick'>): readonly number[] {
  return quick ? validationSeeds.slice(0, 1) : validationSeeds;
}

/** A cell for every seed and what stands on one base, with a world, that base and experts of its own. */
export function plan(options: StudyOptions): StudyPlan {
  return {
    trainings: [],
    runs: [],
    cells: partsOf(options).flatMap((part) =>
      parts[part]!(options).flatMap(({ name, ground, tasks }) =>
        [...(part === 'difficulty' ? [] : validationOf(options)), ...seedsOf(part, options)].map((seed): StudyCell => ({
          id: cellId(name, seed),
          title: `${name}, seed ${seed}`,
          shape: cellShape,
          run: (progress) => cell(seed, ground, tasks, progress),
        })),
      ),
    ),
  };
}

export function cellId(piece: string, seed: number): string {
  return `${piece}-${validationSeeds.some((one) => one === seed) ? 'validation-' : ''}seed${seed}`;
}
