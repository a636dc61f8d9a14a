import { meanText } from '../seeds.ts';
import type { StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import { alphas } from './arms.ts';
import { claimsOf } from './claims.ts';
import { Measured } from './measured.ts';
import { claimedNoise } from './plan.ts';

/** Arms that the figure draws: the table has all. */
const drawn = [
  'zero-shot',
  'Tip-Adapter',
  'Tip-Adapter-F',
  'linear probe',
  'same features, AMU',
  'FI + MT, α chosen',
  'AMU, α chosen',
];

/** Tables, curves and claims from what the cells found. */
export function conclude(
  options: StudyOptions,
  _outcomes: ReadonlyMap<string, unknown>,
  cells: ReadonlyMap<string, unknown>,
): StudyConclusion {
  const measured = new Measured(options, cells);
  return {
    claims: claimsOf(measured),
    tables: measured.noises.map((noise) => accuracyTable(measured, noise)),
    figures: [...measured.noises.map((noise) => shotsFigure(measured, noise)), alphaFigure(measured)],
  };
}

function accuracyTable(measured: Measured, noise: number): StudyTable {
  return {
    title: `Accuracy on images, noise ${noise}`,
    columns: ['method', ...measured.shots.map((shots) => `${shots}-shot`)],
    rows: measured
      .arms()
      .map((arm) => [arm, ...measured.shots.map((shots) => meanText(measured.accuracy(arm, shots, noise)))]),
    note: 'FI: feature initialisation, MT: multi-branch training, AMU: both with uncertainty fusion. Without another word α is 2. Chosen hyperparameters: the most accurate on at most four validation rows a class, of equals the one of lower cross-entropy.',
  };
}

function shotsFigure(measured: Measured, noise: number): StudyFigure {
  return {
    title: `Accuracy by shots, noise ${noise}`,
    x: 'shots of each class',
    y: 'accuracy',
    points: drawn.flatMap((series) =>
      curve(series, measured.shots, (shots) => measured.accuracy(series, shots, noise)),
    ),
    note: 'Means over seeds.',
  };
}

function alphaFigure(measured: Measured): StudyFigure {
  return {
    title: 'What the uncertainty does to the choice of α',
    x: 'α',
    y: 'accuracy at 1 shot',
    points: ['FI + MT', 'AMU'].flatMap((series) =>
      curve(series, alphas, (alpha) => measured.accuracy(`${series} at α ${alpha}`, 1, claimedNoise)),
    ),
    note: 'The flatter curve is the one that a wrong α costs less.',
  };
}

function curve(series: string, at: readonly number[], values: (x: number) => readonly number[]): StudyFigure['points'] {
  return at.flatMap((x) => {
    const found = values(x);
    return found.length === 0 ? [] : [{ series, x, y: found.reduce((sum, value) => sum + value, 0) / found.length }];
  });
}
