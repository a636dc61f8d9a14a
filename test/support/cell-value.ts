import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ZodType } from 'zod';
import { DataError } from '../../core/errors.ts';
import { checkedAs } from '../../evaluation/executor/check-result.ts';

type Path = readonly (string | number)[];
type Harm = (copy: { root: unknown }, path: Path) => void;

/** A harm to one kind of place, whichever of a list it is in, and where it may be done. */
interface Harmful {
  readonly what: string;
  readonly places: Path[];
  readonly harm: Harm;
  /** Said of the place itself; absent: of it, or of what is in it. */
  readonly exactly?: true;
}

const check = (shape: ZodType) =>
  checkedAs(shape, { kind: 'study-cell', study: 'some', options: { quick: true, dataset: 'builtin', seeds: 1 }, id: 'x' }); // prettier-ignore

/**
 * A value that a cell really returned is taken as it travels; without one of its fields, with one more, or one of another type, it is a named
 * error with the place. Every field is harmed in every way, in entries of lists that are drawn.
 * @param fixed lists whose length is fixed, such as `reference/burden`, entries of lists being `*`: one entry less or more is refused too
 */
export function expectShaped(shape: ZodType, value: unknown, fixed: readonly string[] = []): void {
  const sent = JSON.parse(JSON.stringify(value)) as unknown;
  expect(check(shape)(sent)).toBe(sent);
  const harms = harmsTo(sent, fixed);
  for (const list of fixed) expect(harms.map(({ what }) => what)).toContain(`an entry less in ${list}`);
  fc.assert(
    fc.property(fc.nat(), (draw) => {
      for (const { what, places, harm, exactly } of harms) {
        const path = places[draw % places.length]!;
        const copy = { root: structuredClone(sent) };
        harm(copy, path);
        expect([what, placeOf(shape, copy.root, exactly === true ? undefined : path.length)]).toEqual([
          what,
          text(path),
        ]);
      }
    }),
    { numRuns: 4 },
  );
}

const text = (path: Path): string => `/${path.map((key) => String(key).slice(0, 40)).join('/')}`;

/** The place that the error names, of which the first keys only count; 'taken' where there is none. */
function placeOf(shape: ZodType, value: unknown, keys: number | undefined): string {
  try {
    check(shape)(value);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    const place = /^a worker's value of cell 'x' of study some is malformed: (\/[^:]*): /.exec(
      (error as Error).message,
    );
    return `/${place![1]!.split('/').slice(1, keys === undefined ? undefined : keys + 1).join('/')}`; // prettier-ignore
  }
  return 'taken';
}

function harmsTo(root: unknown, fixed: readonly string[]): Harmful[] {
  const found = new Map<string, Harmful>();
  const add = (what: string, path: Path, harm: Harm, exactly?: true): void => {
    const known = found.get(what);
    if (known === undefined) found.set(what, { what, places: [path], harm, ...(exactly && { exactly }) });
    else known.places.push(path);
  };
  const walk = (value: unknown, path: Path): void => {
    const kind = path.map((key) => (typeof key === 'number' ? '*' : key)).join('/');
    const type = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
    add(`another type than ${type} for ${kind}`, path, (copy, at) => put(copy, at, wrong[type]));
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      if (fixed.includes(kind)) {
        add(`an entry less in ${kind}`, path, (copy, at) => (get(copy, at) as unknown[]).pop(), true);
        const more = (list: unknown[]): unknown => list.push(structuredClone(list[0]));
        add(`an entry more in ${kind}`, path, (copy, at) => more(get(copy, at) as unknown[]), true);
      }
      for (const [at, entry] of value.entries()) walk(entry, [...path, at]);
      return;
    }
    add(`a field more in ${kind}`, path, (copy, at) => ((get(copy, at) as Record<string, unknown>)['unasked'] = 0), true); // prettier-ignore
    for (const [key, field] of Object.entries(value)) {
      add(`no ${kind}/${key}`, [...path, key], (copy, at) => delete (get(copy, at.slice(0, -1)) as Record<string, unknown>)[key], true); // prettier-ignore
      walk(field, [...path, key]);
    }
  };
  walk(root, []);
  return [...found.values()];
}

/** Of no field's type. */
const wrong: Readonly<Record<string, unknown>> = {
  number: 'many',
  string: true,
  boolean: 'true',
  null: true,
  list: {},
  object: [],
};

function get(copy: { readonly root: unknown }, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], copy.root);
}

function put(copy: { root: unknown }, path: Path, value: unknown): void {
  if (path.length === 0) copy.root = value;
  else (get(copy, path.slice(0, -1)) as Record<string | number, unknown>)[path.at(-1)!] = value;
}
