import { exceeds, meanText } from '../seeds.ts';
import type { Cell, Claim, StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import { armNames, arms } from './arms.ts';
import type { ArmName } from './arms.ts';
import type { Lesson, Lessons } from './lesson.ts';
import { average, gains, Measured } from './measured.ts';
import { lessonCellId, partsOf, piecesOf, problemsOf } from './plan.ts';
import type { Problem } from './plan.ts';
import { policyClaims, policyTables } from './policy-conclude.ts';

/** What the claims of the paper are tested on. */
const claimedOn: Problem = { kind: 'modes', difficulty: 'base' };

/** Verdicts on the paper's claims, and on those that it makes against its rivals, whatever they come to. */
export function conclude(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const problems = problemsOf(options).map((problem) => ({ problem, measured: measuredOf(problem, options, cells) }));
  const on = (wanted: Problem): Measured => measuredOf(wanted, options, cells);
  const base = on(claimedOn);
  return {
    claims: [
      ...(partsOf(options).includes('modes') ? mechanismClaims(base) : []),
      ...(problems.some(({ problem: { difficulty } }) => difficulty === 'fast')
        ? collapseClaims(on({ kind: 'modes', difficulty: 'fast' }))
        : []),
      ...problems.flatMap(({ problem, measured }) =>
        inRange(problem) ? [...ablationClaims(problem, measured), overLabels(problem, measured)] : [],
      ),
      ...rivalClaims(problems),
      ...(partsOf(options).includes('images') ? imageClaims(on({ kind: 'images', difficulty: 'base' })) : []),
      ...policyClaims(options, cells),
    ],
    tables: [
      ...problems.map(({ problem, measured }) => accuracyTable(problem, measured)),
      ...(base.seeds.length > 0 ? [collapseTable(base)] : []),
      ...policyTables(options, cells),
    ],
    figures: [...conflictFigure(base), ...weightFigure(base)],
  };
}

/** The lessons of a problem, put together of its cells: a seed has one teacher in all of them. */
function measuredOf(problem: Problem, options: StudyOptions, cells: ReadonlyMap<string, unknown>): Measured {
  return new Measured(
    Array.from({ length: options.seeds }, (_, seed) => {
      const pieces = piecesOf(problem, options)
        .map((difficulty) => cells.get(lessonCellId({ kind: problem.kind, difficulty }, seed)) as Lessons | undefined)
        .filter((lessons) => lessons !== undefined);
      return pieces.length === 0
        ? []
        : [{ teacher: pieces[0]!.teacher, lessons: pieces.flatMap(({ lessons }) => lessons) }];
    }).flat(),
  );
}

/** Claims (a) to (d) of the demonstration, at the published weight α = 1. */
function mechanismClaims(base: Measured): Claim[] {
  const of = (arm: ArmName): Lesson[] => base.published(arm);
  const last = (part: 'head' | 'backbone', arm: ArmName): number[] =>
    of(arm).flatMap(({ conflicts }) => {
      const late = conflicts
        .slice(-3)
        .map((conflict) => conflict[part])
        .filter((value) => value !== null);
      return late.length === 0 ? [] : [average(late)];
    });
  const backbone = last('backbone', 'one-head');
  const agreement = last('head', 'one-head').map((head, seed) => backbone[seed]! - head);
  return [
    ...ablationClaims(claimedOn, base),
    exceeds(
      'BinaryKL alone is worse than CE alone',
      gains(of('ce'), of('binary-kl')),
      0,
      'accuracy of CE less that of BinaryKL on the one head, without labels',
    ),
    exceeds(
      'On one head the two gradients agree less in the head than in the backbone',
      agreement,
      0,
      'cosine in the backbone less that in the head, last quarter of the training',
    ),
    overLabels(claimedOn, base),
    exceeds(
      'Gradient alignment adds to two heads',
      gains(of('dhkd'), of('norm-two-heads')),
      0,
      'difference in accuracy, α = 1',
    ),
    exceeds(
      'Two heads leave the main head nearer to neural collapse than one head does',
      collapseOf(of('one-head')).map((one, seed) => one - collapseOf(of('two-heads'))[seed]!),
      0,
      'distance from self-duality (NC3) of one head less that of two',
    ),
  ];
}

/** Claims (a) to (c), at the published weight α = 1, wherever students were taught so. */
function ablationClaims(problem: Problem, measured: Measured): Claim[] {
  const of = (arm: ArmName): Lesson[] => measured.published(arm);
  const where = whereOf(problem);
  return [
    exceeds(
      `BinaryKL beside CE on one head makes a student worse than CE alone${where}`,
      gains(of('ce'), of('one-head')),
      0.015,
      'accuracy of CE less that of CE + BinaryKL on one head, α = 1',
    ),
    exceeds(
      `A second head repairs it, with the same two losses${where}`,
      gains(of('two-heads'), of('one-head')),
      0.015,
      'accuracy of two heads less that of one',
    ),
    exceeds(
      `BinaryKL-Norm is better than BinaryKL on the second head${where}`,
      gains(of('norm-two-heads'), of('two-heads')),
      0.005,
      'difference in accuracy',
    ),
  ];
}

function overLabels(problem: Problem, measured: Measured): Claim {
  return exceeds(
    `DHKD is better than CE alone${whereOf(problem)}`,
    gains(measured.published('dhkd'), measured.published('ce')),
    0,
    'difference in accuracy, α = 1',
  );
}

/** Of a claim on another problem than the first. */
function whereOf(problem: Problem): string {
  return problem.difficulty === claimedOn.difficulty ? '' : `, ${titleOf(problem)}`;
}

/** Other noise and other first weights than the base problem's. */
function inRange({ kind, difficulty }: Problem): boolean {
  return kind === 'modes' && ['easy', 'hard', 'published-init', 'torch-init'].includes(difficulty);
}

/** Collapse in the plain sense: without normalisation, at a larger rate, imitation of logits is no longer learnt. */
function collapseClaims(fast: Measured): Claim[] {
  return [
    exceeds(
      'At a learning rate of 0.05 CE + BinaryKL on one head collapses, and CE alone does not',
      gains(fast.published('ce'), fast.published('one-head')),
      0.1,
      'accuracy of CE less that of CE + BinaryKL on one head, α = 1',
    ),
  ];
}

const collapseOf = (lessons: readonly Lesson[]): number[] =>
  lessons.flatMap(({ collapse }) => (collapse === null ? [] : [collapse.duality]));

/** Against its rivals, each at the weight that its own validation rows chose among as many. The prototypes could not show the first. */
function rivalClaims(problems: readonly { readonly problem: Problem; readonly measured: Measured }[]): Claim[] {
  return problems.flatMap(({ problem, measured }) =>
    (['kd', 'dkd', 'dist'] as const)
      .filter((rival) => measured.alphas(rival).length > 0)
      .map((rival) =>
        exceeds(
          `DHKD is better than ${arms[rival].title} on ${titleOf(problem)}`,
          gains(measured.chosen('dhkd'), measured.chosen(rival)),
          0,
          `difference in accuracy, α chosen on validation rows (${measured.chosenAlpha('dhkd') ?? '–'} of ${measured.alphas('dhkd').length} and ${measured.chosenAlpha(rival) ?? '–'} of ${measured.alphas(rival).length})`,
        ),
      ),
  );
}

function imageClaims(images: Measured): Claim[] {
  return [
    exceeds(
      'On images, with convolutional nets, two heads are better than one with the same two losses',
      gains(images.published('two-heads'), images.published('one-head')),
      0,
      'difference in accuracy, α = 1',
    ),
    exceeds(
      'On images, with convolutional nets, DHKD is better than CE alone',
      gains(images.chosen('dhkd'), images.published('ce')),
      0,
      'difference in accuracy, α chosen on validation rows',
    ),
  ];
}

function titleOf({ kind, difficulty }: Problem): string {
  return `${kind === 'modes' ? 'Gaussian modes' : 'images'} (${difficulty})`;
}

function accuracyTable(problem: Problem, measured: Measured): StudyTable {
  return {
    title: `Accuracy on ${titleOf(problem)}`,
    columns: ['student', 'test, α = 1', 'less CE', 'chosen α', 'test at it', 'decides as the teacher', 'diverged'],
    rows: armNames
      .filter((arm) => measured.alphas(arm).length > 0)
      .map((arm): Cell[] => {
        const [published, chosen] = [measured.published(arm), measured.chosen(arm)];
        const taught = !('taught' in arms[arm]);
        const all = measured.alphas(arm).flatMap((alpha) => measured.of(arm, alpha));
        return [
          arms[arm].title,
          meanText(
            published.map(({ test }) => test),
            3,
          ),
          meanText(gains(published, measured.published('ce')), 3),
          taught ? (measured.chosenAlpha(arm) ?? null) : null,
          meanText(
            chosen.map(({ test }) => test),
            3,
          ),
          meanText(
            published.map(({ agreement }) => agreement),
            3,
          ),
          `${all.filter(({ diverged }) => diverged).length} of ${all.length}`,
        ];
      }),
    note: `The teacher: ${meanText(measured.teacher, 3)}. Main head only. α is chosen by the mean accuracy on validation rows where several were tried, as many for every student that is tuned.`,
  };
}

function collapseTable(base: Measured): StudyTable {
  const measures = ['variability', 'norms', 'angles', 'duality', 'disagreement'] as const;
  return {
    title: 'Neural collapse of the main head, α = 1',
    columns: ['student', 'NC1: variability', 'NC2: norms', 'NC2: angles', 'NC3: duality', 'NC4: disagreement'],
    rows: armNames
      .filter((arm) => base.alphas(arm).length > 0)
      .map((arm): Cell[] => [
        arms[arm].title,
        ...measures.map((measure) =>
          meanText(
            base.published(arm).flatMap(({ collapse }) => (collapse === null ? [] : [collapse[measure]])),
            3,
          ),
        ),
      ]),
    note: 'On the training rows, at the end of the training; 0 is collapse (Papyan, Han and Donoho 2020).',
  };
}

/** How the two gradients stand to each other through the training. */
function conflictFigure(base: Measured): StudyFigure[] {
  const points = (['one-head', 'norm-one-head', 'two-heads', 'norm-two-heads'] as const).flatMap((arm) => {
    const lessons = base.published(arm);
    return (lessons[0]?.conflicts ?? []).flatMap(({ at }, i) =>
      (['head', 'backbone'] as const).flatMap((part) => {
        const values = lessons.map(({ conflicts }) => conflicts[i]?.[part] ?? null).filter((value) => value !== null);
        return values.length === 0 ? [] : [{ series: `${arms[arm].title}: ${part}`, x: at, y: average(values) }];
      }),
    );
  });
  if (points.length === 0) return [];
  return [
    {
      title: 'How far the two gradients agree',
      x: 'share of the training',
      y: 'cosine of ∇CE and ∇BinaryKL',
      points,
      note: 'Each point one batch, mean over seeds; two heads share nothing but the backbone.',
    },
  ];
}

/** Accuracy by α, where more than one was tried. */
function weightFigure(base: Measured): StudyFigure[] {
  const points = armNames.flatMap((arm) => {
    const alphas = base.alphas(arm).toSorted((a, b) => a - b);
    return alphas.length < 2
      ? []
      : alphas.map((alpha) => ({
          series: arms[arm].title,
          x: Math.log10(alpha),
          y: average(base.of(arm, alpha).map(({ test }) => test)),
        }));
  });
  if (points.length === 0) return [];
  return [
    {
      title: 'Accuracy by the weight of the imitation',
      x: 'log₁₀ α',
      y: 'test accuracy',
      points,
      note: 'Mean over seeds, Gaussian modes (base). Where a small weight is best, one head may do as well as two.',
    },
  ];
}
