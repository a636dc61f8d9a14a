import type { ErrorCurve, Law } from '../../../logits/scaling-law/law.ts';
import { meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import type { LawArm, LawCell } from './law-arms.ts';
import { armsOf, difficultiesOf, lawId, seedsOf } from './plan.ts';
import { all, within } from './within.ts';

/** An arm's cells in one difficulty. */
interface Measured {
  readonly name: string;
  readonly arm: LawArm;
  readonly difficulty: number;
  readonly cells: readonly LawCell[];
}

/** Errors between which the linear response is held against the measurement. */
const judged = { above: 5e-4, below: 0.05 };

/** The error law on every arm: claims at difficulty 1, tables over all difficulties, curves of the first seed. */
export function lawConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const measured = armsOf(options).flatMap(([name, arm]) =>
    difficultiesOf(arm, options).map((difficulty) => ({
      name,
      arm,
      difficulty,
      cells: seedsOf(arm, options).flatMap((seed) => {
        const cell = cells.get(lawId(name, difficulty, seed)) as LawCell | undefined;
        return cell === undefined ? [] : [cell];
      }),
    })),
  );
  if (measured.length === 0) return { claims: [], tables: [], figures: [] };
  return {
    claims: claimsOf(measured.filter(({ difficulty, cells: found }) => difficulty === 1 && found.length > 0)),
    tables: [slopeTable(measured), predictionTable(measured)],
    figures: figuresOf(measured.filter(({ difficulty }) => difficulty === 1)),
  };
}

function claimsOf(measured: readonly Measured[]): Claim[] {
  const slopes = measured.map((one) => {
    const { title } = one.arm;
    return all(title, [
      within('FGSM', exponents(one, 'fgsm'), [0.85, 1.15], 'slope'),
      within('PGD', exponents(one, 'pgd'), [0.85, 1.15], 'slope'),
    ]);
  });
  const trained = (at: number): boolean => measured[at]!.arm.policy && measured[at]!.name !== 'policy-untrained';
  const law = slopes.flatMap(({ holds }, at) => (holds === true ? [at] : []));
  const decided = law.length >= 4 && law.some(trained);
  const open = slopes.filter(({ holds }) => holds === null).length;
  return [
    {
      claim:
        'error is proportional to ε (slope within 0.15 of 1, FGSM and PGD) on at least four kinds of networks, a trained policy among them',
      holds: decided ? true : open > 0 ? null : false,
      evidence: `holds on ${law.length} of ${slopes.length}: ${law.map((at) => measured[at]!.arm.title).join(', ') || 'none'}`,
    },
    all('error is proportional to ε on every network measured', slopes),
    all(
      'the distribution of Δ_12 rises with exponent 1 within 0.25, that of Δ_13 with 2 within 0.35, on every network measured',
      measured.flatMap((one) => [
        within(`${one.arm.title}, Δ_12`, differenceExponents(one, 0), [0.75, 1.25], 'exponent'),
        within(`${one.arm.title}, Δ_13`, differenceExponents(one, 1), [1.65, 2.35], 'exponent'),
      ]),
    ),
    all(
      'the linear response of clean statistics predicts the FGSM curve within a tenth on every network, wherever 0.0005 < error < 0.05',
      measured.map((one) => within(one.arm.title, worst(one, responseRatios), [0, 1.1], 'largest factor between them')),
    ),
    all(
      'the one-gradient law A ε is within a factor of 1.5 of the FGSM error on every network, in the mean over ε',
      measured.map((one) => within(one.arm.title, typical(one), [1 / 1.5, 1.5], 'predicted over measured')),
    ),
    all(
      'the same within a factor of 2 at every ε',
      measured.map((one) => within(one.arm.title, worst(one, prefactorRatios), [0, 2], 'largest factor between them')),
    ),
  ];
}

/** A fit's exponent; what JSON made null is NaN again. */
function exponentOf(curve: ErrorCurve, order = 0): number {
  return (curve.fits[order]?.exponent as number | null | undefined) ?? Number.NaN;
}

function exponents({ cells }: Measured, attack: 'fgsm' | 'stepLeastLikely' | 'pgd', order = 0): number[] {
  return cells.map(({ law }) => exponentOf(law[attack], order));
}

function differenceExponents({ cells }: Measured, order: number): number[] {
  return cells.map(({ law }) => (law.differences[order]?.exponent as number | null | undefined) ?? Number.NaN);
}

/** Predicted over measured error of FGSM at each ε in the range that is judged, where ten rows or more say what it is. */
function ratios(law: Law, predicted: (at: number) => number): number[] {
  const least = Math.max(judged.above, 10 / law.rows);
  return law.fgsm.measured[0]!.flatMap((error, at) =>
    error > least && error < judged.below ? [predicted(at) / error] : [],
  );
}

function responseRatios(law: Law): number[] {
  return ratios(law, (at) => law.fgsm.predicted![0]![at]!);
}

function prefactorRatios(law: Law): number[] {
  return ratios(law, (at) => law.prefactor.value * law.epsilons[at]!);
}

/** The largest factor between prediction and measurement of each seed. */
function worst({ cells }: Measured, of: (law: Law) => number[]): number[] {
  return cells.map(({ law }) => {
    const found = of(law);
    return found.length === 0 ? Number.NaN : Math.max(...found.map((ratio) => Math.max(ratio, 1 / ratio)));
  });
}

/** The geometric mean of `A ε` over measured error of each seed. */
function typical({ cells }: Measured): number[] {
  return cells.map(({ law }) => {
    const found = prefactorRatios(law);
    return Math.exp(found.reduce((sum, ratio) => sum + Math.log(ratio), 0) / found.length);
  });
}

function slopeTable(measured: readonly Measured[]): StudyTable {
  return {
    title: 'Exponents',
    columns: [
      'network',
      'difficulty',
      'seeds',
      'accuracy',
      'FGSM',
      'step l.l.',
      'PGD',
      'FGSM, order 3',
      'Δ_12',
      'Δ_13',
      'Δ_14',
    ],
    rows: measured.map((one) => [
      one.arm.title,
      one.arm.policy ? '–' : one.difficulty,
      one.cells.length,
      text(one.cells.map(({ accuracy }) => accuracy ?? Number.NaN)),
      ...(['fgsm', 'stepLeastLikely', 'pgd'] as const).map((attack) => text(exponents(one, attack))),
      text(exponents(one, 'fgsm', 1)),
      ...[0, 1, 2].map((order) => text(differenceExponents(one, order))),
    ]),
    note: 'Slopes of ln error on ln ε where 10/N < error < 0.1; of order 3: the clean top class left the top two. Exponents of the distribution functions of the logit differences. Theory: 1, 2 for order 3; 1, 2, 3. Step l.l. goes towards the least likely class and not the runner-up, and is steeper.',
  };
}

function predictionTable(measured: readonly Measured[]): StudyTable {
  return {
    title: 'Prediction from clean statistics',
    columns: [
      'network',
      'difficulty',
      'A',
      'median Δ_12',
      'χ̄ near the boundary',
      'χ̄ of all',
      'linear response, largest factor',
      'A ε over measured',
      'A ε, largest factor',
    ],
    rows: measured.map((one) => [
      one.arm.title,
      one.arm.policy ? '–' : one.difficulty,
      text(one.cells.map(({ law }) => law.prefactor.value)),
      text(one.cells.map(({ law }) => law.medianDifference)),
      text(one.cells.map(({ law }) => law.prefactor.susceptibility)),
      text(one.cells.map(({ law }) => law.prefactor.meanSusceptibility)),
      text(worst(one, responseRatios)),
      text(typical(one)),
      text(worst(one, prefactorRatios)),
    ]),
    note: 'Of FGSM, where 0.0005 < error < 0.05 and ten rows or more have changed. Networks differ in the prefactor A, not in the exponent.',
  };
}

function text(values: readonly number[]): string | null {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? null : meanText(finite, 2).replaceAll('+', '');
}

function figuresOf(measured: readonly Measured[]): StudyFigure[] {
  const curve = (attack: 'fgsm' | 'pgd', title: string, note: string): StudyFigure => ({
    title,
    x: 'log₁₀ ε',
    y: 'log₁₀ error',
    points: measured.flatMap(({ arm, cells: [first] }) =>
      first === undefined ? [] : logPoints(arm.title, first.law.epsilons, first.law[attack].measured[0]!),
    ),
    note,
  });
  const predicted = measured.flatMap(({ arm, cells: [first] }) =>
    first === undefined ? [] : logPoints(arm.title, first.law.epsilons, first.law.fgsm.predicted![0]!),
  );
  return [
    curve(
      'fgsm',
      'Error against ε, FGSM',
      'First seed. Lines of slope 1 are the law; where they lie is the prefactor.',
    ),
    {
      ...curve('fgsm', 'The same, predicted without an attack', 'First seed: clean logits and their linear response.'),
      points: predicted,
    },
    curve('pgd', 'Error against ε, PGD', 'First seed.'),
  ];
}

function logPoints(series: string, x: readonly number[], y: readonly number[]): StudyFigure['points'] {
  return x.flatMap((value, at) => (y[at]! > 0 ? [{ series, x: Math.log10(value), y: Math.log10(y[at]!) }] : []));
}
