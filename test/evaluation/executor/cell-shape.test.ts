import { beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../../../core/errors.ts';
import { checkedAs } from '../../../evaluation/executor/check-result.ts';
import type { CellWork } from '../../../evaluation/executor/job.ts';
import { studies } from '../../../evaluation/studies/index.ts';
import type { StudyCell, StudyOptions } from '../../../evaluation/studies/study.ts';
import { memoryWorkspace } from '../../support/memory-workspace.ts';

const options: StudyOptions = { quick: true, dataset: 'builtin', seeds: 1 };

describe('what a cell of a study came to elsewhere', () => {
  const work: CellWork = { kind: 'study-cell', study: 'grid-impact', options, id: 'x' };
  let cell: StudyCell;
  let value: { dcGrowth: number; ac: { shift: number }[] };
  beforeAll(async () => {
    cell = studies['grid-impact'].plan(options).cells![0]!;
    value = JSON.parse(JSON.stringify(await cell.run(() => {}, memoryWorkspace()))) as typeof value;
  }, 120_000);

  it('is taken as it is when it is of the shape that the study gives', () => {
    expect(checkedAs(cell.shape!, work)(value)).toBe(value);
    // Null stands in JSON for what is no number.
    expect(() => checkedAs(cell.shape!, work)({ ...value, dcGrowth: null })).not.toThrow();
  });

  it.each<[string, (good: typeof value) => unknown]>([
    ['nothing', () => null],
    ['text for a figure', (good) => ({ ...good, dcGrowth: '0' })],
    ['a figure less', ({ ac }) => ({ ac })],
    ['a key more', (good) => ({ ...good, html: '<script>' })],
    ['a row of another kind', (good) => ({ ...good, ac: [...good.ac, 1] })],
  ])('%s is a named error, with where', (_what, harm) => {
    const check = (): unknown => checkedAs(cell.shape!, work)(harm(structuredClone(value)));
    expect(check).toThrow(DataError);
    expect(check).toThrow(/^a worker's value of cell 'x' of study grid-impact is malformed: \//);
  });

  it('has a shape in every cell of amu, grid-impact and steer', () => {
    for (const name of ['amu', 'grid-impact', 'steer'] as const)
      for (const one of studies[name].plan(options).cells!)
        expect([one.id, one.shape !== undefined]).toEqual([one.id, true]);
  });
});
