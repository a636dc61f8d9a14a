import type { Admittance } from './admittance.ts';
import { BlockLu } from './block-lu.ts';
import { eliminate } from './elimination.ts';
import type { Elimination } from './elimination.ts';
import { role } from './network.ts';
import { voltVar, voltVarSlope } from './volt-var.ts';
import { given, yielding } from './voltage-dependence.ts';
import type { VoltageDependence } from './voltage-dependence.ts';
import { solveWithPivoting } from './pivoting-lu.ts';

/** How a solution was come by, or why there is none. */
export type NewtonEnd = 'converged' | 'iterations' | 'diverged' | 'singular';

/** What a Newton solve may be told. */
export interface NewtonLimits {
  /** Largest mismatch of a solution, p.u. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Shortens steps that turn an angle by more than 1 rad or change a voltage by more than half: slower, and finds some solutions that full steps miss. */
  readonly shorten: boolean;
}

export const newtonLimits: NewtonLimits = { tolerance: 1e-8, maxIterations: 30, shorten: false };

/** A residual so many times the smallest one seen is not coming back. */
const hopeless = 1e6;
/** |det D|/max|D|² of a diagonal block below which it is no pivot, and below which the step is looked at. */
const [noPivot, poorPivot] = [1e-12, 1e-6];
/** What such a step may leave of the right side. */
const poorStep = 1e-6;
/** Largest change of an angle (rad) and of a voltage (share) in one step. */
const [longestTurn, longestShift] = [1, 0.5];

/**
 * Newton's method on the polar power mismatch of one island, with everything allocated once: unknowns (dθ, dV/V) in 2×2 blocks a bus,
 * `H = ∂P/∂θ = Im s, N = V ∂P/∂V = Re s, M = −Re s, L = Im s` with `s = V_i (Y_ij V_j)*`. At a PV bus the second row is dV = 0, so that a bus
 * changes its role without another pattern. Sources: Tinney and Hart (1967); specs/grid.md 2.2
 */
export class NewtonPowerFlow {
  /** [n] p.u. and rad: the start, then the solution */
  readonly vm: Float64Array;
  readonly va: Float64Array;
  /** [n] P and Q that flow from each bus into the network at the last voltages, p.u. */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** Residuals before each step and at the end: ‖(dP at PV and PQ, dQ at PQ)‖∞, p.u. */
  readonly residuals: number[] = [];
  iterations = 0;
  /** Steps that were shortened. */
  shortened = 0;
  /** Steps that were solved with pivoting. */
  fallbacks = 0;
  /** The bus of the last residual. */
  worst = -1;

  /** [n] of `role`; may change between PQ and PV from one solve to the next. */
  readonly roles: Uint8Array;
  private readonly y: Admittance;
  private readonly plan: Elimination;
  private readonly lu: BlockLu;
  private readonly blocks: Float64Array;
  private readonly step: Float64Array;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  /** [n] what loads take beside constant powers at the last voltages, p.u.; 0 without a dependence on the voltage */
  private readonly pTaken: Float64Array;
  private readonly qTaken: Float64Array;

  constructor(y: Admittance, roles: Uint8Array) {
    this.y = y;
    this.roles = roles;
    const { n, rowStart, column } = y;
    const isUnknown = new Uint8Array(n);
    for (let i = 0; i < n; i++) isUnknown[i] = roles[i] === role.ref ? 0 : 1;
    this.plan = eliminate(rowStart, column, isUnknown);
    this.lu = new BlockLu(this.plan, rowStart, column);
    this.blocks = new Float64Array(4 * column.length);
    this.step = new Float64Array(2 * n);
    // One allocation for all of them.
    const vectors = new Float64Array(8 * n);
    this.vm = vectors.subarray(0, n);
    this.va = vectors.subarray(n, 2 * n);
    this.p = vectors.subarray(2 * n, 3 * n);
    this.q = vectors.subarray(3 * n, 4 * n);
    this.re = vectors.subarray(4 * n, 5 * n);
    this.im = vectors.subarray(5 * n, 6 * n);
    this.pTaken = vectors.subarray(6 * n, 7 * n);
    this.qTaken = vectors.subarray(7 * n, 8 * n);
  }

  /** The bus that is nearest to being singular in the last factorisation. */
  get weakest(): number {
    return this.lu.leastPivotNode;
  }

  /**
   * Solves from what is in `vm` and `va`. @param pSpec @param qSpec [n] what is injected at each bus, p.u.
   * Zero iterations is a legal answer. @param dependence what loads take beside them by the voltage, buses in the order of the island @param lane of it
   */
  solve(
    pSpec: Float64Array,
    qSpec: Float64Array,
    limits: NewtonLimits = newtonLimits,
    dependence?: VoltageDependence,
    lane = 0,
  ): NewtonEnd {
    const { vm, va, step, roles, residuals } = this;
    const { n } = this.y;
    residuals.length = 0;
    this.iterations = 0;
    this.shortened = 0;
    this.pTaken.fill(0);
    this.qTaken.fill(0);
    this.fallbacks = 0;
    let smallest = Infinity;
    for (;;) {
      this.assemble();
      if (dependence !== undefined) this.depend(dependence, lane);
      const residual = this.mismatch(pSpec, qSpec);
      residuals.push(residual);
      if (residual < limits.tolerance) return 'converged';
      if (!(residual <= hopeless * smallest)) return 'diverged';
      smallest = Math.min(smallest, residual);
      if (this.iterations === limits.maxIterations) return 'iterations';
      if (!this.solveStep()) return 'singular';
      let scale = 1;
      for (let i = 0; limits.shorten && i < n; i++) {
        if (roles[i] === role.ref) continue;
        const turn = Math.abs(step[2 * i]!);
        const shift = Math.abs(step[2 * i + 1]!);
        if (turn * scale > longestTurn) scale = longestTurn / turn;
        if (shift * scale > longestShift) scale = longestShift / shift;
      }
      if (scale < 1) this.shortened++;
      for (let i = 0; i < n; i++) {
        if (roles[i] === role.ref) continue;
        va[i]! += scale * step[2 * i]!;
        vm[i]! *= 1 + scale * step[2 * i + 1]!;
      }
      this.iterations++;
    }
  }

  /** J dx = f in place of f; with pivoting where the blocks on the diagonal do not do for pivots. */
  private solveStep(): boolean {
    const { lu, step, plan, blocks } = this;
    const { rowStart, column } = this.y;
    const factored = lu.factor(blocks);
    if (factored && lu.leastPivot > poorPivot) {
      lu.solve(step);
      return true;
    }
    const right = step.slice();
    if (factored && lu.leastPivot > noPivot) {
      lu.solve(step);
      if (this.leftOver(right) < poorStep) return true;
      step.set(right);
    }
    this.fallbacks++;
    return solveWithPivoting(plan, rowStart, column, blocks, step);
  }

  /** ‖f − J dx‖∞/‖f‖∞ of the present step. */
  private leftOver(right: Float64Array): number {
    const { blocks, step, roles } = this;
    const { n, rowStart, column } = this.y;
    let [left, whole] = [0, 0];
    for (let i = 0; i < n; i++) {
      if (roles[i] === role.ref) continue;
      let [p, q] = [right[2 * i]!, right[2 * i + 1]!];
      whole = Math.max(whole, Math.abs(p), Math.abs(q));
      for (let k = rowStart[i]!; k < rowStart[i + 1]!; k++) {
        const j = column[k]!;
        if (roles[j] === role.ref) continue;
        p -= blocks[4 * k]! * step[2 * j]! + blocks[4 * k + 1]! * step[2 * j + 1]!;
        q -= blocks[4 * k + 2]! * step[2 * j]! + blocks[4 * k + 3]! * step[2 * j + 1]!;
      }
      left = Math.max(left, Math.abs(p), Math.abs(q));
    }
    return left / whole;
  }

  /** One pass over Ybus: powers at the voltages, and the Jacobian's blocks. */
  private assemble(): void {
    const { vm, va, p, q, re, im, blocks, roles } = this;
    const { n, rowStart, column, diagonal, g, b } = this.y;
    for (let i = 0; i < n; i++) {
      re[i] = vm[i]! * Math.cos(va[i]!);
      im[i] = vm[i]! * Math.sin(va[i]!);
    }
    for (let i = 0; i < n; i++) {
      const e = re[i]!;
      const f = im[i]!;
      const free = roles[i] === role.pq;
      let pi = 0;
      let qi = 0;
      for (let k = rowStart[i]!; k < rowStart[i + 1]!; k++) {
        const j = column[k]!;
        const ir = g[k]! * re[j]! - b[k]! * im[j]!;
        const ii = g[k]! * im[j]! + b[k]! * re[j]!;
        const sr = e * ir + f * ii;
        const si = f * ir - e * ii;
        pi += sr;
        qi += si;
        blocks[4 * k] = si;
        blocks[4 * k + 1] = sr;
        blocks[4 * k + 2] = free ? -sr : 0;
        blocks[4 * k + 3] = free ? si : 0;
      }
      p[i] = pi;
      q[i] = qi;
      const d = diagonal[i]!;
      const v2 = vm[i]! * vm[i]!;
      blocks[4 * d] = -qi - b[d]! * v2;
      blocks[4 * d + 1] = pi + g[d]! * v2;
      blocks[4 * d + 2] = free ? pi - g[d]! * v2 : 0;
      blocks[4 * d + 3] = free ? qi - b[d]! * v2 : 1;
    }
  }

  /** What is taken by the voltage, `P_i V + P_z V²`, and its derivatives V ∂P/∂V, V ∂Q/∂V on the diagonal. An inverter's curve has kinks: semi-smooth there. */
  private depend(
    { width, pCurrent, qCurrent, pImpedance, qImpedance, inverters }: VoltageDependence,
    lane: number,
  ): void {
    const { vm, roles, blocks, pTaken, qTaken } = this;
    const { n, diagonal } = this.y;
    for (let i = 0; i < n; i++) {
      const at = i * width + lane;
      const v = vm[i]!;
      const [pc, pz] = [pCurrent[at]! * v, pImpedance[at]! * v * v];
      const [qc, qz] = [qCurrent[at]! * v, qImpedance[at]! * v * v];
      pTaken[i] = pc + pz;
      qTaken[i] = qc + qz;
      if (roles[i] !== role.pq) continue;
      blocks[4 * diagonal[i]! + 1]! += pc + 2 * pz;
      blocks[4 * diagonal[i]! + 3]! += qc + 2 * qz;
    }
    if (inverters === null) return;
    const { at: buses, curve, command } = inverters;
    for (let u = 0; u < buses.length; u++) {
      const i = buses[u]!;
      const told = voltVar(curve, vm[i]!);
      command[u * width + lane] = told;
      qTaken[i]! -= given(inverters, u, width, lane, told);
      if (roles[i] !== role.pq) continue;
      blocks[4 * diagonal[i]! + 3]! -= voltVarSlope(curve, vm[i]!) * yielding(inverters, u, width, lane, told) * vm[i]!;
    }
  }

  /** The right side, and its largest entry. */
  private mismatch(pSpec: Float64Array, qSpec: Float64Array): number {
    const { p, q, step, roles, pTaken, qTaken } = this;
    let largest = 0;
    for (let i = 0; i < p.length; i++) {
      const kind = roles[i];
      if (kind === role.ref) continue;
      const dp = pSpec[i]! - pTaken[i]! - p[i]!;
      const dq = kind === role.pq ? qSpec[i]! - qTaken[i]! - q[i]! : 0;
      step[2 * i] = dp;
      step[2 * i + 1] = dq;
      const here = Math.max(Math.abs(dp), Math.abs(dq));
      // Not `>`: a NaN is the largest of all.
      if (!(here <= largest)) {
        largest = here;
        this.worst = i;
      }
    }
    return largest;
  }
}
