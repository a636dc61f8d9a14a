import type { PlacedDistrict } from './placement.ts';
import type { PlacedLanes } from './placed-lanes.ts';

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

/** A solved step in the rows of the case. */
export interface SolvedStep {
  readonly solved: boolean;
  /** [buses] p.u.; NaN where there is none */
  readonly vm: Float64Array;
  /** [branches] share of the limit; NaN where there is none */
  readonly loading: Float64Array;
  readonly slackMw: number;
  readonly slackMvar: number;
  readonly lossMw: number;
  readonly demandMw: number;
}

/** Reads lanes after a solve into records, and into the step that others are shown. */
export class StepReader {
  readonly step: { -readonly [Key in keyof SolvedStep]: SolvedStep[Key] };
  private readonly lanes: PlacedLanes;
  private readonly shown: boolean;
  private readonly rated: boolean;

  /** @param shown whether `step` is to be filled */
  constructor(lanes: PlacedLanes, shown: boolean) {
    const { grid, island } = lanes.placed;
    this.lanes = lanes;
    this.shown = shown;
    this.rated = lanes.flow.flow.length > 0 && island.branches.some((row) => grid.branch.rateA[row]! > 0);
    this.step = {
      solved: false,
      vm: new Float64Array(grid.bus.rows).fill(Number.NaN),
      loading: new Float64Array(grid.branch.rows).fill(Number.NaN),
      slackMw: Number.NaN,
      slackMvar: Number.NaN,
      lossMw: Number.NaN,
      demandMw: 0,
    };
  }

  read(lane: number, at: number, into: GridRecord): void {
    const { lanes, step } = this;
    const { flow, placed, regulators } = lanes;
    const { n, rowAt, tapChangers, capacitors } = placed;
    const w = flow.width;
    const solved = flow.solved[lane] === 1;
    into.controlledMw[at] = lanes.controlledMw[lane]!;
    into.demandMw[at] = lanes.demandMw[lane]!;
    for (let t = 0; t < tapChangers.length; t++)
      into.taps[at * tapChangers.length + t] = regulators.position[t * w + lane]!;
    for (let c = 0; c < capacitors.length; c++)
      into.capacitors[at * capacitors.length + c] = regulators.switched[c * w + lane]!;
    step.solved = solved;
    step.demandMw = lanes.demandMw[lane]!;
    if (!solved) {
      if (this.shown) this.blank();
      return;
    }
    let [low, high] = [0, 0];
    for (let k = 1; k < n; k++) {
      if (flow.vm[k * w + lane]! < flow.vm[low * w + lane]!) low = k;
      if (flow.vm[k * w + lane]! > flow.vm[high * w + lane]!) high = k;
    }
    into.converged[at] = 1;
    into.unsettled[at] = flow.unsettled[lane]!;
    into.vmin[at] = flow.vm[low * w + lane]!;
    into.vminBus[at] = rowAt[low]!;
    into.vmax[at] = flow.vm[high * w + lane]!;
    into.vmaxBus[at] = rowAt[high]!;
    into.lossMw[at] = flow.lossMw[lane]!;
    into.lossMvar[at] = flow.lossMvar[lane]!;
    into.slackMw[at] = flow.slackMw[lane]!;
    into.slackMvar[at] = flow.slackMvar[lane]!;
    if (this.rated) this.loadings(lane, at, into);
    if (!this.shown) return;
    for (let k = 0; k < n; k++) step.vm[rowAt[k]!] = flow.vm[k * w + lane]!;
    step.slackMw = flow.slackMw[lane]!;
    step.slackMvar = flow.slackMvar[lane]!;
    step.lossMw = flow.lossMw[lane]!;
  }

  private loadings(lane: number, at: number, into: GridRecord): void {
    const { flow, placed } = this.lanes;
    const { island, grid } = placed;
    let [most, which] = [-1, -1];
    for (let k = 0; k < island.branches.length; k++) {
      const row = island.branches[k]!;
      const rate = grid.branch.rateA[row]!;
      if (!(rate > 0)) continue;
      const share = flow.flow[k * flow.width + lane]! / rate;
      if (this.shown) this.step.loading[row] = share;
      if (share > most) [most, which] = [share, row];
    }
    into.loading[at] = most;
    into.loadingBranch[at] = which;
  }

  private blank(): void {
    this.step.vm.fill(Number.NaN);
    this.step.loading.fill(Number.NaN);
    this.step.slackMw = Number.NaN;
    this.step.slackMvar = Number.NaN;
    this.step.lossMw = Number.NaN;
  }
}
