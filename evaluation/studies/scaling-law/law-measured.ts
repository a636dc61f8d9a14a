import type { ErrorCurve, Law } from '../../../logits/scaling-law/law.ts';
import type { StudyOptions } from '../study.ts';
import type { LawArm, LawCell } from './law-arms.ts';
import { armsOf, difficultiesOf, lawId, seedsOf } from './plan.ts';

/** An arm's cells in one difficulty. */
export interface Measured {
  readonly name: string;
  readonly arm: LawArm;
  readonly difficulty: number;
  readonly cells: readonly LawCell[];
}

/** Errors between which predictions are held against the measurement. */
const judged = { above: 5e-4, below: 0.05 };

/** Every arm of the study in every difficulty, with the cells that there are. */
export function measuredOf(options: StudyOptions, cells: ReadonlyMap<string, unknown>): Measured[] {
  return armsOf(options).flatMap(([name, arm]) =>
    difficultiesOf(name, arm, options).map((difficulty) => ({
      name,
      arm,
      difficulty,
      cells: seedsOf(arm, options).flatMap((seed) => {
        const cell = cells.get(lawId(name, difficulty, seed)) as LawCell | undefined;
        return cell === undefined ? [] : [cell];
      }),
    })),
  );
}

/** A fit's exponent; what JSON made null is NaN again. */
function exponentOf(curve: ErrorCurve, order = 0): number {
  return (curve.fits[order]?.exponent as number | null | undefined) ?? Number.NaN;
}

/** Slope of the error of an order under an attack, of each seed. */
export function exponents({ cells }: Measured, attack: 'fgsm' | 'stepLeastLikely' | 'pgd', order = 0): number[] {
  return cells.map(({ law }) => exponentOf(law[attack], order));
}

/** Exponent of the distribution function of Δ_1j, j = order + 2, of each seed. */
export function differenceExponents({ cells }: Measured, order: number): number[] {
  return cells.map(({ law }) => (law.differences[order]?.exponent as number | null | undefined) ?? Number.NaN);
}

/** What predicts the error of FGSM at the grid's points. */
export type Prediction = (law: Law, at: number) => number;

export const byResponse: Prediction = (law, at) => law.fgsm.predicted![0]![at]!;
export const byPrefactor: Prediction = (law, at) => law.prefactor.value * law.epsilons[at]!;
export const byMeanField: Prediction = (law, at) => law.prefactor.meanField * law.epsilons[at]!;

/** Predicted and measured error in the range that is judged, where ten rows or more say what the latter is. */
function pairs(law: Law, predict: Prediction): { readonly predicted: number; readonly error: number }[] {
  const least = Math.max(judged.above, 10 / law.rows);
  return law.fgsm.measured[0]!.flatMap((error, at) =>
    error > least && error < judged.below ? [{ predicted: predict(law, at), error }] : [],
  );
}

/** The largest relative deviation of a prediction on each seed, of which one row is forgiven: no share can be nearer. */
export function deviation({ cells }: Measured, predict: Prediction): number[] {
  return cells.map(({ law }) => {
    const found = pairs(law, predict);
    if (found.length === 0) return Number.NaN;
    return Math.max(
      ...found.map(({ predicted, error }) => Math.max(0, Math.abs(predicted - error) - 1.001 / law.rows) / error),
    );
  });
}

/** The largest factor between prediction and measurement of each seed. */
export function worst({ cells }: Measured, predict: Prediction): number[] {
  return cells.map(({ law }) => {
    const found = pairs(law, predict);
    if (found.length === 0) return Number.NaN;
    return Math.max(...found.map(({ predicted, error }) => Math.max(predicted / error, error / predicted)));
  });
}

/** The geometric mean of predicted over measured error of each seed. */
export function typical({ cells }: Measured, predict: Prediction): number[] {
  return cells.map(({ law }) => {
    const found = pairs(law, predict);
    return Math.exp(found.reduce((sum, { predicted, error }) => sum + Math.log(predicted / error), 0) / found.length);
  });
}
