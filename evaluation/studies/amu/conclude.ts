import { meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import { alphas, alphaText, fixedAlpha } from './arms.ts';
import { comparisonClaims, ingredientClaims, onLearnedClaims, uncertaintyClaims } from './claims.ts';
import { gainsTable } from './gains-table.ts';
import { Measured } from './measured.ts';
import { cellId, problemsOf } from './plan.ts';
import type { Part, Problem } from './plan.ts';
import type { ShotFigures } from './shot-figures.ts';

/** Methods that the figures draw: the tables have all. */
const drawn = [
  'zero-shot',
  'unadapted detector',
  'unadapted detector, both features',
  'Tip-Adapter',
  'Tip-Adapter-F',
  'linear probe',
  'same features, AMU',
  'FI + MT',
  'AMU',
];

/** The published baselines. */
const baselines = ['zero-shot', 'Tip-Adapter', 'Tip-Adapter-F', 'linear probe'];
/** The same with the auxiliary features that AMU-Tuning has and they were not meant to get. */
const controls = [
  'Tip-Adapter, auxiliary features',
  'Tip-Adapter-F, auxiliary features',
  'linear probe, both features',
];
const beyond = ' (a control beyond the paper)';

/** Parts at the difficulty that claims are about. */
const claimed: readonly Part[] = ['latents', 'images', 'buildings'];

/** Tables, curves and claims from what the cells found. */
export function conclude(
  options: StudyOptions,
  _outcomes: ReadonlyMap<string, unknown>,
  cells: ReadonlyMap<string, unknown>,
): StudyConclusion {
  const found = problemsOf(options).map((problem) => ({
    problem,
    measured: new Measured(
      Array.from(
        { length: problem.seeds(options.seeds) },
        (_, seed) => cells.get(cellId(problem.id, seed)) as ShotFigures | undefined,
      ),
    ),
  }));
  const latents = found.filter(({ problem }) => problem.part === 'latents' || problem.part === 'latents-range');
  return {
    claims: found.flatMap(({ problem, measured }) => claimsOf(problem, measured)),
    tables: [
      ...(latents.length > 1 ? [gainsTable(latents)] : []),
      ...found.map(({ problem, measured }) => accuracyTable(problem, measured)),
    ],
    figures: found.flatMap(({ problem, measured }) => [
      shotsFigure(problem, measured),
      ...(claimed.includes(problem.part) ? [alphaFigure(problem, measured)] : []),
    ]),
  };
}

/** Of the three problems at their claimed difficulty; of the larger one, what may hold there. The other difficulties make no claims. */
function claimsOf({ part, shots, title }: Problem, measured: Measured): readonly Claim[] {
  if (part === 'latents') {
    const fixed = alphaText(fixedAlpha);
    return [
      ...ingredientClaims('latents', measured, shots),
      ...uncertaintyClaims('latents', measured, shots),
      // Nothing of AMU-Tuning is chosen here; the others' settings are, on more rows than there are shots.
      ...comparisonClaims('latents', measured, [1], baselines, '', fixed),
      ...comparisonClaims('latents', measured, [1], controls, beyond, fixed),
    ];
  }
  if (part === 'images')
    return [
      ...ingredientClaims('images', measured, shots),
      ...uncertaintyClaims('images', measured, shots),
      ...comparisonClaims('images', measured, [1], baselines),
      ...comparisonClaims('images', measured, [1], controls, beyond),
    ];
  if (part === 'images-large') return uncertaintyClaims(title, measured, shots);
  if (part === 'buildings')
    return [
      ...comparisonClaims('buildings', measured, [1, 4], [...baselines, 'unadapted detector']),
      ...comparisonClaims('buildings', measured, [1, 4], [...controls, 'unadapted detector, both features'], beyond),
      ...onLearnedClaims('buildings', measured, [1, Math.max(...shots)]),
      ...ingredientClaims('buildings', measured, shots),
      ...uncertaintyClaims('buildings', measured, shots),
    ];
  return [];
}

function accuracyTable({ title, shots }: Problem, measured: Measured): StudyTable {
  const row = (name: string, method: string, setting?: string): (string | null)[] => [
    name,
    ...shots.map((count) => meanText(measured.accuracy(method, count, setting))),
  ];
  const methods = measured.methods();
  return {
    title: `Accuracy: ${title}`,
    columns: ['method', ...shots.map((count) => `${count}-shot`)],
    rows: [
      ...methods.map((method) => row(method, method)),
      ...['FI + MT', 'AMU'].flatMap((method) =>
        alphas.map((alpha) => row(`${method} at ${alphaText(alpha)}`, method, alphaText(alpha))),
      ),
    ],
    note: 'FI: feature initialisation, MT: multi-branch training, AMU: both with uncertainty fusion. Without another word the hyperparameters are those that validation chose: the most accurate, of equals those of lower cross-entropy; a method without a choice has α = 2.',
  };
}

function shotsFigure({ title, shots }: Problem, measured: Measured): StudyFigure {
  return {
    title: `Accuracy by shots: ${title}`,
    x: 'shots of each class',
    y: 'accuracy',
    points: drawn.flatMap((series) => curve(series, shots, (count) => measured.accuracy(series, count))),
    note: 'Means over seeds.',
  };
}

function alphaFigure({ title }: Problem, measured: Measured): StudyFigure {
  return {
    title: `What the uncertainty does to the choice of α: ${title}`,
    x: 'α',
    y: 'accuracy at 1 shot',
    points: ['FI + MT', 'AMU'].flatMap((series) =>
      curve(series, alphas, (alpha) => measured.accuracy(series, 1, alphaText(alpha))),
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
