import { ConfigError } from '../../../core/errors.ts';
import { batchWidth } from '../sweep-batch.ts';
import type { PlacedDistrict } from './placement.ts';
import { PlacedLanes } from './placed-lanes.ts';
import { gridRecord, noteStep } from './record.ts';
import type { GridRecord } from './record.ts';
import { StepReader } from './step-reader.ts';
import type { SolvedStep } from './step-reader.ts';

/** What the buildings of a district take, step by step. */
export interface DistrictSeries {
  readonly steps: number;
  /** Of a step. */
  readonly hours: number;
  /** Writes [buildings] kWh in the step: what each takes from the network (< 0: gives), and how much of it its PV and battery do. */
  read(step: number, net: Float64Array, inverter: Float64Array): void;
}

/** A district's series from columns: kWh in each step, [buildings][steps]. @param inverter of PV and battery alone */
export function seriesOf(
  net: readonly Float64Array[],
  inverter: readonly Float64Array[],
  hours: number,
): DistrictSeries {
  return {
    steps: net[0]?.length ?? 0,
    hours,
    read(step, intoNet, intoInverter) {
      for (let b = 0; b < net.length; b++) {
        intoNet[b] = net[b]![step]!;
        intoInverter[b] = inverter[b]![step]!;
      }
    },
  };
}

/** Of every home in a building's place a share does as in `attacked`, the others as in `clean`. */
export function mixedSeries(
  clean: DistrictSeries,
  attacked: DistrictSeries,
  share: number,
  buildings: number,
): DistrictSeries {
  const [net, inverter] = [new Float64Array(buildings), new Float64Array(buildings)];
  return {
    steps: Math.min(clean.steps, attacked.steps),
    hours: clean.hours,
    read(step, intoNet, intoInverter) {
      clean.read(step, intoNet, intoInverter);
      attacked.read(step, net, inverter);
      for (let b = 0; b < buildings; b++) {
        intoNet[b]! += share * (net[b]! - intoNet[b]!);
        intoInverter[b]! += share * (inverter[b]! - intoInverter[b]!);
      }
    },
  };
}

export interface SolveOptions {
  /** Sees every step of every scenario, solved or not; what it is shown is used again. */
  readonly visit?: ((scenario: number, step: number, solved: SolvedStep) => void) | undefined;
  /** Lanes side by side; what is computed does not depend on it. */
  readonly width?: number | undefined;
}

/**
 * Power flows of a placed district over all steps of some scenarios. Without taps and capacitors steps do not depend on each other and go side by side; with them scenarios do, step by step.
 * @returns a record a scenario. Yields the share done. Throws nothing but for series of different lengths: what has no solution is told in the record. Source: specs/grid.md 1.7, 3
 */
export function* solvePlaced(
  placed: PlacedDistrict,
  scenarios: readonly DistrictSeries[],
  { visit, width = batchWidth }: SolveOptions = {},
): Generator<number, readonly GridRecord[], undefined> {
  const steps = scenarios[0]?.steps ?? 0;
  const strange = scenarios.find((each) => each.steps !== steps);
  if (strange !== undefined)
    throw new ConfigError(`scenarios of ${steps} and ${strange.steps} steps, expected as many in each`);
  const remembers = placed.tapChangers.length > 0 || placed.capacitors.length > 0;
  const records = scenarios.map((each) => gridRecord(placed, steps, each.hours));
  const net = new Float64Array(placed.buildings);
  const inverter = new Float64Array(placed.buildings);
  const rated = placed.island.branches.some((row) => placed.grid.branch.rateA[row]! > 0);
  const make = (lanes: number): { readonly lanes: PlacedLanes; readonly reader: StepReader } => {
    const made = new PlacedLanes(placed, lanes, rated);
    return { lanes: made, reader: new StepReader(made, visit !== undefined) };
  };
  const total = Math.max(1, steps * scenarios.length);
  let done = 0;

  function put(lanes: PlacedLanes, lane: number, scenario: number, step: number): void {
    const series = scenarios[scenario]!;
    series.read(step, net, inverter);
    lanes.load(lane, step, series.hours, net, inverter);
  }
  function take(lanes: PlacedLanes, reader: StepReader, lane: number, scenario: number, step: number): void {
    reader.read(lane);
    noteStep(records[scenario]!, step, reader.step, lanes, lane);
    visit?.(scenario, step, reader.step);
  }

  if (remembers) {
    for (let first = 0; first < scenarios.length; first += width) {
      const count = Math.min(width, scenarios.length - first);
      const { lanes, reader } = make(count);
      for (let step = 0; step < steps; step++) {
        for (let s = 0; s < count; s++) put(lanes, s, first + s, step);
        lanes.solve(count);
        for (let s = 0; s < count; s++) {
          take(lanes, reader, s, first + s, step);
          lanes.advance(s);
        }
        done += count;
        if (step % batchWidth === batchWidth - 1) yield done / total;
      }
    }
    return records;
  }
  const { lanes, reader } = make(width);
  for (let scenario = 0; scenario < scenarios.length; scenario++) {
    for (let first = 0; first < steps; first += width) {
      const count = Math.min(width, steps - first);
      for (let s = 0; s < count; s++) put(lanes, s, scenario, first + s);
      lanes.solve(count);
      for (let s = 0; s < count; s++) take(lanes, reader, s, scenario, first + s);
      done += count;
      yield done / total;
    }
  }
  return records;
}
