import { UnknownNameError } from '../../../core/errors.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { buildingCell } from './building-cell.ts';
import type { BuildingSize } from './building-cell.ts';
import type { IncidentDifficulty } from './building-year.ts';
import { imageCell } from './image-cell.ts';
import type { ImageSize } from './image-cell.ts';
import type { WorldOptions } from './world.ts';

/** What `--only` names: (a) images at the difficulty of the claims and at others, and larger; (b) buildings, likewise. */
const parts = ['images', 'images-range', 'images-large', 'buildings', 'buildings-range'] as const;
export type Part = (typeof parts)[number];

/** One difficulty of one of the two problems. */
export interface Problem {
  readonly part: Part;
  /** Unique, and part of a cell's name. */
  readonly id: string;
  readonly title: string;
  readonly shots: readonly number[];
  readonly cell: StudyCellOf;
}

type StudyCellOf = (seed: number, dataset: string) => StudyCell['run'];

const everyShots = [1, 2, 4, 8, 16];
/** The noise of the claims on images, and what they are about on buildings; both set on development seeds and buildings. */
const claimedWorld = { noise: 0.9 };
const claimedIncidents: IncidentDifficulty = { epsilon: 0.02, stealthy: false, types: 8 };
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

function imageProblem(part: Part, world: Partial<WorldOptions>, size: ImageSize): Problem {
  const { noise, novelClasses = 30 } = world;
  return {
    part,
    id: `images-noise${noise}-classes${novelClasses}-width${size.encoders.width}`,
    title: `images, noise ${noise}, ${novelClasses} classes${size.encoders.width === 64 ? '' : `, encoders of width ${size.encoders.width}`}`,
    shots: size.shots,
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
    cell: (seed, dataset) => (progress, workspace) =>
      buildingCell(seed, workspace, dataset, difficulty, size, progress),
  };
}

/** A cell for every problem and seed. */
export function plan(options: StudyOptions): StudyPlan {
  return {
    trainings: [],
    runs: [],
    cells: problemsOf(options).flatMap(({ id, title, cell }) =>
      Array.from({ length: options.seeds }, (_, seed): StudyCell => ({
        id: cellId(id, seed),
        title: `${title}, seed ${seed}`,
        run: cell(seed, options.dataset),
      })),
    ),
  };
}

export function cellId(problem: string, seed: number): string {
  return `${problem}-seed${seed}`;
}
