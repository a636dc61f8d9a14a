import { meanText } from '../seeds.ts';
import type { Cell, Claim, StudyOptions, StudyTable } from '../study.ts';
import { scaleSizes } from './bandit-sizes.ts';
import { cellId, partsOf } from './plan.ts';
import type { ScaleFigures } from './scale-cell.ts';
import { exceedsOnSeeds } from './verdict.ts';

type Cells = ReadonlyMap<string, unknown>;

/** Squared against soft cross-entropy loss where there is more to learn from. */
export function scaleClaims(options: StudyOptions, cells: Cells): Claim[] {
  return scales(options, cells).map(({ annotators, found }) =>
    exceedsOnSeeds(
      `Squared loss is better than soft cross-entropy at a larger scale, h = ${annotators} (the prototypes tied)`,
      found.map(({ irepo, softDpo }) => irepo - softDpo),
      0,
      'difference of J; 4096 contexts, 64 actions, two layers of 128',
    ),
  );
}

function scales(options: StudyOptions, cells: Cells): { annotators: number; found: ScaleFigures[] }[] {
  if (!partsOf(options).includes('scale')) return [];
  return Object.entries(scaleSizes(options)).map(([name, { annotators }]) => ({
    annotators,
    found: Array.from(
      { length: options.seeds },
      (_, seed) => cells.get(cellId('scale', name, seed)) as ScaleFigures | undefined,
    ).filter((figures) => figures !== undefined),
  }));
}

export function scaleTable(options: StudyOptions, cells: Cells): StudyTable[] {
  const rows = scales(options, cells).map(({ annotators, found }): Cell[] => [
    annotators,
    meanText(
      found.map(({ irepo }) => irepo),
      4,
    ),
    meanText(
      found.map(({ softDpo }) => softDpo),
      4,
    ),
    meanText(
      found.map(({ irepo, softDpo }) => irepo - softDpo),
      4,
    ),
    meanText(
      found.map(({ optimum }) => optimum),
      4,
    ),
  ]);
  if (rows.length === 0) return [];
  return [
    {
      title: 'Squared against soft cross-entropy loss at a larger scale',
      columns: ['h', 'J, squared', 'J, soft cross-entropy', 'difference', 'J*'],
      rows,
      note: '4096 contexts, 64 actions, two hidden layers of 128; rate and length chosen on validation contexts, as many trials for each.',
    },
  ];
}
