import { z } from 'zod';
import { onTensors } from '../on-tensors.ts';
import { exceeds, meanText } from '../seeds.ts';
import type { Cell, Claim, StudyCell, StudyConclusion, StudyOptions } from '../study.ts';
import { lessonsShape } from './cell-shape.ts';
import { arms } from './arms.ts';
import type { ArmName } from './arms.ts';
import { largeArms, largeCell, largeSetting, largeStacks } from './large.ts';
import type { LargeArm, LargeStack } from './large.ts';
import type { Lessons } from './lesson.ts';
import { gains, Measured } from './measured.ts';

const armNames = Object.keys(largeArms) as LargeArm[];
const stackNames = Object.keys(largeStacks) as LargeStack[];

/** What `--only` calls the attempt at a scale beyond two cores, and each of its cells; no version of the study does it unasked. */
export const largeNames: readonly string[] = ['images-large', ...stackNames.map((stack) => `images-large-${stack}`)];

function stacksWanted({ only = [] }: StudyOptions): LargeStack[] {
  return stackNames.filter((stack) => only.includes('images-large') || only.includes(`images-large-${stack}`));
}

function largeId(stack: LargeStack, seeds: number): string {
  return `images-large-${stack}-seeds${seeds}`;
}

/** A cell a stack, with all seeds in it. */
export function largeCells(options: StudyOptions): StudyCell[] {
  const { seeds } = options;
  return stacksWanted(options).map((stack) => ({
    id: largeId(stack, seeds),
    title: `large images, ${largeStacks[stack].arms.map((arm) => arms[arm].title).join('; ')}, ${seeds} seeds`,
    shape: z.array(lessonsShape).length(seeds),
    run: (progress) => onTensors(options, ({ tf }) => largeCell(tf, stack, seeds, largeSetting, progress)),
  }));
}

/** Whether the method beats its rivals, and its ablation, at the larger scale. */
export function largeConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const found = stacksWanted(options).flatMap(
    (stack) => (cells.get(largeId(stack, options.seeds)) as Lessons[] | undefined) ?? [],
  );
  if (found.length === 0) return { claims: [], tables: [], figures: [] };
  const measured = new Measured(
    Array.from({ length: options.seeds }, (_, seed): Lessons => {
      const own = found.filter((_, at) => at % options.seeds === seed);
      return { teacher: own[0]!.teacher, lessons: own.flatMap(({ lessons }) => lessons) };
    }),
  );
  const has = (...names: ArmName[]): boolean => names.every((name) => measured.alphas(name).length > 0);
  const { noise, rows, side, classes, epochs } = largeSetting;
  const on = `large images: ${rows} of ${side}×${side} pixels in ${classes} classes, three convolutions`;
  const rivals = (['kd', 'dkd'] as const).filter((rival) => has('dhkd', rival));
  const claims: Claim[] = [
    ...rivals.map((rival) =>
      exceeds(
        `DHKD is better than ${arms[rival].title} on ${on}`,
        gains(measured.chosen('dhkd'), measured.chosen(rival)),
        0,
        `difference in accuracy, α chosen on validation rows (${measured.chosenAlpha('dhkd')} and ${measured.chosenAlpha(rival)})`,
      ),
    ),
    ...ablation
      .filter(({ better, worse }) => has(better, worse))
      .map(({ claim, better, worse, bound }) =>
        exceeds(
          `${claim} (${on})`,
          gains(measured.published(better), measured.published(worse)),
          bound,
          'difference in accuracy, α = 1',
        ),
      ),
  ];
  const atChance = measured.seeds.some(({ lessons }) => lessons.every(({ test }) => test < 2 / classes));
  return {
    claims: atChance
      ? claims.map(({ claim }) => ({ claim, holds: null, evidence: 'on some seed no student learnt anything: void' }))
      : claims,
    tables: [
      {
        title: 'Accuracy on large images',
        columns: ['student', 'test, α = 1', 'less CE', 'chosen α', 'test at it', 'decides as the teacher', 'diverged'],
        rows: armNames.filter((arm) => has(arm)).map((arm) => row(measured, arm)),
        note: `The teacher: ${meanText(measured.teacher, 3)}. Main head only; noise ${noise}, ${epochs} epochs in batches of 256, ${options.backend ?? 'wasm'}. α is chosen by the mean accuracy on validation rows.`,
      },
    ],
    figures: [],
  };
}

/** Claims (a) to (c) of the demonstration, and the method beside labels alone. */
const ablation: readonly {
  readonly claim: string;
  readonly better: ArmName;
  readonly worse: ArmName;
  readonly bound: number;
}[] = [
  {
    claim: 'BinaryKL beside CE on one head makes a student worse than CE alone',
    better: 'ce',
    worse: 'one-head',
    bound: 0.015,
  },
  { claim: 'A second head repairs it, with the same two losses', better: 'two-heads', worse: 'one-head', bound: 0.015 },
  {
    claim: 'BinaryKL-Norm is better than BinaryKL on the second head',
    better: 'norm-two-heads',
    worse: 'two-heads',
    bound: 0.005,
  },
  { claim: 'DHKD is better than CE alone', better: 'dhkd', worse: 'ce', bound: 0 },
];

function row(measured: Measured, arm: LargeArm): Cell[] {
  const [published, chosen] = [measured.published(arm), measured.chosen(arm)];
  const all = measured.alphas(arm).flatMap((alpha) => measured.of(arm, alpha));
  const tests = (lessons: readonly { readonly test: number }[]): number[] => lessons.map(({ test }) => test);
  return [
    arms[arm].title,
    meanText(tests(published), 3),
    measured.alphas('ce').length === 0 ? null : meanText(gains(published, measured.published('ce')), 3),
    arm === 'ce' ? null : (measured.chosenAlpha(arm) ?? null),
    meanText(tests(chosen), 3),
    meanText(
      published.map(({ agreement }) => agreement),
      3,
    ),
    `${all.filter(({ diverged }) => diverged).length} of ${all.length}`,
  ];
}
