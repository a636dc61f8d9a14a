import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DataError } from '../../../core/errors.ts';
import { checkedAs } from '../../../evaluation/executor/check-result.ts';
import type { CellWork } from '../../../evaluation/executor/job.ts';
import { studies } from '../../../evaluation/studies/index.ts';
import { figure, listOf, shapeOf } from '../../../evaluation/studies/json-shape.ts';
import type { Study, StudyCell, StudyOptions } from '../../../evaluation/studies/study.ts';
import { expectShaped } from '../../support/cell-value.ts';
import { memoryWorkspace } from '../../support/memory-workspace.ts';

const options: StudyOptions = { quick: true, dataset: 'builtin', seeds: 1 };

describe('a shape', () => {
  it('is of all that its type has: the compiler refuses another', () => {
    interface Row {
      readonly at: number;
      readonly note?: string;
      readonly of: readonly (number | null)[];
    }
    shapeOf<Row>()(z.strictObject({ at: figure, note: z.string(), of: z.array(figure) }));
    // @ts-expect-error a field less
    shapeOf<Row>()(z.strictObject({ at: figure, of: z.array(figure) }));
    // @ts-expect-error a field more
    shapeOf<Row>()(z.strictObject({ at: figure, note: z.string(), of: z.array(figure), by: z.string() }));
    // @ts-expect-error a field of another type
    shapeOf<Row>()(z.strictObject({ at: z.string(), note: z.string(), of: z.array(figure) }));
    // @ts-expect-error no list
    shapeOf<Row>()(z.strictObject({ at: figure, note: z.string(), of: figure }));
    // @ts-expect-error any text for one of two
    shapeOf<'a' | 'b'>()(z.string());
  });

  it('of a list has what the plan names, in its order', () => {
    const list = listOf(z.strictObject({ name: z.string() }), ['a', 'b'], ({ name }) => name);
    const issue = (...names: string[]): unknown => {
      const [first] = list.safeParse(names.map((name) => ({ name }))).error?.issues ?? [];
      return first === undefined ? null : [first.path, first.message];
    };
    expect(issue('a', 'b')).toBeNull();
    expect(issue('b', 'a')).toEqual([[0], "'b', expected 'a'"]);
    expect(issue('a', 'a')).toEqual([[1], "'a', expected 'b'"]);
    expect(issue('a')).toEqual([[], expect.stringContaining('2')]);
  });
});

describe('what a cell of a study came to elsewhere', () => {
  const work: CellWork = { kind: 'study-cell', study: 'grid-impact', options, id: 'x' };
  let cell: StudyCell;
  let value: { dcGrowth: number; ac: { shift: number }[] };
  beforeAll(async () => {
    cell = studies['grid-impact'].plan(options).cells![0]!;
    value = JSON.parse(JSON.stringify(await cell.run(() => {}, memoryWorkspace()))) as typeof value;
  }, 120_000);

  it('is taken as it is when it is of the shape that the study gives', () => {
    expect(checkedAs(cell.shape, work)(value)).toBe(value);
    // Null stands in JSON for what is no number.
    expect(() => checkedAs(cell.shape, work)({ ...value, dcGrowth: null })).not.toThrow();
  });

  it.each<[string, (good: typeof value) => unknown]>([
    ['nothing', () => null],
    ['text for a figure', (good) => ({ ...good, dcGrowth: '0' })],
    ['a figure less', ({ ac }) => ({ ac })],
    ['a key more', (good) => ({ ...good, html: '<script>' })],
    ['a row of another kind', (good) => ({ ...good, ac: [...good.ac, 1] })],
  ])('%s is a named error, with where', (_what, harm) => {
    const check = (): unknown => checkedAs(cell.shape, work)(harm(structuredClone(value)));
    expect(check).toThrow(DataError);
    expect(check).toThrow(/^a worker's value of cell 'x' of study grid-impact is malformed: \//);
  });

  it('is refused in whichever field it is wrong', () => expectShaped(cell.shape, value, ['ac']));
});

describe('every cell of every study', () => {
  const all: Readonly<Record<string, Study>> = studies;
  /** What no version does unasked, and parts that a version leaves to their names. */
  const asked: Readonly<Record<string, readonly (readonly string[])[]>> = {
    dhkd: [['images-large'], ['modes-large'], ['difficulty']],
    'scaling-law': [['entropy-images'], ['difficulty'], ['law-difficulty'], ['step-ll-trained']],
  };

  it.each(Object.keys(studies))('of %s has a shape, that takes neither nothing nor anything', (name) => {
    for (const quick of [true, false])
      for (const seeds of [1, 5])
        for (const only of [undefined, ...(asked[name] ?? [])]) {
          const cells = all[name]!.plan({ ...options, quick, seeds, only }).cells ?? [];
          if (name !== 'bifurcation' && only === undefined) expect(cells.length).toBeGreaterThan(0);
          for (const { id, shape } of cells) {
            const taken = [null, 0, '', {}, [0], [[]], { value: 1 }].filter((value) => shape.safeParse(value).success);
            expect([id, taken]).toEqual([id, []]);
          }
        }
  });
});
