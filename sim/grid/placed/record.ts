import type { PlacedDistrict } from './placement.ts';
import type { PlacedLanes } from './placed-lanes.ts';
import type { SolvedStep } from './step-reader.ts';

/** What a network did in a run, a number a step; NaN where a step has no solution, which is a result. */
export interface GridRecord {
  readonly steps: number;
  readonly hours: number;
  readonly converged: Uint8Array;
  /** 1: the voltages have settled, and an inverter is not on its curve. */
  readonly unsettled: Uint8Array;
  /** p.u., and rows of the buses */
  readonly vmin: Float64Array;
  readonly vminBus: Int32Array;
  readonly vmax: Float64Array;
  readonly vmaxBus: Int32Array;
  /** Largest share of its limit that a branch carries, and the branch's row; NaN and −1 where no branch has a limit. */
  readonly loading: Float64Array;
  readonly loadingBranch: Int32Array;
  /** MW, MVAr */
  readonly lossMw: Float64Array;
  readonly lossMvar: Float64Array;
  /** What the reference gives; below 0 where power flows back. */
  readonly slackMw: Float64Array;
  readonly slackMvar: Float64Array;
  /** At 1 p.u.: of the homes alone, and of all loads. */
  readonly controlledMw: Float64Array;
  readonly demandMw: Float64Array;
  /** [steps, tap changers] positions, [steps, capacitors] 1: switched in */
  readonly taps: Int32Array;
  readonly capacitors: Uint8Array;
}

export function gridRecord({ tapChangers, capacitors }: PlacedDistrict, steps: number, hours: number): GridRecord {
  const none = (): Float64Array => new Float64Array(steps).fill(Number.NaN);
  const nowhere = (): Int32Array => new Int32Array(steps).fill(-1);
  return {
    steps,
    hours,
    converged: new Uint8Array(steps),
    unsettled: new Uint8Array(steps),
    vmin: none(),
    vminBus: nowhere(),
    vmax: none(),
    vmaxBus: nowhere(),
    loading: none(),
    loadingBranch: nowhere(),
    lossMw: none(),
    lossMvar: none(),
    slackMw: none(),
    slackMvar: none(),
    controlledMw: none(),
    demandMw: none(),
    taps: new Int32Array(steps * tapChangers.length),
    capacitors: new Uint8Array(steps * capacitors.length),
  };
}

/** Notes a step, and where the controllers of its lane stood. */
export function noteStep(
  into: GridRecord,
  at: number,
  step: SolvedStep,
  { placed, regulators, flow }: PlacedLanes,
  lane: number,
): void {
  const [t, c] = [placed.tapChangers.length, placed.capacitors.length];
  for (let k = 0; k < t; k++) into.taps[at * t + k] = regulators.position[k * flow.width + lane]!;
  for (let k = 0; k < c; k++) into.capacitors[at * c + k] = regulators.switched[k * flow.width + lane]!;
  into.converged[at] = step.solved ? 1 : 0;
  into.unsettled[at] = step.unsettled ? 1 : 0;
  into.vmin[at] = step.vmin;
  into.vminBus[at] = step.vminBus;
  into.vmax[at] = step.vmax;
  into.vmaxBus[at] = step.vmaxBus;
  into.loading[at] = step.maxLoading;
  into.loadingBranch[at] = step.maxLoadingBranch;
  into.lossMw[at] = step.lossMw;
  into.lossMvar[at] = step.lossMvar;
  into.slackMw[at] = step.slackMw;
  into.slackMvar[at] = step.slackMvar;
  into.controlledMw[at] = step.controlledMw;
  into.demandMw[at] = step.demandMw;
}
