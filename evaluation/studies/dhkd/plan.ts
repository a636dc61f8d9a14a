import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { onTensors } from '../on-tensors.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { lessonsShape, policyShape } from './cell-shape.ts';
import { armNames } from './arms.ts';
import { imagesRoom, imagesSettings } from './images.ts';
import { largeCells, largeNames } from './large-part.ts';
import { teach } from './lesson.ts';
import type { Classroom } from './lesson.ts';
import { modesRoom, modesSettings } from './modes.ts';
import { policyLesson, policySettings } from './policies.ts';

/** What `--only` names: problems at the difficulty of the claims, and all other difficulties of them. */
const parts = ['modes', 'images', 'policies', 'difficulty', 'modes-large'] as const;

/** A problem with labels, at one difficulty. */
export interface Problem {
  readonly kind: 'modes' | 'images';
  readonly difficulty: string;
}

/** Cells of more students and weights on the problems of `base`. */
const besideBase = ['variants', 'tuned'] as const;

/** Who is taught in the quick version. */
const quickArms = armNames.filter((arm) => !['dkd', 'dist', 'dhkd-shared'].includes(arm));

/** Problems of a version: the quick one has the base difficulty of each. */
export function problemsOf(options: StudyOptions): Problem[] {
  const wanted = partsOf(options);
  const others = { modes: ['easy', 'hard', 'published-init', 'torch-init', 'fast'], images: ['easy', 'hard'] };
  const inRange = !options.quick && wanted.includes('difficulty');
  return [
    ...(['modes', 'images'] as const).flatMap((kind) =>
      [...(wanted.includes(kind) ? ['base'] : []), ...(inRange ? others[kind] : [])].map((difficulty) => ({
        kind,
        difficulty,
      })),
    ),
    ...(!options.quick && wanted.includes('modes-large') ? [{ kind: 'modes', difficulty: 'large' } as const] : []),
  ];
}

/** Difficulties whose cells a problem is put together of. */
export function piecesOf({ difficulty }: Problem, { quick }: StudyOptions): readonly string[] {
  return difficulty === 'base' && !quick ? ['base', ...besideBase] : [difficulty];
}

/** @throws {UnknownNameError} for a part that there is not */
export function partsOf({ only }: StudyOptions): readonly string[] {
  for (const name of only ?? [])
    if (![...parts, ...largeNames].includes(name)) throw new UnknownNameError('part', name, [...parts, ...largeNames]);
  return only ?? parts;
}

export function lessonCellId({ kind, difficulty }: Problem, seed: number): string {
  return `${kind}-${difficulty}-seed${seed}`;
}

export function policyCellId(seed: number): string {
  return `policies-seed${seed}`;
}

/** A cell a problem and seed: one teacher with its students. What the first claims rest on comes first. */
export function plan(options: StudyOptions): StudyPlan {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const problems = problemsOf(options).flatMap((problem) =>
    piecesOf(problem, options).map((difficulty) => ({ ...problem, difficulty })),
  );
  const cellsOf = (own: readonly Problem[]): StudyCell[] =>
    own.flatMap((problem) => seeds.map((seed) => lessonCell(problem, seed, options)));
  return {
    trainings: [],
    runs: [],
    cells: [
      ...cellsOf(problems.filter(({ difficulty }) => difficulty === 'base')),
      ...(partsOf(options).includes('policies') ? seeds.map((seed) => policyCell(seed, options)) : []),
      ...cellsOf(problems.filter(({ difficulty }) => difficulty !== 'base')),
      ...largeCells(options),
    ],
  };
}

function lessonCell(problem: Problem, seed: number, options: StudyOptions): StudyCell {
  return {
    id: lessonCellId(problem, seed),
    title: `${problem.kind}, ${problem.difficulty}, seed ${seed}`,
    shape: lessonsShape,
    run: (progress) =>
      onTensors(options, ({ tf }) => teach(tf, roomOf(tf, problem, seed, options), rng(seed).split('dhkd'), progress)),
  };
}

function roomOf(tf: Tensorflow, { kind, difficulty }: Problem, seed: number, { quick }: StudyOptions): Classroom {
  if (kind === 'images')
    return imagesRoom(tf, imagesSettings[quick ? 'quick' : (difficulty as keyof typeof imagesSettings)], seed);
  const setting = modesSettings[difficulty as keyof typeof modesSettings];
  return modesRoom(quick ? { ...setting, arms: quickArms } : setting, seed);
}

function policyCell(seed: number, options: StudyOptions): StudyCell {
  return {
    id: policyCellId(seed),
    title: `policies, seed ${seed}`,
    shape: policyShape,
    run: (progress) =>
      onTensors(options, ({ tf }) =>
        policyLesson(tf, policySettings[options.quick ? 'quick' : 'full'], seed, progress),
      ),
  };
}
