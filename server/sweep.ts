import { ConfigError } from '../core/errors.ts';
import { scenarioFrom } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';

/** A scenario, what of it varies, and the seeds that every combination is run with. */
export interface SweepSpec {
  readonly name: string;
  readonly scenario: unknown;
  /** Values by JSON pointer: `{ "/attacks/0/threat/epsilon": [0.05, 0.1] }`. */
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly seeds: readonly number[];
}

/** One combination of the varied values. */
export interface SweepCell {
  readonly values: Readonly<Record<string, unknown>>;
  readonly scenarios: readonly Scenario[];
}

/** Most runs of a sweep on one server; more is a matter for the command line and its shards. */
export const maxSweepRuns = 500;

/** Most runs of a sweep on the command line. */
export const maxCommandRuns = 100_000;

/**
 * The scenarios of a sweep, cell by cell in the order of the values, the last pointer varying fastest.
 * @throws {ConfigError} for too many of them, a pointer that leads nowhere, or a combination that is no scenario.
 */
export function expandSweep(
  { name, scenario, vary, seeds }: SweepSpec,
  most: number = maxSweepRuns,
): readonly SweepCell[] {
  const pointers = Object.keys(vary);
  const runs = pointers.reduce((product, pointer) => product * vary[pointer]!.length, seeds.length);
  if (runs < 1 || runs > most)
    throw new ConfigError(`the sweep has ${runs} runs, expected 1 to ${most}`, { place: { path: '/vary' } });
  const base = scenarioFrom(scenario, 'scenario', schema);
  let cells: Record<string, unknown>[] = [{}];
  for (const pointer of pointers)
    cells = cells.flatMap((cell) => vary[pointer]!.map((value) => ({ ...cell, [pointer]: value })));
  return cells.map((values, at) => ({
    values,
    scenarios: seeds.map((seed) => {
      const varied = structuredClone(base) as unknown as Record<string, unknown>;
      for (const [pointer, value] of Object.entries(values)) put(varied, pointer, value);
      const cell = cells.length === 1 ? name : `${name} ${at + 1}/${cells.length}`;
      return scenarioFrom({ ...varied, seed, name: cell }, `cell ${at + 1}`, schema);
    }),
  }));
}

/** Sets the value at a JSON pointer (RFC 6901). The key itself may be new; what holds it must be there, and be the document's own. */
function put(root: Record<string, unknown>, pointer: string, value: unknown): void {
  const fail = (what: string): never => {
    throw new ConfigError(`'${pointer.slice(0, 200)}' ${what}`, { place: { path: '/vary' } });
  };
  if (!pointer.startsWith('/')) fail('is no JSON pointer: it begins with /');
  const keys = pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keys.length === 1 && (keys[0] === 'seed' || keys[0] === 'name')) fail('is the sweep’s own: give `seeds`, `name`');
  let at: unknown = root;
  for (const key of keys.slice(0, -1)) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) fail('leads nowhere in the scenario');
    at = (at as Record<string, unknown>)[key];
  }
  const last = keys.at(-1)!;
  if (typeof at !== 'object' || at === null) fail('leads nowhere in the scenario');
  if (Array.isArray(at) && !Object.hasOwn(at, last)) fail('is beyond the end of its list');
  // Defined, not assigned: `__proto__` is a key like any other, and one that no scenario has.
  Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
}
