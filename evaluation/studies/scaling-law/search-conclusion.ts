import { exceeds, meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyFigure, StudyOptions } from '../study.ts';
import { detectorId, searchId } from './plan.ts';
import type { JudgedArchitecture, SearchCell, SearchedChild } from './search-arm.ts';
import { sizeOf } from './size.ts';

type Judged = 'found' | 'foundAtRandom' | 'median' | 'baseline' | 'foundHardened' | 'baselineHardened';

const rows: Readonly<Record<Judged, string>> = {
  found: 'controller, best',
  foundAtRandom: 'random search, best',
  median: 'random search, median',
  baseline: 'plain MLP of equal size',
  foundHardened: 'controller, best, trained with step l.l.',
  baselineHardened: 'plain MLP of equal size, trained with step l.l.',
};

/** The architecture search: whether the controller learns, and whether what it finds is more robust than what else there is. */
export function searchConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const of = (id: (seed: number) => string): SearchCell[] =>
    seeds.flatMap((seed) => (cells.get(id(seed)) as SearchCell | undefined) ?? []);
  const { difficulties } = sizeOf(options);
  const parts = [
    concluded(
      'vectors',
      difficulties.map((difficulty) => ({ difficulty, found: of((seed) => searchId(difficulty, seed)) })),
    ),
    concluded('attack detector', [{ difficulty: 1, found: of(detectorId) }]),
  ];
  return {
    claims: parts.flatMap(({ claims }) => claims),
    tables: parts.flatMap(({ tables }) => tables),
    figures: parts.flatMap(({ figures }) => figures),
  };
}

/** @param on what was searched for  @param ranges the cells of each difficulty; claims are about difficulty 1 */
function concluded(
  on: string,
  ranges: readonly { readonly difficulty: number; readonly found: readonly SearchCell[] }[],
): StudyConclusion {
  const measured = ranges.filter(({ found: cells }) => cells.length > 0);
  const found = measured.find(({ difficulty }) => difficulty === 1)?.found ?? [];
  if (measured.length === 0) return { claims: [], tables: [], figures: [] };
  const above = (one: Judged, other: Judged, key: 'marginPgd' | 'transfer' | 'alike'): number[] =>
    found.map((cell) => cell[one][key] - cell[other][key]);
  const advantage = 'test accuracy of the controller’s best above it';
  const claims = (): Claim[] => [
    exceeds(
      `${on}: the controller learns, its last 20 children are more robust than its first 20`,
      found.map(({ controller }) => learned(controller)),
      2,
      'difference of means, in standard errors',
    ),
    exceeds(
      `${on}: what it finds beats the median random child`,
      above('found', 'median', 'marginPgd'),
      0,
      `${advantage}, margin PGD`,
    ),
    exceeds(
      `${on}: what it finds is no worse than the best of a random search with as many trainings`,
      above('found', 'foundAtRandom', 'marginPgd'),
      -0.01,
      `${advantage}, margin PGD`,
    ),
    exceeds(
      `${on}: it is more robust than the plain network of equal parameters, white box`,
      above('found', 'baseline', 'marginPgd'),
      0,
      `${advantage}, margin PGD`,
    ),
    exceeds(
      `${on}: it is more robust than the plain network of equal parameters, black box by a plain network`,
      above('found', 'baseline', 'transfer'),
      0,
      `${advantage}, transfer`,
    ),
    exceeds(
      `${on}: and black box by networks of each one’s own architecture`,
      above('found', 'baseline', 'alike'),
      0,
      `${advantage}, transfer`,
    ),
    exceeds(
      `${on}: so it is when both are trained with step l.l.`,
      above('foundHardened', 'baselineHardened', 'marginPgd'),
      0,
      `${advantage}, margin PGD`,
    ),
    exceeds(
      `${on}: robust accuracy goes with clean accuracy more than with parameters`,
      found.map(({ correlation }) => correlation.clean - Math.abs(correlation.parameters)),
      0,
      'Spearman with clean accuracy above that with parameters',
    ),
  ];
  return {
    claims: found.length === 0 ? [] : claims(),
    tables: [
      {
        title: `What the search finds: ${on}`,
        columns: [
          'architecture',
          'difficulty',
          'parameters',
          'clean',
          'FGSM',
          'PGD',
          'margin PGD',
          'transfer, plain',
          'transfer, alike',
          'found on the first seed',
        ],
        rows: measured.flatMap(({ difficulty, found: cells }) =>
          (Object.keys(rows) as Judged[]).map((key) => {
            const judged = cells.map((cell) => cell[key]);
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
              text('alike'),
              judged[0]?.name ?? null,
            ];
          }),
        ),
        note: 'Test accuracy, each architecture trained afresh three times. The reward is accuracy under PGD on validation rows; no child has more parameters than a plain MLP 64-64. Transfer: of margin PGD on a plain MLP 64-64, which is unlike what is found, and on a network of the judged architecture from another training.',
      },
      {
        title: `How the search went: ${on}`,
        columns: [
          'difficulty',
          'children asked for',
          'first 20',
          'last 20',
          'best',
          'best at random',
          'Spearman with clean accuracy',
          'with parameters',
        ],
        rows: measured.map(({ difficulty, found: cells }) => {
          const text = (of: (cell: SearchCell) => number, digits = 3): string =>
            meanText(cells.map(of), digits).replaceAll('+', '');
          return [
            difficulty,
            text(({ controller }) => controller.length, 0),
            text(({ controller }) => ends(controller).first.mean),
            text(({ controller }) => ends(controller).last.mean),
            text(({ controller }) => Math.max(...controller.map(({ reward }) => reward))),
            text(({ random }) => Math.max(...random.map(({ reward }) => reward))),
            text(({ correlation }) => correlation.clean),
            text(({ correlation }) => correlation.parameters),
          ];
        }),
        note: 'Rewards, on validation rows. A child that is asked for again is in the means again, and is not trained again.',
      },
    ],
    figures: found.length === 0 ? [] : [rewards(on, found)],
  };
}

/** `(mean of the last 20 − mean of the first)/SE`. */
function learned(children: readonly SearchedChild[]): number {
  const { first, last } = ends(children);
  return (last.mean - first.mean) / Math.sqrt(Math.max(1e-12, first.squaredError + last.squaredError));
}

interface Moments {
  readonly mean: number;
  readonly squaredError: number;
}

/** Rewards of the first and the last 20 children, or halves of fewer than 40. */
function ends(children: readonly SearchedChild[]): { readonly first: Moments; readonly last: Moments } {
  const count = Math.max(2, Math.min(20, Math.floor(children.length / 2)));
  const moments = (some: readonly SearchedChild[]): Moments => {
    const mean = some.reduce((sum, { reward }) => sum + reward, 0) / some.length;
    const variance = some.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0) / (some.length - 1);
    return { mean, squaredError: variance / some.length };
  };
  return { first: moments(children.slice(0, count)), last: moments(children.slice(-count)) };
}

/** Mean reward of each four children asked for, over the seeds that asked for so many. */
function rewards(on: string, found: readonly SearchCell[]): StudyFigure {
  const curve = (key: 'controller' | 'random', series: string): StudyFigure['points'] => {
    const asked = Math.min(...found.map((cell) => cell[key].length));
    return Array.from({ length: Math.floor(asked / 4) }, (_, batch) => {
      const some = found.flatMap((cell) => cell[key].slice(4 * batch, 4 * batch + 4));
      return { series, x: 4 * batch + 4, y: some.reduce((sum, { reward }) => sum + reward, 0) / some.length };
    });
  };
  return {
    title: `Reward along the search: ${on}`,
    x: 'children',
    y: 'accuracy under PGD, validation',
    points: [...curve('controller', 'controller'), ...curve('random', 'random')],
    note: 'Means of four children over seeds, difficulty 1.',
  };
}
