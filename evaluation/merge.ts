import { StateError } from '../core/errors.ts';
import type { GridResult, LaneResult, RunResult } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import { canonicalJson } from './canonical.ts';
import { threatReport } from './checks.ts';
import { laneNames, wholePanel } from './part.ts';
import type { Part } from './part.ts';
import { runResult } from './result.ts';

/** What one evaluation leaves. */
export interface Outcome {
  readonly result: RunResult;
  readonly schema: TelemetrySchema;
  readonly frames: readonly TelemetryFrame[];
}

/**
 * The result of a panel from those of its parts, whatever their order: that of one run, to the last bit, but for times.
 * @param whole what the parts make up
 * @throws {StateError} when a lane is missing or there twice, or the parts are not of one scenario, data, model and code.
 */
export function mergeResults(
  scenario: Scenario,
  parts: readonly RunResult[],
  whole: Part = wholePanel(scenario),
): RunResult {
  const first = parts[0];
  if (first === undefined) throw new StateError('nothing to merge');
  const { hashes, versions, seed, modules } = first;
  for (const part of parts) {
    for (const name of ['scenario', 'data', 'model', 'code'] as const) {
      if (part.hashes[name] !== hashes[name])
        throw new StateError(`parts differ in their ${name}: ${part.hashes[name]} and ${hashes[name]}`);
    }
    if (canonicalJson(part.modules ?? []) !== canonicalJson(modules ?? []))
      throw new StateError('parts differ in what became of the modules around the victim');
    if (part.seed !== seed) throw new StateError(`parts differ in their seed: ${part.seed} and ${seed}`);
  }
  const lanes = mergeLanes(parts, laneNames(scenario, whole));
  const checks = parts.flatMap((part) => part.checks);
  const threats = whole.attacks.map((a) => threatReport(labelOf(scenario.attacks[a]!), checks));
  const seconds = Math.max(...parts.map((part) => part.timing.seconds));
  const grid = mergeGrids(scenario, parts, whole);
  return runResult(scenario, { versions, hashes, modules, lanes, grid, threats, seconds });
}

/** The network under every attack, each from the part that has it. */
function mergeGrids(scenario: Scenario, parts: readonly RunResult[], whole: Part): GridResult | undefined {
  const first = parts[0]!.grid;
  if (first === undefined) return undefined;
  const all = parts.flatMap(({ grid }) => grid?.networks ?? []);
  const labels = ['clean', ...whole.attacks.map((a) => labelOf(scenario.attacks[a]!))];
  const networks = labels.map((label) => {
    const [own, ...others] = all.filter(({ attack }) => attack === label);
    if (own === undefined) throw new StateError(`the network under '${label}' is in no part`);
    if (others.some((other) => canonicalJson(other) !== canonicalJson(own)))
      throw new StateError(`parts differ in the network under '${label}'`);
    return own;
  });
  return { ...first, networks };
}

/** The named lanes, each from the part that has it; clean twins may be in several, and are equal. */
function mergeLanes(parts: readonly RunResult[], names: readonly string[]): readonly LaneResult[] {
  const found = new Map<string, LaneResult>();
  for (const lane of parts.flatMap((part) => part.lanes)) {
    const known = found.get(lane.lane);
    found.set(lane.lane, known ?? lane);
    if (known === undefined) continue;
    if (lane.attack !== 'clean') throw new StateError(`lane '${lane.lane}' is in two parts`);
    if (canonicalJson(lane) !== canonicalJson(known))
      throw new StateError(`parts differ in the clean twin '${lane.lane}'`);
  }
  const strange = [...found.keys()].find((name) => !names.includes(name));
  if (strange !== undefined) throw new StateError(`lane '${strange}' is none of the panel's`);
  return names.map((name) => {
    const lane = found.get(name);
    if (lane === undefined) throw new StateError(`lane '${name}' is in no part`);
    return lane;
  });
}

/** Results and telemetry of parts that ran to their end: each lane's columns once, in the order of the result's lanes. */
export function mergeOutcomes(
  scenario: Scenario,
  parts: readonly Outcome[],
  whole: Part = wholePanel(scenario),
): Outcome {
  const result = mergeResults(
    scenario,
    parts.map((part) => part.result),
    whole,
  );
  const { dt, version, grid } = parts[0]!.schema;
  const columns = [...result.lanes, ...(result.grid?.networks ?? [])].flatMap(({ lane }) => {
    const owner = parts.find((part) => part.schema.channels.some((channel) => channel.lane === lane))!;
    return owner.schema.channels.flatMap((channel, at) =>
      channel.lane === lane ? [{ channel, at, frames: owner.frames }] : [],
    );
  });
  const rows = parts[0]!.frames.reduce((sum, frame) => sum + frame.rows, 0);
  const values = new Float32Array(rows * columns.length);
  columns.forEach(({ at, frames }, c) => {
    let row = 0;
    for (const frame of frames) {
      values.set(frame.values.subarray(at * frame.rows, (at + 1) * frame.rows), c * rows + row);
      row += frame.rows;
    }
  });
  const frame: TelemetryFrame = { schema: version, seq: 0, step0: 0, rows, cols: columns.length, values, wallTime: 0 };
  const channels = columns.map((column) => column.channel);
  return { result, schema: { version, dt, channels, ...(grid === undefined ? {} : { grid }) }, frames: [frame] };
}
