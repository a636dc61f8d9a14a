import { parseDocument, stringify } from 'yaml';
import type { Json, JsonObject } from './json-schema.ts';
import { isObject } from './json-schema.ts';

/** A scenario as text. */
export function textOf(value: Json): string {
  return stringify(value, { lineWidth: 0 });
}

/** Text as a scenario, or what is wrong with it and where. YAML includes JSON. */
export function valueOf(text: string): { readonly value: JsonObject } | { readonly error: string } {
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const at = error.linePos?.[0];
    const what = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    return { error: at === undefined ? what : `line ${at.line}, column ${at.col}: ${what}` };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (problem) {
    return { error: problem instanceof Error ? problem.message : String(problem) };
  }
  return isObject(value) ? { value } : { error: 'line 1: a scenario is a mapping of names to values' };
}
