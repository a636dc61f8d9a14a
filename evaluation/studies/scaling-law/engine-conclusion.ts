import { exceeds, meanText } from '../seeds.ts';
import type { StudyConclusion, StudyOptions } from '../study.ts';
import type { RobustnessEstimate } from '../../robustness-estimate.ts';
import type { EngineCell } from './engine-arm.ts';
import { shippedSeeds } from './law-arms.ts';
import { checkedModels, engineId } from './plan.ts';
import { all, within } from './within.ts';

/** The law beside the testbed's own attack engine: equal success of the same attack, and success foretold without one. */
export function engineConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const seeds = Array.from({ length: Math.min(options.seeds, shippedSeeds) }, (_, seed) => seed);
  const found = Object.keys(checkedModels).flatMap((name) => {
    const kept = seeds.flatMap((seed) => (cells.get(engineId(name, seed)) as EngineCell | undefined) ?? []);
    if (kept.length === 0) return [];
    return (['cross-entropy', 'margin'] as const).map((objective) => ({
      name: `${name}, ${objective}`,
      objective,
      own: kept.map((cell) => cell[objective]),
    }));
  });
  if (found.length === 0) return { claims: [], tables: [], figures: [] };
  return {
    claims: [
      all(
        'the attack engine’s FGSM changes the same decisions, on 99.5 % of rows or more at every ε',
        found.map(({ name, own }) =>
          exceeds(
            name,
            own.map(({ points }) => Math.min(...points.map(({ same }) => same ?? 0))),
            0.995,
            'least share of rows',
          ),
        ),
      ),
      all(
        'A ε foretells the success of the attack engine’s FGSM within a factor of 1.5 in the mean over ε, without an attack',
        found.map(({ name, own }) =>
          within(
            name,
            own.map(({ points }) => geometricMean(points.map(({ law, engine }) => law / (engine ?? 0)))),
            [1 / 1.5, 1.5],
            'A ε over success',
          ),
        ),
      ),
      all(
        'in the direction of the margin, that of its PGD within a factor of 2',
        found
          .filter(({ objective }) => objective === 'margin')
          .map(({ name, own }) =>
            within(
              name,
              own.map(({ points }) => geometricMean(points.map(({ law, pgd }) => law / (pgd ?? 0)))),
              [1 / 2, 2],
              'A ε over success',
            ),
          ),
      ),
    ],
    tables: [
      {
        title: 'Beside the attack engine',
        columns: [
          'policy, direction',
          'A',
          'A ε',
          'ε',
          'FGSM, engine',
          'FGSM, here',
          'rows alike',
          'by linear response',
          'PGD, engine',
        ],
        rows: found.flatMap(({ name, own }) =>
          own[0]!.points.map((_, at) => {
            const text = (of: (cell: RobustnessEstimate) => number, digits = 4): string =>
              meanText(own.map(of), digits).replaceAll('+', '');
            return [
              name,
              text((cell) => cell.prefactor.value, 1),
              text((cell) => cell.points[at]!.law),
              text((cell) => cell.points[at]!.epsilon, 6),
              text((cell) => cell.points[at]!.engine ?? 0),
              text((cell) => cell.points[at]!.own),
              text((cell) => cell.points[at]!.same ?? 0),
              text((cell) => cell.points[at]!.predicted),
              text((cell) => cell.points[at]!.pgd ?? 0),
            ];
          }),
        ),
        note: 'Shares of decisions changed on rows of the clean year, within the engine’s box [0, 1]: a sign that would leave it counts as 0, and A is that of these signs. PGD has twenty steps on the engine’s own objective, the margin.',
      },
    ],
    figures: [],
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
