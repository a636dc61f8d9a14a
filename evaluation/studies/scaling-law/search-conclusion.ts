import { exceeds, meanText } from '../seeds.ts';
import type { StudyConclusion, StudyFigure, StudyOptions } from '../study.ts';
import { searchId } from './plan.ts';
import { searchEpsilon } from './search-arm.ts';
import type { JudgedArchitecture, SearchCell, SearchedChild } from './search-arm.ts';
import { sizeOf } from './size.ts';

type Judged = 'found' | 'foundAtRandom' | 'median' | 'baseline';

const rows: Readonly<Record<Judged, string>> = {
  found: 'controller, best',
  foundAtRandom: 'random search, best',
  median: 'random search, median',
  baseline: 'plain MLP of equal size',
};

/** The architecture search: whether the controller learns, and whether what it finds is more robust than what else there is. */
export function searchConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const { difficulties } = sizeOf(options);
  const of = (difficulty: number): SearchCell[] =>
    Array.from(
      { length: options.seeds },
      (_, seed) => cells.get(searchId(difficulty, seed)) as SearchCell | undefined,
    ).filter((cell) => cell !== undefined);
  const found = of(1);
  if (found.length === 0) return { claims: [], tables: [], figures: [] };
  const above = (other: Judged, key: 'marginPgd' | 'transfer'): number[] =>
    found.map((cell) => cell.found[key] - cell[other][key]);
  const advantage = 'test accuracy of the controller’s best above it';
  return {
    claims: [
      exceeds(
        'the controller learns: its last quarter of children is more robust than its first',
        found.map(({ controller }) => learned(controller)),
        2,
        'difference of means, in standard errors',
      ),
      exceeds(
        'what it finds beats the median random child',
        above('median', 'marginPgd'),
        0,
        `${advantage}, margin PGD`,
      ),
      exceeds(
        'what it finds is no worse than the best of a random search as long',
        above('foundAtRandom', 'marginPgd'),
        -0.01,
        `${advantage}, margin PGD`,
      ),
      exceeds(
        'it is more robust than the plain network of equal parameters, white box',
        above('baseline', 'marginPgd'),
        0,
        `${advantage}, margin PGD`,
      ),
      exceeds(
        'it is more robust than the plain network of equal parameters, black box',
        above('baseline', 'transfer'),
        0,
        `${advantage}, transfer`,
      ),
      exceeds(
        'robust accuracy goes with clean accuracy more than with parameters',
        found.map(({ correlation }) => correlation.clean - Math.abs(correlation.parameters)),
        0,
        'Spearman with clean accuracy above that with parameters',
      ),
    ],
    tables: [
      {
        title: 'What the search finds',
        columns: [
          'architecture',
          'difficulty',
          'parameters',
          'clean',
          'FGSM',
          'PGD',
          'margin PGD',
          'transfer',
          'found on the first seed',
        ],
        rows: difficulties.flatMap((difficulty) =>
          (Object.keys(rows) as Judged[]).map((key) => {
            const judged = of(difficulty).map((cell) => cell[key]);
            const text = (figure: Exclude<keyof JudgedArchitecture, 'name'>, digits = 3): string =>
              meanText(
                judged.map((one) => one[figure]),
                digits,
              ).replaceAll('+', '');
            return [
              rows[key],
              difficulty,
              text('parameters', 0),
              text('clean'),
              text('fgsm'),
              text('pgd'),
              text('marginPgd'),
              text('transfer'),
              judged[0]?.name ?? null,
            ];
          }),
        ),
        note: `Test accuracy at ε = ${searchEpsilon}, each architecture trained afresh three times. The reward is accuracy under PGD on validation rows. Transfer: from a plain MLP 64-64 of its own training.`,
      },
    ],
    figures: [rewards(found)],
  };
}

/** `(mean of the last quarter − mean of the first)/SE`. */
function learned(children: readonly SearchedChild[]): number {
  const quarter = Math.max(2, Math.floor(children.length / 4));
  const moments = (some: readonly SearchedChild[]): readonly [mean: number, squaredError: number] => {
    const mean = some.reduce((sum, { reward }) => sum + reward, 0) / some.length;
    const variance = some.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0) / (some.length - 1);
    return [mean, variance / some.length];
  };
  const [early, earlyError] = moments(children.slice(0, quarter));
  const [late, lateError] = moments(children.slice(-quarter));
  return (late - early) / Math.sqrt(Math.max(1e-12, earlyError + lateError));
}

/** Mean reward of each batch of four, over seeds. */
function rewards(found: readonly SearchCell[]): StudyFigure {
  const curve = (key: 'controller' | 'random', series: string): StudyFigure['points'] =>
    Array.from({ length: Math.ceil(found[0]!.controller.length / 4) }, (_, batch) => {
      const some = found.flatMap((cell) => cell[key].slice(4 * batch, 4 * batch + 4));
      return { series, x: 4 * batch + 4, y: some.reduce((sum, { reward }) => sum + reward, 0) / some.length };
    });
  return {
    title: 'Reward along the search',
    x: 'children',
    y: 'accuracy under PGD, validation',
    points: [...curve('controller', 'controller'), ...curve('random', 'random')],
    note: 'Means of four children over seeds, difficulty 1.',
  };
}
