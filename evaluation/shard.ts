import { ConfigError, StateError } from '../core/errors.ts';
import type { LaneResult, RunResult } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import { canonicalJson, hashOf } from './canonical.ts';
import { laneChecks } from './checks.ts';

/** What one evaluation leaves. */
export interface Outcome {
  readonly result: RunResult;
  readonly schema: TelemetrySchema;
  readonly frames: readonly TelemetryFrame[];
}

/**
 * Part `index` of `count` of a panel: every count-th attack, beside a clean twin of its own. A lane's numbers do not depend on the
 * lanes beside it, so that the parts together are the whole to the last bit.
 * @throws {ConfigError} when the panel has fewer attacks than parts.
 */
export function shardOf(scenario: Scenario, index: number, count: number): Scenario {
  if (!(Number.isInteger(count) && count >= 1 && Number.isInteger(index) && index >= 0 && index < count)) {
    throw new ConfigError(`shard ${index}/${count}: expected an index from 0 to ${count - 1} of at least one part`);
  }
  if (count > scenario.attacks.length) {
    throw new ConfigError(`${count} parts of a panel of ${scenario.attacks.length} attacks: a part would be empty`);
  }
  return { ...scenario, attacks: scenario.attacks.filter((_, a) => a % count === index) };
}

/**
 * The result of a scenario from those of its parts, whatever their order.
 * @throws {StateError} when a part is missing or there twice, or the parts are not of one scenario, data, model and code.
 */
export function mergeResults(scenario: Scenario, parts: readonly RunResult[]): RunResult {
  const first = parts[0];
  if (first === undefined) throw new StateError('nothing to merge');
  const { hashes, versions } = first;
  for (const part of parts) {
    for (const name of ['data', 'model', 'code'] as const) {
      if (part.hashes[name] !== hashes[name])
        throw new StateError(`parts differ in their ${name}: ${part.hashes[name]} and ${hashes[name]}`);
    }
    if (part.seed !== first.seed) throw new StateError(`parts differ in their seed: ${part.seed} and ${first.seed}`);
    if (canonicalJson(part.lanes.filter(isClean)) !== canonicalJson(first.lanes.filter(isClean)))
      throw new StateError('parts differ in their clean twins');
  }
  const attacked = scenario.attacks.map(labelOf).flatMap((label) => {
    const owners = parts.filter((part) => part.lanes.some((lane) => lane.attack === label));
    if (owners.length !== 1) throw new StateError(`attack '${label}' is in ${owners.length} parts, expected one`);
    return owners[0]!.lanes.filter((lane) => lane.attack === label);
  });
  const lanes = [...first.lanes.filter(isClean), ...attacked];
  const confined = parts.flatMap((part) => part.checks.filter((check) => check.name.startsWith('threat-set/')));
  const order = scenario.attacks.map((attack) => `threat-set/${labelOf(attack)}`);
  const seconds = Math.max(...parts.map((part) => part.timing.seconds));
  const gradients = attacked.reduce((sum, lane) => sum + (lane.cost?.gradients ?? 0), 0);
  const attackSeconds = attacked.reduce((sum, lane) => sum + (lane.cost?.seconds ?? 0), 0);
  return {
    format: 'faultline-result',
    version: 1,
    scenario,
    seed: first.seed,
    versions,
    hashes: { ...hashes, scenario: hashOf(scenario) },
    lanes,
    checks: [...confined.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)), ...laneChecks(lanes)],
    timing: {
      seconds,
      stepsPerSecond: first.lanes[0]!.steps / Math.max(1e-9, seconds),
      gradientsPerSecond: attackSeconds === 0 ? 0 : gradients / attackSeconds,
    },
  };
}

/** Results and telemetry of parts that ran to their end: the clean twins' columns once, then each attack's in the panel's order. */
export function mergeOutcomes(scenario: Scenario, parts: readonly Outcome[]): Outcome {
  const { dt, version } = parts[0]!.schema;
  const lanes = ['clean', ...scenario.attacks.map(labelOf)].flatMap((label) =>
    scenario.district.buildings.map((building) => `${building}/${label}`),
  );
  const columns = lanes.flatMap((lane) => {
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
  return {
    result: mergeResults(
      scenario,
      parts.map((part) => part.result),
    ),
    schema: { version, dt, channels: columns.map((column) => column.channel) },
    frames: [frame],
  };
}

function isClean(lane: LaneResult): boolean {
  return lane.attack === 'clean';
}
