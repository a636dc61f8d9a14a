import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText, parseNumbers } from '../../core/csv.ts';
import { DataError, FaultlineError } from '../../core/errors.ts';

const columnsOf = (text: string): number[][] => parseNumbers(text, 'x.csv').columns.map((column) => [...column]);

/** A column name as files have them, or worse; a cell is one line. */
const name = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'B', '7', '_', ' ', ',', '"', '°', '[') })
  .filter((text) => text.trim() !== '');
const table = fc.uniqueArray(name, { minLength: 1, maxLength: 6 }).chain((head) =>
  fc.record({
    head: fc.constant(head),
    rows: fc.array(
      fc.tuple(...head.map(() => fc.oneof(fc.double({ noDefaultInfinity: true }), fc.integer(), fc.constant(-0)))),
      {
        maxLength: 20,
      },
    ),
  }),
);

describe('CSV', () => {
  it('that we print is read back to the same bits, -0 and NaN too', () => {
    fc.assert(
      fc.property(table, ({ head, rows }) => {
        const text = csvText(head, rows.length, (row, column) => rows[row]![column]!);
        const read = parseNumbers(text, 'x.csv');
        expect(read.head).toEqual(head);
        expect(read.rows).toBe(rows.length);
        rows.forEach((row, t) => row.forEach((value, c) => expect(read.columns[c]![t]).toBe(value)));
      }),
      { numRuns: 500 },
    );
  });

  it('is decimal: no hexadecimal, no words, but blanks and nan are missing values', () => {
    expect(columnsOf('a,b\n1,2.5\n-3e-2,+.5\n')).toEqual([
      [1, -0.03],
      [2.5, 0.5],
    ]);
    expect(columnsOf('a,b\n,NaN\n nan , 7.0 \n')).toEqual([
      [Number.NaN, Number.NaN],
      [Number.NaN, 7],
    ]);
    expect(parseNumbers('a,b\n', 'x.csv').columns).toEqual([new Float64Array(0), new Float64Array(0)]);
  });

  it('may have a byte order mark, CRLF, quotes and empty lines at its end', () => {
    const plain = parseNumbers('a,b c\n1,2\n3,4\n', 'x.csv');
    for (const text of [
      '\uFEFFa,b c\n1,2\n3,4',
      'a,b c\r\n1,2\r\n3,4\r\n\r\n',
      '"a","b c"\n"1",2\n3,"4"\n',
      ' a , b c \n1, 2\n3,4\n',
    ])
      expect(parseNumbers(text, 'x.csv')).toEqual(plain);
    expect(parseNumbers('"a, b","say ""c"""\n1,2\n', 'x.csv').head).toEqual(['a, b', 'say "c"']);
  });

  it.each([
    ['', 'x.csv:1: is empty, expected a line of column names'],
    ['\n\n', 'x.csv:1: is empty'],
    ['a,b,a\n', "x.csv:1:3: column 'a' stands there twice"],
    ['a,b\n1,2\n3\n', 'x.csv:3: 1 cells, expected 2'],
    ['a,b\n1,2,3\n', 'x.csv:2: 3 cells, expected 2'],
    ['a,b\n1,2\n\n3,4\n', 'x.csv:3: 1 cells, expected 2'],
    ['a,b\n1,two\n', "x.csv:2:2: 'two' is not a number (column 'b')"],
    ['a,b\n1,0x10\n', "x.csv:2:2: '0x10' is not a number (column 'b')"],
    ['a,b\n1,1_000\n', "x.csv:2:2: '1_000' is not a number"],
    ['a\n1e\n', "x.csv:2:1: '1e' is not a number"],
    ['a,b\n1,1.2.3\n', "x.csv:2:2: '1.2.3' is not a number"],
    ['a,b\n-Infinity,1\n', "x.csv:2:1: '-Infinity' is not finite (column 'a')"],
    ['a,b\n1e999,1\n', "x.csv:2:1: '1e999' is not finite (column 'a')"],
    ['a,b\n1,"2\n', `x.csv:2:2: '"2' is not a number`],
    ['a,b\n"1,2\n', 'x.csv:2: 1 cells, expected 2'],
  ])('damage is a DataError with its place: %j', (text, message) => {
    expect(() => parseNumbers(text, 'x.csv')).toThrow(DataError);
    expect(() => parseNumbers(text, 'x.csv')).toThrow(message);
  });

  it('quotes text that would read differently bare', () => {
    const text = csvText(['name', 'value'], 3, (row, column) =>
      column === 0 ? ['plain', 'a,b', 'say "hi"'][row]! : [1, null, Number.NaN][row]!,
    );
    expect(text).toBe('name,value\nplain,1\n"a,b",\n"say ""hi""",\n');
  });

  it('reads any text or refuses it by name, never otherwise', () => {
    fc.assert(
      fc.property(
        fc.string({
          maxLength: 200,
          unit: fc.constantFrom('a', '1', '.', '-', 'e', '"', ',', '\r', '\n', ' ', '\0', 'é'),
        }),
        (text) => {
          try {
            const { head, columns, rows } = parseNumbers(text, 'x.csv');
            expect(columns).toHaveLength(head.length);
            for (const column of columns) expect(column).toHaveLength(rows);
          } catch (error) {
            if (!(error instanceof FaultlineError)) throw error;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
