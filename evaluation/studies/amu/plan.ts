import { UnknownNameError } from '../../../core/errors.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { cellShape } from './cell-shape.ts';
import { buildingCell } from './building-cell.ts';
import type { BuildingSize } from './building-cell.ts';
import type { IncidentDifficulty } from './building-year.ts';
import { imageCell } from './image-cell.ts';
import type { ImageSize } from './image-cell.ts';
import { latentCell } from './latent-cell.ts';
import type { LatentSize } from './latent-cell.ts';
import { claimedLatents } from './latent-world.ts';
import type { LatentOptions } from './latent-world.ts';
import type { WorldOptions } from './world.ts';

/** What `--only` names: latents at the difficulty of the claims and at others; images, likewise, and larger; buildings, likewise. */
const parts = [
  'latents',
  'latents-range',
  'images',
  'images-range',
  'images-large',
  'buildings',
  'buildings-range',
] as const;
export type Part = (typeof parts)[number];

/** One difficulty of one of the three problems. */
export interface Problem {
  readonly part: Part;
  /** Unique, and part of a cell's name. */
  readonly id: string;
  readonly title: string;
  readonly shots: readonly number[];
  /** How many of them are done where so many are asked for. */
  readonly seeds: (asked: number) => number;
  readonly cell: StudyCellOf;
}

type StudyCellOf = (seed: number, dataset: string) => StudyCell['run'];

const everyShots = [1, 2, 4, 8, 16];
/** The noise of the claims on images, and what they are about on buildings; both set on development seeds and buildings. */
const claimedWorld = { noise: 0.9 };
const claimedIncidents: IncidentDifficulty = { epsilon: 0.02, stealthy: false, types: 8 };
/** Of latents, the rows that the method's specification has, and as many shots. A seed costs little: there are two or three for each that is asked for. */
const claimedSize: LatentSize = { shots: [1, 4, 16], test: 6000, validation: 1500 };
/** Baselines that take the most time where there are many shots; claims are about them at 1. */
const trainedOrAuxiliary = [
  'Tip-Adapter-F',
  'Tip-Adapter, auxiliary features',
  'Tip-Adapter-F, auxiliary features',
  'linear probe',
  'linear probe, both features',
];
/** Of a range, which shows a direction. */
const atMostTwo = (asked: number): number => Math.min(2, asked);
const asAsked = (asked: number): number => asked;
/** Those of the claims. */
const rangeMethods = [
  'zero-shot',
  'random start + MT',
  'FI, fused loss only',
  'FI + MT',
  'AMU',
  'same features, FI + MT',
  'same features, AMU',
];
/** One thing at a time is other than where the claims are. */
const latentRange: readonly Partial<LatentOptions>[] = [
  { noise: 0.7 * claimedLatents.noise },
  { noise: 1.4 * claimedLatents.noise },
  { spread: 0 },
  { spread: 1 },
  { overlap: 0 },
  { overlap: 14 },
  { nuisance: 0 },
  { nuisance: 2 * claimedLatents.nuisance },
  { classes: 10 },
  { classes: 100 },
];
/** Hours of half a year: 26 weeks. */
const halfYear = 4368;

/** @throws {UnknownNameError} for a part that there is not */
export function problemsOf({ quick, only }: StudyOptions): readonly Problem[] {
  for (const name of only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, [...parts]);
  const all = quick ? quickProblems() : fullProblems();
  return all.filter(({ part }) => only === undefined || only.includes(part));
}

function quickProblems(): readonly Problem[] {
  const shots = [1, 4, 16];
  return [
    latentProblem(
      'latents',
      {},
      { ...claimedSize, short: { most: 1, methods: trainedOrAuxiliary } },
      (asked) => 2 * asked,
    ),
    imageProblem('images', claimedWorld, {
      shots,
      testPerClass: 60,
      encoders: { steps: 600, batch: 64, width: 64 },
      short: { most: 4, methods: ['Tip-Adapter-F, auxiliary features', 'linear probe, both features'] },
    }),
    buildingProblem('buildings', claimedIncidents, {
      shots,
      draws: { source: 1, target: 3 },
      steps: halfYear,
      encoder: { steps: 800, batch: 64, width: 64 },
    }),
  ];
}

function fullProblems(): readonly Problem[] {
  const encoders = { steps: 2000, batch: 64, width: 64 };
  const encoder = { steps: 1500, batch: 64, width: 64 };
  const image = { shots: everyShots, testPerClass: 200, encoders };
  const building = { shots: everyShots, draws: { source: 2, target: 4 }, steps: null, encoder };
  const imageRange = { ...image, shots: [1, 16] };
  const buildingRange = { shots: [1, 4, 16], draws: { source: 1, target: 3 }, steps: halfYear, encoder };
  return [
    latentProblem('latents', {}, claimedSize, (asked) => 3 * asked),
    ...latentRange.map((other) =>
      latentProblem('latents-range', other, { ...claimedSize, shots: [1, 16], methods: rangeMethods }, atMostTwo),
    ),
    imageProblem('images', claimedWorld, image),
    buildingProblem('buildings', claimedIncidents, building),
    imageProblem(
      'images-large',
      { ...claimedWorld, novelClasses: 100, baseClasses: 400 },
      {
        shots: [1, 16],
        testPerClass: 60,
        encoders: { steps: 3000, batch: 64, width: 128 },
        methods: ['zero-shot', 'FI + MT', 'AMU'],
      },
    ),
    ...[{ noise: 0.7 }, { noise: 1.2 }, { ...claimedWorld, novelClasses: 10 }].map((world) =>
      imageProblem('images-range', world, imageRange),
    ),
    ...[{ epsilon: 0.01 }, { epsilon: 0.05 }, { stealthy: true }, { types: 4 }].map((other) =>
      buildingProblem('buildings-range', { ...claimedIncidents, ...other }, buildingRange),
    ),
  ];
}

function latentProblem(part: Part, other: Partial<LatentOptions>, size: LatentSize, seeds: Problem['seeds']): Problem {
  const changed = Object.entries(other).map(([name, value]) => `${name} ${Number(value.toFixed(3))}`);
  return {
    part,
    id: ['latents', ...changed.map((one) => one.replace(' ', ''))].join('-'),
    title: `latents, ${changed.length === 0 ? 'as specified' : changed.join(', ')}`,
    shots: size.shots,
    seeds,
    cell: (seed) => (progress) => latentCell(seed, other, size, progress),
  };
}

function imageProblem(part: Part, world: Partial<WorldOptions>, size: ImageSize): Problem {
  const { noise, novelClasses = 30 } = world;
  return {
    part,
    id: `images-noise${noise}-classes${novelClasses}-width${size.encoders.width}`,
    title: `images, noise ${noise}, ${novelClasses} classes${size.encoders.width === 64 ? '' : `, encoders of width ${size.encoders.width}`}`,
    shots: size.shots,
    seeds: asAsked,
    cell: (seed) => (progress) => imageCell(seed, world, size, progress),
  };
}

function buildingProblem(part: Part, difficulty: IncidentDifficulty, size: BuildingSize): Problem {
  const { epsilon, stealthy, types } = difficulty;
  return {
    part,
    id: `buildings-epsilon${epsilon}-${stealthy ? 'physical' : 'free'}-types${types}`,
    title: `incidents in a new building, ε = ${epsilon}, ${types} types${stealthy ? ', keeping every rule of physics' : ''}`,
    shots: size.shots,
    seeds: asAsked,
    cell: (seed, dataset) => (progress, workspace) =>
      buildingCell(seed, workspace, dataset, difficulty, size, progress),
  };
}

/** A cell for every problem and seed. */
export function plan(options: StudyOptions): StudyPlan {
  return {
    trainings: [],
    runs: [],
    cells: problemsOf(options).flatMap(({ id, title, seeds, cell }) =>
      Array.from({ length: seeds(options.seeds) }, (_, seed): StudyCell => ({
        id: cellId(id, seed),
        title: `${title}, seed ${seed}`,
        run: cell(seed, options.dataset),
        shape: cellShape,
      })),
    ),
  };
}

export function cellId(problem: string, seed: number): string {
  return `${problem}-seed${seed}`;
}
