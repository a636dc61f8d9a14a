import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import { ConfigError } from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { hashOf } from '../canonical.ts';
import type { Part } from '../part.ts';
import { sitesOf } from '../sites.ts';
import type { StudyOptions } from '../studies/study.ts';
import { schema } from '../vocabulary.ts';

/** A scenario, or a part of its panel, to be evaluated in closed loop. */
export interface EvaluationWork {
  readonly kind: 'evaluation';
  readonly scenario: Scenario;
  /** null: the whole panel. */
  readonly part: Part | null;
}

/** A cell of a study, which any machine finds by the name of the study and its id. */
export interface CellWork {
  readonly kind: 'study-cell';
  readonly study: string;
  readonly options: StudyOptions;
  readonly id: string;
}

/** What a machine can do alone: data, and nothing but data. */
export type Work = EvaluationWork | CellWork;

/** What an evaluation leaves; telemetry where it was asked for and could be had. */
export interface Evaluated {
  readonly result: RunResult;
  readonly telemetry: { readonly schema: TelemetrySchema; readonly frames: readonly TelemetryFrame[] } | null;
  /** Why telemetry that was asked for could not be had. */
  readonly withheld?: string | undefined;
}

export type ValueOf<W extends Work> = W extends EvaluationWork ? Evaluated : unknown;

/** A piece of work by its content. */
export interface Job<W extends Work = Work> {
  /** SHA-256 of the work and of the code that is to do it: the same key is the same value, whoever computes it, however often. */
  readonly key: string;
  readonly work: W;
  /** Set: this job alone is not wanted any more. */
  readonly signal?: AbortSignal | undefined;
  /** A value that came from elsewhere, as this job's. @throws {DataError} for anything else; absent: what its kind of work tells */
  readonly check?: ((value: unknown) => ValueOf<W>) | undefined;
}

export function jobOf<W extends Work>(work: W, code: string): Job<W> {
  return { key: hashOf({ work, code }), work };
}

const index = z.int().min(0);
const workShape = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('evaluation'),
    scenario: z.looseObject({}),
    part: z.strictObject({ attacks: z.array(index).min(1), buildings: z.array(index).min(1) }).nullable(),
  }),
  z.strictObject({
    kind: z.literal('study-cell'),
    study: z.string().regex(/^[a-z][a-z-]{0,40}$/),
    options: z.strictObject({
      quick: z.boolean(),
      dataset: z.string().min(1).max(1000),
      seeds: z.int().min(1).max(1000),
      only: z.array(z.string().max(200)).max(200).optional(),
      backend: z.string().max(40).optional(),
    }),
    id: z.string().min(1).max(200),
  }),
]);

/** Work that came from elsewhere. @throws {ConfigError} for what is no work: a scenario is validated like one that a person wrote. */
export function workFrom(value: unknown): Work {
  const work = parseValueAs(value, 'job', workShape);
  if (work.kind === 'study-cell') return work;
  const scenario = scenarioFrom(work.scenario, 'job', schema);
  const { part } = work;
  if (part !== null) {
    assertIndices('attacks', part.attacks, scenario.attacks.length);
    assertIndices('buildings', part.buildings, sitesOf(scenario).length);
  }
  return { kind: 'evaluation', scenario, part };
}

function assertIndices(name: string, indices: readonly number[], length: number): void {
  const wrong = indices.findIndex((one, at) => one >= length || (at > 0 && one <= indices[at - 1]!));
  if (wrong >= 0)
    throw new ConfigError(`${indices[wrong]} of ${length}, expected ascending indices into the scenario's ${name}`, {
      place: { file: 'job', path: `/part/${name}/${wrong}` },
    });
}
