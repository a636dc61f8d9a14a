import type { StudyOptions } from '../study.ts';
import type { BanditDifficulty } from './bandit.ts';
import type { BanditSize, Course, TrialGrid } from './bandit-cell.ts';
import type { ScaleSize } from './scale-cell.ts';

/** The difficulty that the claims are about: that of specs/logit-methods.md 3.2. */
export const base: BanditDifficulty = { contexts: 512, actions: 16, hidden: [64], noise: 1, lapse: 0, beta: 0.5 };

const difficulties: Readonly<Record<string, BanditDifficulty>> = {
  base,
  k4: { ...base, actions: 4 },
  k64: { ...base, actions: 64 },
  'noise0.5': { ...base, noise: 0.5 },
  noise2: { ...base, noise: 2 },
  'lapse0.2': { ...base, lapse: 0.2 },
  'beta0.25': { ...base, beta: 0.25 },
  beta1: { ...base, beta: 1 },
  contexts128: { ...base, contexts: 128 },
  contexts2048: { ...base, contexts: 2048 },
};

const votes = (h: number): Course => ({ name: `iREPO, h = ${h}`, options: { annotators: h } });

const quickCourses: readonly Course[] = [
  votes(1),
  votes(9),
  votes(21),
  { name: 'soft DPO', options: { objective: 'soft-dpo' } },
  { name: 'DPO', options: { objective: 'dpo' } },
  { name: 'IPO', options: { objective: 'ipo' } },
  { name: 'SFT', options: { objective: 'sft' } },
];

const courses: readonly Course[] = [
  ...[3, 5, 15].map(votes),
  ...quickCourses,
  { name: 'DPO, one vote', options: { objective: 'dpo', annotators: 1, responses: 2 } },
  { name: 'iREPO, all pairs', options: { pairs: 'all' } },
  { name: 'iREPO, moving reference', options: { reference: 'moving' } },
  { name: 'iREPO, learned annotator', options: {}, learned: true },
];

const grid: TrialGrid = { rates: [2e-3, 5e-3], stops: [50, 100, 200, 400], betas: [0.5, 1, 2, 4] };
const plainGrid: TrialGrid = { ...grid, betas: [1] };

/** Problems with a known optimum, by the name of their difficulty. */
export function banditSizes({
  quick,
}: StudyOptions): Readonly<Record<string, { readonly difficulty: BanditDifficulty; readonly size: BanditSize }>> {
  if (quick) return { base: { difficulty: base, size: { courses: quickCourses, grid: plainGrid } } };
  return Object.fromEntries(
    Object.entries(difficulties).map(([name, difficulty]) => [
      name,
      { difficulty, size: name === 'base' ? { courses, grid } : { courses: [], grid: plainGrid } },
    ]),
  );
}

/** Squared against soft cross-entropy loss where there is more to learn from. */
export function scaleSizes({ quick }: StudyOptions): Readonly<Record<string, ScaleSize>> {
  if (quick) return {};
  const difficulty: BanditDifficulty = { ...base, contexts: 4096, actions: 64, hidden: [128, 128] };
  const large = { difficulty, batch: 256, rates: [1e-3, 3e-3], stops: [150, 300, 600] };
  return Object.fromEntries([1, 9, 21].map((annotators) => [`h${annotators}`, { ...large, annotators }]));
}
