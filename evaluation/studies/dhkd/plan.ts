import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { armNames } from './arms.ts';
import { imagesRoom, imagesSettings } from './images.ts';
import { teach } from './lesson.ts';
import type { Classroom } from './lesson.ts';
import { modesRoom, modesSettings } from './modes.ts';
import { policyLesson, policySettings } from './policies.ts';

/** What `--only` names. */
const parts = ['modes', 'images', 'policies', 'large'] as const;

/** A problem with labels, at one difficulty. */
export interface Problem {
  readonly kind: 'modes' | 'images';
  readonly difficulty: string;
}

/** Tried by every arm that is tuned: as many trials for each. */
const triedAlphas = { modes: [0.1, 0.3, 1, 3], images: [0.3, 1] } as const;

/** Who is taught in the quick version. */
const quickArms = armNames.filter((arm) => !['dkd', 'dist', 'dhkd-shared'].includes(arm));

/** Problems of a version: the quick one has the base difficulty of each. */
export function problemsOf(options: StudyOptions): Problem[] {
  const wanted = partsOf(options);
  const difficulties = {
    modes: options.quick ? ['base'] : Object.keys(modesSettings).filter((name) => name !== 'large'),
    images: options.quick ? ['base'] : Object.keys(imagesSettings).filter((name) => name !== 'quick'),
    large: ['large'],
  };
  return (['modes', 'images', 'large'] as const)
    .filter((part) => wanted.includes(part) && !(options.quick && part === 'large'))
    .flatMap((part) =>
      difficulties[part].map((difficulty) => ({ kind: part === 'large' ? 'modes' : part, difficulty })),
    );
}

/** @throws {UnknownNameError} for a part that there is not */
export function partsOf({ only }: StudyOptions): readonly string[] {
  for (const name of only ?? [])
    if (!(parts as readonly string[]).includes(name)) throw new UnknownNameError('part', name, [...parts]);
  return only ?? parts;
}

export function lessonCellId({ kind, difficulty }: Problem, seed: number): string {
  return `${kind}-${difficulty}-seed${seed}`;
}

export function policyCellId(seed: number): string {
  return `policies-seed${seed}`;
}

/** A cell a problem and seed: one teacher with all its students. */
export function plan(options: StudyOptions): StudyPlan {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  return {
    trainings: [],
    runs: [],
    cells: [
      ...problemsOf(options).flatMap((problem) => seeds.map((seed) => lessonCell(problem, seed, options))),
      ...(partsOf(options).includes('policies') ? seeds.map((seed) => policyCell(seed, options)) : []),
    ],
  };
}

function lessonCell(problem: Problem, seed: number, options: StudyOptions): StudyCell {
  return {
    id: lessonCellId(problem, seed),
    title: `${problem.kind}, ${problem.difficulty}, seed ${seed}`,
    run: (progress) =>
      onTensors((tf) => teach(tf, roomOf(tf, problem, seed, options), rng(seed).split('dhkd'), progress)),
  };
}

function roomOf(tf: Tensorflow, { kind, difficulty }: Problem, seed: number, { quick }: StudyOptions): Classroom {
  const alphas = quick ? [1] : triedAlphas[kind];
  if (kind === 'images')
    return imagesRoom(tf, imagesSettings[quick ? 'quick' : (difficulty as keyof typeof imagesSettings)], seed, alphas);
  const setting = modesSettings[difficulty as keyof typeof modesSettings];
  return modesRoom(quick ? { ...setting, arms: quickArms } : setting, seed, alphas);
}

function policyCell(seed: number, { quick }: StudyOptions): StudyCell {
  return {
    id: policyCellId(seed),
    title: `policies, seed ${seed}`,
    run: (progress) => onTensors((tf) => policyLesson(tf, policySettings[quick ? 'quick' : 'full'], seed, progress)),
  };
}

/** Losses are tensors wherever the net is; the backend is the fastest on small ones, the same on every machine. */
async function onTensors<Value>(run: (tf: Tensorflow) => Promise<Value>): Promise<Value> {
  using backend = await selectBackend({ force: 'wasm' });
  return await run(backend.tf);
}
