import { readFileSync } from 'node:fs';
import { parseNumbers } from '../core/csv.ts';
import { DataError } from '../core/errors.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import type { SeriesLoads } from '../sim/grid/series.ts';

/** Columns that say when a row is, and are not read. */
const clock = new Set(['step', 'hour', 'time']);

/**
 * Loads of a network step by step: a CSV with a row a step and columns `p_BUS` (MW), `q_BUS` (MVAr) and `scale`, a multiple of all loads that no column names. A bus with P alone keeps its case's Q/P.
 * @throws {DataError} with line and column of what is damaged, or of a column that names no bus
 */
export function readSeriesLoads(file: string, { bus, name }: GridCase): SeriesLoads {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
  const { head, columns, rows } = parseNumbers(text, file);
  const p = new Map<number, Float64Array>();
  const q = new Map<number, Float64Array>();
  let scale: Float64Array | undefined;
  head.forEach((column, c) => {
    const values = columns[c]!;
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new DataError(`${column} is ${values[bad]}, expected a finite number`, {
        place: { file, line: bad + 2, column: c + 1 },
      });
    const [, kind, number] = /^([pq])_(\d+)$/i.exec(column) ?? [];
    if (column === 'scale') scale = values;
    else if (kind !== undefined) {
      const row = bus.bus.indexOf(Number(number));
      if (row < 0)
        throw new DataError(`column '${column}': ${name} has no bus ${number}`, {
          place: { file, line: 1, column: c + 1 },
        });
      (kind.toLowerCase() === 'p' ? p : q).set(row, values);
    } else if (!clock.has(column))
      throw new DataError(`column '${column}', expected p_BUS, q_BUS, scale, or ${[...clock].join(', ')}`, {
        place: { file, line: 1, column: c + 1 },
      });
  });
  if (p.size + q.size === 0 && scale === undefined)
    throw new DataError('has no column of loads, expected p_BUS, q_BUS or scale', { place: { file, line: 1 } });
  const named = (row: number): boolean => p.has(row) || q.has(row);
  const others = [...bus.bus.keys()].filter((row) => !named(row));
  const tangent = bus.Pd.map((own, row) => (own === 0 ? 0 : bus.Qd[row]! / own));
  return {
    steps: rows,
    fill(step, intoP, intoQ, offset, stride) {
      const by = scale === undefined ? 1 : scale[step]!;
      for (const row of others) {
        intoP[offset + row * stride] = by * bus.Pd[row]!;
        intoQ[offset + row * stride] = by * bus.Qd[row]!;
      }
      for (const [row, values] of q) {
        intoQ[offset + row * stride] = values[step]!;
        if (!p.has(row)) intoP[offset + row * stride] = bus.Pd[row]!;
      }
      for (const [row, values] of p) {
        intoP[offset + row * stride] = values[step]!;
        if (!q.has(row)) intoQ[offset + row * stride] = values[step]! * tangent[row]!;
      }
    },
  };
}
