import { rng } from '../../../core/rng.ts';
import { differencesOf } from '../../../logits/scaling-law/error-curve.ts';
import { cdfExponent } from '../../../logits/statistic/cdf-exponent.ts';
import { meanText } from '../seeds.ts';
import type { StudyFigure, StudyTable } from '../study.ts';
import {
  byMeanField,
  byPrefactor,
  byResponse,
  deviation,
  differenceExponents,
  exponents,
  typical,
  worst,
} from './law-measured.ts';
import type { Measured } from './law-measured.ts';

/** Exponents, predictions from clean statistics, and what labels do to the slope. */
export function tablesOf(measured: readonly Measured[]): StudyTable[] {
  return [slopeTable(measured), predictionTable(measured), floorTable(measured)];
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
    rows: [
      ...measured.map((one) => [
        one.arm.title,
        one.arm.policy ? '–' : one.difficulty,
        one.cells.length,
        text(one.cells.map(({ accuracy }) => accuracy ?? Number.NaN)),
        ...(['fgsm', 'stepLeastLikely', 'pgd'] as const).map((attack) => text(exponents(one, attack))),
        text(exponents(one, 'fgsm', 1)),
        ...[0, 1, 2].map((order) => text(differenceExponents(one, order))),
      ]),
      [
        'independent uniform logits, no network',
        '–',
        uniformSeeds,
        null,
        null,
        null,
        null,
        null,
        ...uniformExponents(),
      ],
    ],
    note: 'Slopes of ln error on ln ε where 10/N < error < 0.1; of order 3: the clean top class left the top two. Exponents of the distribution functions of the logit differences. Theory: 1, 2 for order 3; 1, 2, 3. Step l.l. goes towards the least likely class and not the runner-up, and is steeper.',
  };
}

const uniformSeeds = 5;

/** Of 10 logits drawn evenly, which is all that the theory supposes of them. */
function uniformExponents(): (string | null)[] {
  const seeds = Array.from({ length: uniformSeeds }, (_, seed) => {
    const random = rng(seed).split('uniform logits');
    const z = Float32Array.from({ length: 10_000 * 10 }, () => random.uniform());
    return differencesOf(z, 10, 3).map((values) => cdfExponent(values).exponent);
  });
  return [0, 1, 2].map((order) => text(seeds.map((exponents) => exponents[order]!)));
}

function predictionTable(measured: readonly Measured[]): StudyTable {
  return {
    title: 'Prediction from clean statistics',
    columns: [
      'network',
      'difficulty',
      'A',
      'median Δ_12',
      'χ̄ at the boundary',
      'χ̄ of all',
      'linear response, largest deviation',
      'A ε over measured',
      'A ε, largest factor',
      'mean field over measured',
    ],
    rows: measured.map((one) => [
      one.arm.title,
      one.arm.policy ? '–' : one.difficulty,
      text(one.cells.map(({ law }) => law.prefactor.value)),
      text(one.cells.map(({ law }) => law.medianDifference)),
      text(one.cells.map(({ law }) => law.prefactor.susceptibility)),
      text(one.cells.map(({ law }) => law.prefactor.meanSusceptibility)),
      text(deviation(one, byResponse), 3),
      text(typical(one, byPrefactor)),
      text(worst(one, byPrefactor)),
      text(typical(one, byMeanField)),
    ]),
    note: 'Of FGSM, where 0.0005 < error < 0.05 and ten rows or more have changed. Networks differ in the prefactor A, not in the exponent.',
  };
}

function text(values: readonly number[], digits = 2): string | null {
  const finite = values.filter(Number.isFinite);
  return finite.length === 0 ? null : meanText(finite, digits).replaceAll('+', '');
}

/** What becomes of the law when the error is counted against the labels. */
function floorTable(measured: readonly Measured[]): StudyTable {
  const taught = measured.flatMap((one) => {
    const floors = one.cells.flatMap(({ floor }) => floor ?? []);
    return floors.length === 0 ? [] : [{ ...one, floors }];
  });
  const slope = (value: number | null): number => value ?? Number.NaN;
  return {
    title: 'Against the labels',
    columns: [
      'network',
      'difficulty',
      'clean error',
      'slope of the error',
      'slope of what exceeds the clean error',
      'slope of changed predictions',
    ],
    rows: taught.map((one) => [
      one.arm.title,
      one.difficulty,
      text(
        one.floors.map(({ clean }) => clean),
        3,
      ),
      text(one.floors.map(({ raw }) => slope(raw))),
      text(one.floors.map(({ above }) => slope(above))),
      text(exponents(one, 'fgsm')),
    ]),
    note: 'FGSM away from the label. The clean error is a floor that hides the law; taken off, or with changes of the prediction counted in its place, the slope is that of the law.',
  };
}

/** Curves of the first seed. */
export function figuresOf(measured: readonly Measured[]): StudyFigure[] {
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
