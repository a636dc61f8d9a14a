import type { PlacedLanes } from './placed-lanes.ts';

/** A lane's step after a solve, in the rows of the case; NaN and −1 where it has no solution, which is a result. */
export interface SolvedStep {
  readonly solved: boolean;
  /** The voltages have settled, and an inverter is not on its curve. */
  readonly unsettled: boolean;
  /** [buses] p.u.; NaN where there is none */
  readonly vm: Float64Array;
  /** [branches] share of the limit; NaN where there is none */
  readonly loading: Float64Array;
  /** p.u., and rows of the buses */
  readonly vmin: number;
  readonly vminBus: number;
  readonly vmax: number;
  readonly vmaxBus: number;
  /** Largest share of its limit that a branch carries, and the branch's row; NaN and −1 where no branch has a limit. */
  readonly maxLoading: number;
  readonly maxLoadingBranch: number;
  /** MW, MVAr: what the reference gives, below 0 where power flows back; what does not come out of branches */
  readonly slackMw: number;
  readonly slackMvar: number;
  readonly lossMw: number;
  readonly lossMvar: number;
  /** MW at 1 p.u., solved or not: of the homes alone, and of all loads */
  readonly controlledMw: number;
  readonly demandMw: number;
}

/** Reads lanes after a solve into one step, which is used again. */
export class StepReader {
  readonly step: { -readonly [Key in keyof SolvedStep]: SolvedStep[Key] };
  private readonly lanes: PlacedLanes;
  private readonly whole: boolean;
  private readonly rated: boolean;

  /** @param whole whether `vm` and `loading` are wanted; default: yes */
  constructor(lanes: PlacedLanes, whole = true) {
    const { grid, island } = lanes.placed;
    this.lanes = lanes;
    this.whole = whole;
    this.rated = lanes.flow.flow.length > 0 && island.branches.some((row) => grid.branch.rateA[row]! > 0);
    const none = Number.NaN;
    this.step = {
      solved: false,
      unsettled: false,
      vm: new Float64Array(grid.bus.rows).fill(none),
      loading: new Float64Array(grid.branch.rows).fill(none),
      vmin: none,
      vminBus: -1,
      vmax: none,
      vmaxBus: -1,
      maxLoading: none,
      maxLoadingBranch: -1,
      slackMw: none,
      slackMvar: none,
      lossMw: none,
      lossMvar: none,
      controlledMw: none,
      demandMw: none,
    };
  }

  read(lane: number): void {
    const { lanes, step } = this;
    const { flow } = lanes;
    step.solved = flow.solved[lane] === 1;
    step.unsettled = step.solved && flow.unsettled[lane] === 1;
    step.controlledMw = lanes.controlledMw[lane]!;
    step.demandMw = lanes.demandMw[lane]!;
    if (!step.solved) {
      this.blank();
      return;
    }
    step.slackMw = flow.slackMw[lane]!;
    step.slackMvar = flow.slackMvar[lane]!;
    step.lossMw = flow.lossMw[lane]!;
    step.lossMvar = flow.lossMvar[lane]!;
    this.voltages(lane);
    if (this.rated) this.loadings(lane);
  }

  private voltages(lane: number): void {
    const { step, whole } = this;
    const { flow, placed } = this.lanes;
    const { n, rowAt } = placed;
    const { vm, width } = flow;
    let [low, high] = [0, 0];
    for (let k = 1; k < n; k++) {
      const v = vm[k * width + lane]!;
      if (v < vm[low * width + lane]!) low = k;
      if (v > vm[high * width + lane]!) high = k;
    }
    step.vmin = vm[low * width + lane]!;
    step.vminBus = rowAt[low]!;
    step.vmax = vm[high * width + lane]!;
    step.vmaxBus = rowAt[high]!;
    if (whole) for (let k = 0; k < n; k++) step.vm[rowAt[k]!] = vm[k * width + lane]!;
  }

  private loadings(lane: number): void {
    const { step, whole } = this;
    const { flow, placed } = this.lanes;
    const { island, grid } = placed;
    let [most, which] = [-1, -1];
    for (let k = 0; k < island.branches.length; k++) {
      const row = island.branches[k]!;
      const rate = grid.branch.rateA[row]!;
      if (!(rate > 0)) continue;
      const share = flow.flow[k * flow.width + lane]! / rate;
      if (whole) step.loading[row] = share;
      if (share > most) [most, which] = [share, row];
    }
    step.maxLoading = most;
    step.maxLoadingBranch = which;
  }

  private blank(): void {
    const { step, whole } = this;
    for (const key of ['vmin', 'vmax', 'maxLoading', 'slackMw', 'slackMvar', 'lossMw', 'lossMvar'] as const)
      step[key] = Number.NaN;
    for (const key of ['vminBus', 'vmaxBus', 'maxLoadingBranch'] as const) step[key] = -1;
    if (!whole) return;
    step.vm.fill(Number.NaN);
    step.loading.fill(Number.NaN);
  }
}
