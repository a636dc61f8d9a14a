import type { RadialFeeder } from './radial.ts';
import { sweepLimits } from './sweep.ts';
import type { SweepLimits } from './sweep.ts';
import { voltVar } from './volt-var.ts';
import { given, settledWithin } from './voltage-dependence.ts';
import type { InverterBank, VoltageDependence } from './voltage-dependence.ts';

/** Scenarios side by side: 32 lines of 33 buses by 6 arrays are 50 kB, which stay in the second cache. */
export const batchWidth = 32;

/** What scenarios of a batch do not have in common beside constant powers. */
export interface BatchParts {
  readonly dependence?: VoltageDependence | undefined;
  /**
   * [n, width] 1/τ² of an ideal transformer at the parent's side of each bus's branch, read where `tapped` [n] is 1. A radial feeder passes power through it
   * unchanged: what the branch sees is `V_p²/τ²`.
   */
  readonly tapped?: Uint8Array | undefined;
  readonly gain?: Float64Array | undefined;
}

/** Sweeps in which inverters go three quarters of the way to their curves, which is quick on all but weak feeders; sweeps after which they are damped twice as much; and after which they stay where they are. */
const [eager, patience, frozen] = [24, 40, 184];

/** Part of the way to their curves that inverters go in a sweep. Source: specs/grid.md 2.8, which begins with a half */
function damping(sweep: number): number {
  if (sweep > frozen) return 0;
  return sweep <= eager ? 0.75 : 0.5 ** (1 + Math.floor((sweep - eager - 1) / patience));
}

/**
 * Radial power flows of many scenarios at once, by squared voltages (no angles, no complex division): `l = (P² + Q²)/v`, `P_f = P + r l`, upwards;
 * `v_k = v_p − 2(r P_f + x Q_f) + (r² + x²)(P_f² + Q_f²)/v_p`, downwards. A scenario's numbers do not depend on its neighbours, to the last bit: it is taken as it
 * stands when its own voltages have settled. Source: Baran and Wu (1989), DistFlow; specs/grid.md 2.7
 */
export class SweepBatch {
  /** [n, width] squared voltages, p.u. */
  readonly v2: Float64Array;
  /** [n, width] what enters each bus's branch at its parent, p.u.; of the reference: what the feeder takes */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** [width] sweeps that each took; 0: did not converge */
  readonly sweeps: Int32Array;
  /** [width] 1: the voltages have settled, and an inverter is not on its curve */
  readonly unsettled: Uint8Array;
  readonly width: number;
  private readonly feeder: RadialFeeder;
  private readonly v: Float64Array;
  private readonly pf: Float64Array;
  private readonly qf: Float64Array;
  private readonly change: Float64Array;
  /** [width] how far the inverters are from their curves, p.u.; [u, width] their commands, on the way */
  private readonly off: Float64Array;
  private command: Float64Array = new Float64Array(0);

  constructor(feeder: RadialFeeder, width = batchWidth) {
    this.feeder = feeder;
    this.width = width;
    const all = (): Float64Array => new Float64Array(feeder.n * width);
    [this.v2, this.p, this.q, this.v, this.pf, this.qf] = [all(), all(), all(), all(), all(), all()];
    this.sweeps = new Int32Array(width);
    this.unsettled = new Uint8Array(width);
    this.change = new Float64Array(width);
    this.off = new Float64Array(width);
  }

  /**
   * @param pLoad @param qLoad [n, width] in the feeder's order, p.u.  @param reference voltage of the reference, p.u.
   * @param count scenarios that are there, the first ones  @param parts what depends on the voltage, and taps, where there are any
   * @returns how many of them converged
   */
  solve(
    pLoad: Float64Array,
    qLoad: Float64Array,
    reference: number,
    count: number = this.width,
    limits: SweepLimits = sweepLimits,
    { dependence, tapped, gain }: BatchParts = {},
  ): number {
    const { v, off, change, sweeps, unsettled } = this;
    const bank = dependence?.inverters ?? null;
    v.fill(reference * reference);
    sweeps.fill(0);
    unsettled.fill(0);
    if (bank !== null && this.command.length !== bank.command.length)
      this.command = new Float64Array(bank.command.length);
    this.command.fill(0);
    let settled = 0;
    for (let sweep = 1; sweep <= limits.maxSweeps && settled < count; sweep++) {
      if (dependence === undefined) this.take(pLoad, qLoad, count);
      else this.takeByVoltage(pLoad, qLoad, count, dependence);
      if (bank !== null) this.give(bank, count, damping(sweep));
      this.upwards(count);
      for (let s = 0; s < count; s++) change[s] = 0;
      this.downwards(count, tapped, gain);
      for (let s = 0; s < count; s++) {
        // d(V²) = 2 V dV: a change of V below the tolerance
        if (sweeps[s] !== 0 || !(change[s]! < 2 * limits.tolerance)) continue;
        if (bank !== null && sweep <= frozen && !(off[s]! < limits.tolerance)) continue;
        sweeps[s] = sweep;
        settled++;
        this.keep(s, bank);
      }
    }
    return settled;
  }

  /** What is taken at each bus: constant powers, and what goes to ground. */
  private take(pLoad: Float64Array, qLoad: Float64Array, count: number): void {
    const { n, g, b } = this.feeder;
    const { width: w, v, pf, qf } = this;
    for (let k = 0; k < n; k++) {
      const gk = g[k]!;
      const bk = b[k]!;
      const row = k * w;
      for (let s = row; s < row + count; s++) {
        pf[s] = pLoad[s]! + gk * v[s]!;
        qf[s] = qLoad[s]! - bk * v[s]!;
      }
    }
  }

  /** The same with what depends on the voltage. Without any of it: the same bits. */
  private takeByVoltage(
    pLoad: Float64Array,
    qLoad: Float64Array,
    count: number,
    { pCurrent, qCurrent, pImpedance, qImpedance }: VoltageDependence,
  ): void {
    const { n, g, b } = this.feeder;
    const { width: w, v, pf, qf } = this;
    for (let k = 0; k < n; k++) {
      const gk = g[k]!;
      const bk = b[k]!;
      const row = k * w;
      for (let s = row; s < row + count; s++) {
        const vs = v[s]!;
        const vm = Math.sqrt(vs);
        pf[s] = pLoad[s]! + pCurrent[s]! * vm + (pImpedance[s]! + gk) * vs;
        qf[s] = qLoad[s]! + qCurrent[s]! * vm + (qImpedance[s]! - bk) * vs;
      }
    }
  }

  /** The commands of inverters go a part of the way to what their curve says. */
  private give(bank: InverterBank, count: number, part: number): void {
    const { width: w, v, qf, off, command } = this;
    for (let s = 0; s < count; s++) off[s] = 0;
    for (let u = 0; u < bank.at.length; u++) {
      const row = bank.at[u]! * w;
      const total = bank.total[u]!;
      for (let s = 0; s < count; s++) {
        const here = u * w + s;
        const missing = voltVar(bank.curve, Math.sqrt(v[row + s]!)) - command[here]!;
        if (!(Math.abs(missing) * total <= off[s]!)) off[s] = Math.abs(missing) * total;
        command[here]! += part * missing;
        qf[row + s]! -= given(bank, u, w, s, command[here]!);
      }
    }
  }

  /** Powers and losses, from the leaves to the reference. */
  private upwards(count: number): void {
    const { n, parent, r, x } = this.feeder;
    const { width: w, v, pf, qf } = this;
    for (let k = n - 1; k > 0; k--) {
      const rk = r[k]!;
      const xk = x[k]!;
      const row = k * w;
      const up = parent[k]! * w;
      for (let s = 0; s < count; s++) {
        const p = pf[row + s]!;
        const q = qf[row + s]!;
        const l = (p * p + q * q) / v[row + s]!;
        const pk = p + rk * l;
        const qk = q + xk * l;
        pf[row + s] = pk;
        qf[row + s] = qk;
        pf[up + s]! += pk;
        qf[up + s]! += qk;
      }
    }
  }

  /** Voltages, from the reference to the leaves. */
  private downwards(count: number, tapped: Uint8Array | undefined, gain: Float64Array | undefined): void {
    const { n, parent, r, x } = this.feeder;
    const { width: w, v, pf, qf, change } = this;
    for (let k = 1; k < n; k++) {
      const rk = r[k]!;
      const xk = x[k]!;
      const row = k * w;
      const up = parent[k]! * w;
      const z2 = rk * rk + xk * xk;
      const ideal = tapped !== undefined && gain !== undefined && tapped[k] === 1 ? gain : null;
      for (let s = 0; s < count; s++) {
        const p = pf[row + s]!;
        const q = qf[row + s]!;
        const vp = ideal === null ? v[up + s]! : v[up + s]! * ideal[row + s]!;
        const next = vp - 2 * (rk * p + xk * q) + (z2 * (p * p + q * q)) / vp;
        const moved = Math.abs(next - v[row + s]!);
        if (!(moved <= change[s]!)) change[s] = moved;
        v[row + s] = next;
      }
    }
  }

  /** The state of a scenario that has settled. */
  private keep(s: number, bank: InverterBank | null): void {
    const { width: w } = this;
    for (let k = 0; k < this.feeder.n; k++) {
      this.v2[k * w + s] = this.v[k * w + s]!;
      this.p[k * w + s] = this.pf[k * w + s]!;
      this.q[k * w + s] = this.qf[k * w + s]!;
    }
    if (bank === null) return;
    for (let u = 0; u < bank.at.length; u++) bank.command[u * w + s] = this.command[u * w + s]!;
    this.unsettled[s] = this.off[s]! > settledWithin ? 1 : 0;
  }
}
