import { z } from 'zod';
import { parseDocumentAs, parseValueAs } from './document.ts';
import { gridSection } from './scenario-grid.ts';
import type { GridSpec } from './scenario-grid.ts';
import { attackEntries, detectorEntries, moduleEntries } from './scenario-panel.ts';
import { taskEntries } from './scenario-task.ts';
import { trainSection } from './scenario-train.ts';
import { oneOf } from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Which of a panel's buildings an attack has: all, a share drawn by seed, or those named. */
type Compromised = 'all' | { readonly share: number } | { readonly buildings: readonly string[] };

/** One attack of a panel: its registry name, a label for the results, its threat set and its own options. */
export interface AttackSpec {
  readonly name: string;
  readonly label?: string | undefined;
  /** Share of the buildings, or their names, that the attacker has; absent: all. */
  readonly compromised?: Compromised | undefined;
  readonly threat: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A detector on duty: its registry name, a label for the results, how often it may cry wolf and its own options. */
export interface DetectorSpec {
  readonly name: string;
  readonly label?: string | undefined;
  readonly alarms_per_month: number;
  readonly least_threshold: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A module put around the victim, or done to it: its registry name, a label for the results and its own options. */
export interface ModuleSpec {
  readonly name: string;
  readonly label?: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A control task on a grid: its registry name, how much of it is played, and its own options. */
export interface TaskSpec {
  readonly name: string;
  /** Episodes side by side, and steps of each lane; null: one episode. */
  readonly episodes: number;
  readonly steps: number | null;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The one value that a command line, a console form and a sweep cell all become. */
export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly district: {
    readonly dataset: string;
    readonly profile: string;
    readonly buildings: readonly string[];
    readonly reward: RewardChoice;
    /** Defects of the profile that are repaired. */
    readonly repair: readonly string[];
    readonly normalisation: string;
    /** First row of the episode, counted from the first that is simulated; absent: where the dataset's episodes begin. */
    readonly start?: number | undefined;
    readonly steps: number | null;
  };
  /** The victim's world in place of the district; absent: the district. */
  readonly task?: TaskSpec | undefined;
  readonly grid?: GridSpec | undefined;
  readonly victim: {
    readonly policy: string;
    readonly units?: 'normalised' | 'physical' | undefined;
    readonly query_budget?: number | undefined;
    readonly request_budget?: number | undefined;
    readonly timeout_ms?: number | undefined;
  };
  /** In this order. */
  readonly modules?: readonly ModuleSpec[] | undefined;
  readonly attacks: readonly AttackSpec[];
  readonly detectors?: readonly DetectorSpec[] | undefined;
  readonly train: {
    /** What the controller learns to control; only `district` reads the scenario's district. */
    readonly environment: string;
    readonly algorithm: string;
    /** Where steps, lanes and options come from that are not said here; null: what suits the environment. */
    readonly preset: string | null;
    /** null: the environment's or the preset's. */
    readonly steps: number | null;
    readonly lanes: number | null;
    readonly evaluateEvery: number | null;
    /** Fresh episodes an evaluation, where an episode has chance in it. */
    readonly evaluateEpisodes: number;
    /** When it ends before its last step; null: never. */
    readonly stop: Readonly<Record<string, unknown>> | null;
    /** Of the environment `adversary` and of `atla`: what it chooses, how far it may go; null: the defaults. */
    readonly adversary: Readonly<Record<string, unknown>> | null;
    /** Trains in turns with an adversary; null: alone. */
    readonly atla: Readonly<Record<string, unknown>> | null;
    readonly config: Readonly<Record<string, unknown>>;
  };
  readonly live: { readonly frameSteps: number; readonly stepsPerSecond: number | null };
}

/** A reward by name (`dataset`: the one that the dataset names), with attributes, or written out. */
export type RewardChoice =
  | string
  | { readonly type: string; readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly expression: string };

/** The scenario's schema over a vocabulary: types, defaults, bounds, descriptions and errors in one place. */
export function scenarioSchema(vocabulary: Vocabulary): z.ZodType<Scenario> {
  return z
    .strictObject({
      name: z.string().min(1).max(120).default('unnamed').describe('What people will call the run.'),
      seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('Same scenario and seed: same bits.'),
      district: z
        .strictObject({
          dataset: z
            .string()
            .min(1)
            .default('builtin')
            .describe('`builtin`, or the path of a CityLearn dataset folder.'),
          profile: oneOf(vocabulary.profiles).describe('Whose semantics: a CityLearn release line.'),
          buildings: z
            .array(z.string().min(1))
            .min(1)
            .max(256)
            .refine((names) => new Set(names).size === names.length, 'a building is named twice')
            .default(['Building_1'])
            .describe('Each building is one clean lane and one lane per attack.'),
          reward: z
            .union([
              z.enum([...vocabulary.rewards, 'dataset']),
              z.strictObject({
                type: z.enum(vocabulary.rewards as [string, ...string[]]),
                attributes: z.record(z.string(), z.unknown()).default({}),
              }),
              z.strictObject({ expression: z.string().min(1).max(2000) }),
            ])
            .default(vocabulary.rewards[0]!)
            .describe(
              'Reward function by its CityLearn name, `dataset` for the one that the dataset names, {type, attributes}, or {expression} over the hour (`-max(net, 0) * electricity_pricing`).',
            ),
          repair: z
            .array(z.enum(vocabulary.defects as [string, ...string[]]))
            .default([])
            .describe('Documented defects of the profile `head` that are repaired.'),
          normalisation: oneOf(vocabulary.normalisations).describe(
            'Observation limits: as CityLearn 2.0.0 has them, or repaired.',
          ),
          start: z
            .int()
            .min(0)
            .optional()
            .describe(
              'First row of the episode, counted from 0; for a part of the year that no controller was trained on.',
            ),
          steps: z
            .int()
            .min(1)
            .nullable()
            .default(null)
            .describe('Steps of the episode; null: the whole year, or what is left of it from `start` on.'),
        })
        .prefault({}),
      task: z
        .discriminatedUnion('name', taskEntries(vocabulary) as [z.ZodObject, ...z.ZodObject[]])
        .optional()
        .describe('A control task on a grid that the victim acts in, in place of the district; absent: the district.'),
      grid: gridSection(vocabulary),
      victim: z
        .strictObject({
          policy: z
            .string()
            .min(1)
            .default('ppo20-builtin')
            .describe(
              'A shipped model, a policy folder, a rule-based controller, or the address of a controller (http://127.0.0.1:9000/act).',
            ),
          units: z
            .enum(['normalised', 'physical'])
            .optional()
            .describe('What a controller at an address reads: features from 0 to 1 (default), or physical values.'),
          query_budget: z
            .int()
            .min(1)
            .optional()
            .describe(
              'Observations that a black box may be asked about in all; the run ends with an error at the next.',
            ),
          request_budget: z.int().min(1).optional().describe('Requests that a black box may be sent in all.'),
          timeout_ms: z
            .int()
            .min(1)
            .max(600_000)
            .optional()
            .describe('How long a black box may take over one answer; default 10 000.'),
        })
        .prefault({}),
      modules: z
        .array(z.discriminatedUnion('name', moduleEntries(vocabulary) as [z.ZodObject, ...z.ZodObject[]]))
        .max(8)
        .refine(
          (placed) => new Set(placed.map(labelOf)).size === placed.length,
          'two modules have the same label; give each its own `label`',
        )
        .optional()
        .describe(
          'What is put around the victim’s logits or done to its weights before it is evaluated, in this order; what comes out is what is attacked.',
        ),
      attacks: z
        .array(z.discriminatedUnion('name', attackEntries(vocabulary) as [z.ZodObject, ...z.ZodObject[]]))
        .min(1)
        .max(64)
        .refine(
          (panel) => new Set(panel.map(labelOf)).size === panel.length,
          'two attacks have the same label; give each its own `label`',
        )
        .refine(
          (panel) => !panel.some((attack) => labelOf(attack) === 'clean'),
          'the label `clean` belongs to the unattacked twin',
        )
        .prefault([
          {
            name: Object.hasOwn(vocabulary.attacks, 'bifurcation') ? 'bifurcation' : Object.keys(vocabulary.attacks)[0],
          },
        ])
        .describe('The panel: every attack meets the same victim on the same year, beside one clean twin.'),
      detectors: z
        .array(z.discriminatedUnion('name', detectorEntries(vocabulary) as [z.ZodObject, ...z.ZodObject[]]))
        .max(32)
        .refine(
          (posted) => new Set(posted.map(labelOf)).size === posted.length,
          'two detectors have the same label; give each its own `label`',
        )
        .optional()
        .describe(
          'Detectors on duty at every lane: they learn from a clean rehearsal and never change what the controller does.',
        ),
      train: trainSection(vocabulary),
      live: z
        .strictObject({
          frameSteps: z.int().min(1).max(1000).default(24).describe('Steps per telemetry frame.'),
          stepsPerSecond: z
            .number()
            .min(0.1)
            .max(1e6)
            .nullable()
            .default(null)
            .describe('Pace of a live run; null: as fast as it computes.'),
        })
        .prefault({}),
    })
    .prefault({}) as unknown as z.ZodType<Scenario>;
}

/** The label a row of the panel goes by. */
export function labelOf(attack: { readonly name?: unknown; readonly label?: unknown }): string {
  return typeof attack.label === 'string' ? attack.label : String(attack.name);
}

/** Reads a scenario from YAML or JSON text; errors carry `file:line:column /path`. */
export function parseScenario(text: string, file: string, schema: z.ZodType<Scenario>): Scenario {
  return parseDocumentAs(text, file, schema);
}

/** Reads a scenario from a value (a form, a message). */
export function scenarioFrom(value: unknown, label: string, schema: z.ZodType<Scenario>): Scenario {
  return parseValueAs(value, label, schema);
}
