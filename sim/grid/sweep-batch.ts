import type { RadialFeeder } from './radial.ts';
import { sweepLimits } from './sweep.ts';
import type { SweepLimits } from './sweep.ts';

/** Scenarios side by side: 32 lines of 33 buses by 6 arrays are 50 kB, which stay in the second cache. */
export const batchWidth = 32;

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
  readonly width: number;
  private readonly feeder: RadialFeeder;
  private readonly v: Float64Array;
  private readonly pf: Float64Array;
  private readonly qf: Float64Array;
  private readonly change: Float64Array;

  constructor(feeder: RadialFeeder, width = batchWidth) {
    this.feeder = feeder;
    this.width = width;
    const all = (): Float64Array => new Float64Array(feeder.n * width);
    [this.v2, this.p, this.q, this.v, this.pf, this.qf] = [all(), all(), all(), all(), all(), all()];
    this.sweeps = new Int32Array(width);
    this.change = new Float64Array(width);
  }

  /**
   * @param pLoad @param qLoad [n, width] in the feeder's order, p.u.  @param reference voltage of the reference, p.u.
   * @param count scenarios that are there, the first ones
   * @returns how many of them converged
   */
  solve(
    pLoad: Float64Array,
    qLoad: Float64Array,
    reference: number,
    count: number = this.width,
    limits: SweepLimits = sweepLimits,
  ): number {
    const { n, parent, r, x, g, b } = this.feeder;
    const { width: w, v, pf, qf, change, sweeps } = this;
    v.fill(reference * reference);
    sweeps.fill(0);
    let settled = 0;
    for (let sweep = 1; sweep <= limits.maxSweeps && settled < count; sweep++) {
      for (let k = 0; k < n; k++) {
        const gk = g[k]!;
        const bk = b[k]!;
        const row = k * w;
        for (let s = row; s < row + count; s++) {
          pf[s] = pLoad[s]! + gk * v[s]!;
          qf[s] = qLoad[s]! - bk * v[s]!;
        }
      }
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
      for (let s = 0; s < count; s++) change[s] = 0;
      for (let k = 1; k < n; k++) {
        const rk = r[k]!;
        const xk = x[k]!;
        const row = k * w;
        const up = parent[k]! * w;
        const z2 = rk * rk + xk * xk;
        for (let s = 0; s < count; s++) {
          const p = pf[row + s]!;
          const q = qf[row + s]!;
          const vp = v[up + s]!;
          const next = vp - 2 * (rk * p + xk * q) + (z2 * (p * p + q * q)) / vp;
          const moved = Math.abs(next - v[row + s]!);
          if (!(moved <= change[s]!)) change[s] = moved;
          v[row + s] = next;
        }
      }
      for (let s = 0; s < count; s++) {
        // d(V²) = 2 V dV: a change of V below the tolerance
        if (sweeps[s] !== 0 || !(change[s]! < 2 * limits.tolerance)) continue;
        sweeps[s] = sweep;
        settled++;
        this.take(s);
      }
    }
    return settled;
  }

  /** The state of a scenario that has settled. */
  private take(s: number): void {
    const { width: w } = this;
    for (let k = 0; k < this.feeder.n; k++) {
      this.v2[k * w + s] = this.v[k * w + s]!;
      this.p[k * w + s] = this.pf[k * w + s]!;
      this.q[k * w + s] = this.qf[k * w + s]!;
    }
  }
}
