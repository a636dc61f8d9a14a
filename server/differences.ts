import type { Scenario } from '../core/scenario.ts';

/** Most settings named; what differs in more is told apart by the hash of its whole. */
const most = 12;

/**
 * What runs were set differently, by JSON pointer: for each scenario the values of those settings that are not the same in all of them, but for the name,
 * the seed and the pace. A setting that a scenario does not have is absent there.
 */
export function differencesOf(scenarios: readonly Scenario[]): readonly Readonly<Record<string, unknown>>[] {
  const all = scenarios.map(({ name: _name, seed: _seed, live: _live, ...config }) => {
    const leaves = new Map<string, unknown>();
    flatten(config, '', leaves);
    return leaves;
  });
  const pointers = [...new Set(all.flatMap((leaves) => [...leaves.keys()]))];
  const varied = pointers
    .filter((pointer) => new Set(all.map((leaves) => JSON.stringify(leaves.get(pointer)))).size > 1)
    .slice(0, most);
  return all.map((leaves) =>
    Object.fromEntries(varied.flatMap((pointer) => (leaves.has(pointer) ? [[pointer, leaves.get(pointer)]] : []))),
  );
}

function flatten(value: unknown, pointer: string, into: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null) return void into.set(pointer, value);
  for (const [key, inner] of Object.entries(value))
    flatten(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, into);
}
