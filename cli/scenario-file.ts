import { readFileSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';
import { parseScenario } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';

/** Reads a scenario file; every error carries `file:line:column /path`. */
export function readScenario(file: string): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
  return parseScenario(text, file, schema);
}
