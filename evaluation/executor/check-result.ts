import { z } from 'zod';
import { DataError } from '../../core/errors.ts';
import type { LaneResult, RunResult } from '../../core/run.ts';
import { hashOf } from '../canonical.ts';
import { laneNames, wholePanel } from '../part.ts';
import type { CellWork, EvaluationWork, ValueOf, Work } from './job.ts';

/** Most values in what a cell of a study returns, how deep they may stand, and the longest text among them. */
const cellBounds = { values: 1_000_000, depth: 16, text: 100_000 };

const text = z.string().max(4000);
const hash = z.string().max(200);
const figures = z.record(z.string().max(200), z.number().nullable());
const count = z.number().min(0);
const anything = z.looseObject({});

const lane = z.strictObject({
  lane: text,
  building: text,
  attack: text,
  steps: z.int().min(0),
  return: z.number(),
  compromised: z.boolean().optional(),
  kpis: figures,
  regret: figures.optional(),
  success: z
    .strictObject({ rate: z.number().nullable(), meanAbsoluteActionChange: z.number(), sideChangeRate: z.number() })
    .optional(),
  norms: z
    .strictObject({
      linfMax: z.number(),
      linfMean: z.number(),
      l2Mean: z.number(),
      physical: z.record(text, z.strictObject({ unit: text, mean: z.number(), max: z.number() })),
    })
    .optional(),
  constraints: z.record(text, z.strictObject({ bound: count, gaveWay: count })).optional(),
  notes: z.array(text).max(100).optional(),
  detection: z.record(text, anything).optional(),
  cost: z.strictObject({ queries: count, gradients: count, seconds: count }).optional(),
} satisfies Record<keyof LaneResult, z.ZodType>);

const network = z.looseObject({
  lane: text,
  attack: text,
  kpis: figures,
  extremes: z.record(text, z.record(text, z.number()).nullable()),
  regret: z.record(text, z.strictObject({ delta: z.number().nullable(), ratio: z.number().nullable() })).optional(),
});

const result = z.strictObject({
  format: z.literal('faultline-result'),
  version: z.literal(1),
  scenario: anything,
  seed: z.int().min(0),
  versions: z.record(text, text),
  hashes: z.strictObject({ scenario: hash, data: hash, model: hash, code: hash }),
  modules: z.array(z.looseObject({ label: text, name: text, figures: z.record(text, z.number()) })).optional(),
  lanes: z.array(lane),
  grid: z.looseObject({ case: text, networks: z.array(network) }).optional(),
  checks: z
    .array(
      z.strictObject({
        name: text,
        passed: z.boolean(),
        detail: text,
        evidence: z.record(text, z.number()).optional(),
      }),
    )
    .max(10_000),
  timing: z.strictObject({ seconds: count, stepsPerSecond: count, gradientsPerSecond: count }),
} satisfies Record<Exclude<keyof RunResult, 'shard'>, z.ZodType>);

/**
 * A result that came from elsewhere, as the result of this work by this code: of its shape, of its scenario, with each of its lanes once.
 * Whether the figures in it are true only a second worker could say.
 * @throws {DataError} for anything else, with where in it
 */
export function checkResult(value: unknown, { scenario, part }: EvaluationWork, codeHash: string): RunResult {
  const parsed = result.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = `/${issue!.path.map((key) => String(key).slice(0, 40)).join('/')}`;
    throw new DataError(`a worker's result is malformed: ${path}: ${issue!.message}`);
  }
  const { data } = parsed;
  const expected = { scenario: hashOf(scenario), code: codeHash };
  for (const name of ['scenario', 'code'] as const)
    if (data.hashes[name] !== expected[name])
      throw new DataError(
        `a worker's result is of another ${name}: ${data.hashes[name].slice(0, 12)}, expected ${expected[name].slice(0, 12)}`,
      );
  if (hashOf(data.scenario) !== expected.scenario || data.seed !== scenario.seed)
    throw new DataError("a worker's result carries another scenario than it says");
  const wanted = laneNames(scenario, part ?? wholePanel(scenario));
  const got = data.lanes.map((one) => one.lane);
  if (got.join('\n') !== wanted.join('\n'))
    throw new DataError(`a worker's result has ${got.length} lanes (${got.slice(0, 3).join(', ')}), expected ${wanted.length} (${wanted.slice(0, 3).join(', ')})`); // prettier-ignore
  const misnamed = data.lanes.find(({ lane, building, attack }) => lane !== `${building}/${attack}`);
  if (misnamed !== undefined) throw new DataError(`a worker's result calls lane '${misnamed.lane}' by another name`);
  return data as unknown as RunResult;
}

/**
 * What a cell of a study came to, elsewhere: something that JSON can hold, of a sound size, whose every key is its own. Of what shape a study's cells are
 * only the study can say: {@link Job.check}.
 * @throws {DataError} for anything else, with where in it
 */
function checkCell(value: unknown, { study, id }: CellWork): unknown {
  let values = 0;
  const fail = (path: readonly string[], what: string): never => {
    const place = `/${path.map((key) => key.slice(0, 40)).join('/')}`;
    throw new DataError(`a worker's value of cell '${id}' of study ${study} is malformed: ${place}: ${what}`);
  };
  const look = (one: unknown, path: readonly string[]): void => {
    if (++values > cellBounds.values) fail(path, `more than ${cellBounds.values} values`);
    if (path.length > cellBounds.depth) fail(path, `deeper than ${cellBounds.depth}`);
    if (typeof one === 'string' && one.length > cellBounds.text) fail(path, `a text of ${one.length} letters`);
    if (one === undefined || typeof one === 'function') fail(path, 'nothing');
    if (typeof one === 'number' && !Number.isFinite(one)) fail(path, 'no number');
    if (typeof one !== 'object' || one === null) return;
    for (const [key, inner] of Object.entries(one)) {
      if (key === '__proto__') fail(path, 'a prototype');
      look(inner, [...path, key]);
    }
  };
  look(value, []);
  return value;
}

/** Checks what a cell of a study came to elsewhere against the shape that the study gives it; what the check throws is a {@link DataError}. */
export function checkedAs(shape: z.ZodType, work: CellWork): (value: unknown) => unknown {
  return (value) => {
    const parsed = shape.safeParse(checkCell(value, work));
    if (parsed.success) return value;
    const [issue] = parsed.error.issues;
    const path = `/${issue!.path.map((key) => String(key).slice(0, 40)).join('/')}`;
    throw new DataError(
      `a worker's value of cell '${work.id}' of study ${work.study} is malformed: ${path}: ${issue!.message}`,
    );
  };
}

/** A value that came from elsewhere, as that of this work by this code. @throws {DataError} for anything else */
export function checkValue<W extends Work>(value: unknown, work: W, codeHash: string): ValueOf<W> {
  if (work.kind === 'study-cell') return checkCell(value, work) as ValueOf<W>;
  return { result: checkResult(value, work, codeHash), telemetry: null } as unknown as ValueOf<W>;
}
