import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvText, float32Text, parseNumbers } from '../../core/csv.ts';
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

/** A float32 of any bit pattern: normal, subnormal, ±0, ±∞, NaN. */
const float32 = fc
  .oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.integer({ min: 0, max: 0x007f_ffff }), // subnormal
    fc.integer({ min: 0, max: 254 }).map((exponent) => exponent * 0x0080_0000), // 2^k
    fc.constantFrom(0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f7f_ffff, 1, 0x007f_ffff, 0x0080_0000),
  )
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0]!);
const digitsOf = (text: string): number =>
  text
    .replace(/e.*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '').length;

describe('a float32 as text', () => {
  it('reads back to the same bits, and no decimal of fewer digits does', () => {
    fc.assert(
      fc.property(float32, (value) => {
        const text = float32Text(value);
        if (Number.isNaN(value)) {
          expect(text).toBe('');
          return;
        }
        expect(Math.fround(Number(text))).toBe(value);
        const digits = digitsOf(text);
        expect(digits).toBeLessThanOrEqual(9);
        if (!Number.isFinite(value) || value === 0 || digits < 2) return;
        // The two decimals of one digit less around it read as other numbers.
        const [mantissa, exponent] = Math.abs(value)
          .toExponential(digits - 2)
          .split('e');
        const whole = BigInt(mantissa!.replace('.', ''));
        for (const near of [whole - 1n, whole, whole + 1n])
          expect(Math.fround(Number(`${near}e${Number(exponent) - digits + 2}`))).not.toBe(Math.abs(value));
      }),
      { numRuns: 20_000 },
    );
  });

  // Python 3.11, numpy 2.4: numpy.format_float_scientific(numpy.float32(x), unique=True, trim='-')
  it.each([
    [1.4945166666666674, '1.4945166'],
    [0.1, '0.1'],
    [1 / 3, '0.33333334'],
    [1e-7, '1e-7'],
    [2 ** -149, '1e-45'],
    [2 ** -126, '1.1754944e-38'],
    [2 ** -96, '1.2621775e-29'],
    [2 ** 87, '1.5474251e+26'],
    [-(2 ** 90), '-1.2379401e+27'],
    [3.4028234663852886e38, '3.4028235e+38'],
    [16777217, '16777216'],
    [1703448.25, '1703448.2'],
    [1703448.75, '1703448.8'],
    [-1783915.25, '-1783915.2'],
    [-0, '-0'],
    [-Infinity, '-Infinity'],
    [Number.NaN, ''],
  ])('%f is %s, as NumPy has it', (value, text) => {
    expect(float32Text(value)).toBe(text);
  });

  it('makes a cell of a table', () => {
    const values = [1.1, Number.NaN, -0].map(Math.fround);
    expect(csvText(['x'], 3, (row) => float32Text(values[row]!))).toBe('x\n1.1\n\n-0\n');
  });

  it('prints a year of sixty columns in a moment', () => {
    const values = Float32Array.from({ length: 60 * 8760 }, (_, k) => Math.sin(k) * 10 ** (k % 7));
    const from = performance.now();
    const text = csvText(
      Array.from({ length: 60 }, (_, c) => `c${c}`),
      8760,
      (t, c) => float32Text(values[t * 60 + c]!),
    );
    const seconds = (performance.now() - from) / 1000;
    expect(text.length).toBeGreaterThan(1e6);
    expect(seconds).toBeLessThan(5); // 0.4 s alone; the machine may be busy
  });
});
