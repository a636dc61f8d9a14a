import type { Json } from '../launch/json-schema.ts';

/** Values with commas between them: JSON where it is some, else text. `0.1, true, pgd, [1,2]` has four. */
export function parseValues(text: string): readonly Json[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of text) {
    if ('[{'.includes(letter)) depth++;
    else if (']}'.includes(letter)) depth--;
    if (letter === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  return [...parts, part]
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      try {
        return JSON.parse(one) as Json;
      } catch {
        return one;
      }
    });
}

/** `0-3, 7` → 0, 1, 2, 3, 7; null when it is no such list. */
export function parseSeeds(text: string): readonly number[] | null {
  const seeds: number[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const range = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/.exec(part);
    if (range === null) return null;
    const [low, high] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (high < low || high - low > 500) return null;
    for (let seed = low; seed <= high; seed++) seeds.push(seed);
  }
  return [...new Set(seeds)];
}

/** Every setting of a scenario by its JSON pointer, but for those that are the sweep's own. */
export function pointersOf(value: Json, pointer = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return pointer === '/name' || pointer === '/seed' ? [] : [pointer];
  return Object.entries(value as Readonly<Record<string, Json>>).flatMap(([key, inner]) =>
    pointersOf(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}
