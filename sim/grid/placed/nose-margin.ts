import { PlacedLanes } from './placed-lanes.ts';
import type { PlacedDistrict } from './placement.ts';
import { placedByNewton } from './placement.ts';
import type { DistrictSeries } from './solve-placed.ts';
import type { GridRecord } from './record.ts';

/** Halvings of a bracket between a solution and none. */
const halvings = 40;

/** All that decides a step's power flow beside the placement. */
export interface PlacedState {
  /** Of the run, for the profile of the background. */
  readonly step: number;
  readonly hours: number;
  /** [buildings] kWh in the step, as in a district's series */
  readonly net: Float64Array;
  readonly inverter: Float64Array;
  /** [tap changers] positions, [capacitors] 1: switched in */
  readonly taps: ArrayLike<number>;
  readonly capacitors: ArrayLike<number>;
}

/** The state at a step of a run that was solved. */
export function stateAt(placed: PlacedDistrict, series: DistrictSeries, record: GridRecord, step: number): PlacedState {
  const [t, c] = [placed.tapChangers.length, placed.capacitors.length];
  const [net, inverter] = [new Float64Array(placed.buildings), new Float64Array(placed.buildings)];
  series.read(step, net, inverter);
  const taps = record.taps.subarray(step * t, (step + 1) * t);
  const capacitors = record.capacitors.subarray(step * c, (step + 1) * c);
  return { step, hours: series.hours, net, inverter, taps, capacitors };
}

/**
 * How much all that is taken can still grow before there is no solution, λ* − 1: 0 where there is none as it is, infinite where impedances alone are left.
 * Inverters keep to their curves, and taps and capacitors stay where they stand. Found by bisection with Newton's method, as a sweep is slow near the nose. Source: specs/grid.md 6
 */
export function noseMargin(placed: PlacedDistrict, state: PlacedState): number {
  const lanes = new PlacedLanes(placedByNewton(placed), 1, false);
  const { regulators, flow } = lanes;
  regulators.position.set(state.taps);
  regulators.switched.set(state.capacitors);
  lanes.load(0, state.step, state.hours, state.net, state.inverter);
  const { dependence } = flow;
  const scaled = [
    flow.p,
    flow.q,
    dependence?.pCurrent,
    dependence?.qCurrent,
    dependence?.pImpedance,
    dependence?.qImpedance,
  ]
    .filter((each) => each !== undefined)
    .map((into) => ({ into, from: into.slice() }));
  const solves = (lambda: number): boolean => {
    for (const { into, from } of scaled) for (let k = 0; k < into.length; k++) into[k] = lambda * from[k]!;
    lanes.solve();
    return flow.solved[0] === 1;
  };
  if (!solves(1)) return 0;
  let [low, high] = [1, 2];
  while (solves(high)) {
    low = high;
    high *= 2;
    if (high > 1e6) return Infinity;
  }
  for (let k = 0; k < halvings; k++) {
    const middle = (low + high) / 2;
    if (solves(middle)) low = middle;
    else high = middle;
  }
  return low - 1;
}

/** The step with the least voltage, or the first one without a solution; −1 of an empty run. */
export function worstStep({ converged, vmin }: GridRecord): number {
  const unsolved = converged.indexOf(0);
  if (unsolved >= 0) return unsolved;
  let worst = vmin.length === 0 ? -1 : 0;
  for (let step = 1; step < vmin.length; step++) if (vmin[step]! < vmin[worst]!) worst = step;
  return worst;
}
