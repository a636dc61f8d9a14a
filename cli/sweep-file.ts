import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import { z } from 'zod';
import { parseDocumentAs } from '../core/document.ts';
import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import type { SweepSpec } from '../server/sweep.ts';
import { readScenario } from './scenario-file.ts';

const seed = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const rest = {
  name: z.string().trim().min(1).max(100).optional(),
  vary: z.record(z.string().startsWith('/').max(200), z.array(z.unknown()).min(1)).default({}),
  seeds: z.array(seed).min(1).optional(),
};
/** Two shapes and no union: an error of a scenario in the file is told as that of a scenario's own file is. */
const around = z.strictObject({ scenario: z.string().min(1), ...rest });
const holding = z.strictObject({ scenario: schema, ...rest });

/** What the command line adds to a file, or has in place of it. */
export interface SweepChoices {
  readonly vary: Readonly<Record<string, readonly unknown[]>>;
  readonly seeds?: readonly number[] | undefined;
}

/** A sweep from its file, or from a scenario's file and what is to vary; every error carries `file:line:column /path`. */
export function readSweep(file: string, choices: SweepChoices): SweepSpec {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
  const { scenario: kind } = parseDocumentAs(text, file, z.looseObject({ scenario: z.unknown().optional() }));
  const written =
    kind === undefined
      ? { scenario: readScenario(file), vary: {} }
      : typeof kind === 'string'
        ? placed(parseDocumentAs(text, file, around), file)
        : parseDocumentAs(text, file, holding);
  const { scenario } = written;
  const seeds = choices.seeds ?? ('seeds' in written ? written.seeds : undefined) ?? [scenario.seed];
  if (new Set(seeds).size !== seeds.length)
    throw new ConfigError('a seed is there twice', { place: { file, path: '/seeds' } });
  const name = ('name' in written ? written.name : undefined) ?? scenario.name;
  // As fast as it computes: nobody watches.
  const unpaced = { ...scenario, live: { ...scenario.live, stepsPerSecond: null } };
  return { name, scenario: unpaced, vary: { ...written.vary, ...choices.vary }, seeds };
}

/** A sweep with the scenario that it names, in a file beside its own. */
function placed<T extends { readonly scenario: string }>(
  sweep: T,
  file: string,
): Omit<T, 'scenario'> & { scenario: Scenario } {
  return { ...sweep, scenario: readScenario(resolve(dirname(file), sweep.scenario)) };
}

/** `/json/pointer=v1,v2`: JSON values, or words. */
export function varied(
  text: string,
  earlier: Readonly<Record<string, readonly unknown[]>> = {},
): Record<string, readonly unknown[]> {
  const [, pointer, list] = /^(\/[^=]+)=(.+)$/s.exec(text) ?? [];
  if (pointer === undefined || list === undefined)
    throw new InvalidArgumentError(`'${text}', expected /json/pointer=value,value.`);
  return { ...earlier, [pointer]: valuesOf(list) };
}

function valuesOf(list: string): unknown[] {
  try {
    return JSON.parse(`[${list}]`) as unknown[];
  } catch {
    return list.split(',').map((word) => word.trim());
  }
}

/** `0,3,7` or `0..9`. */
export function seedList(text: string): number[] {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  const [low, high] = [Number(from), Number(to)];
  const seeds =
    from === undefined
      ? text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
      : Array.from({ length: Math.max(0, Math.min(high - low + 1, 1_000_000)) }, (_, i) => low + i);
  if (seeds.length === 0 || !seeds.every((one) => Number.isSafeInteger(one)))
    throw new InvalidArgumentError(`'${text}', expected whole numbers such as 0,1,2 or 0..9.`);
  return seeds;
}
