import type { RadialFeeder } from './radial.ts';

export interface SweepLimits {
  /** Largest change of a voltage in the last sweep, p.u. */
  readonly tolerance: number;
  readonly maxSweeps: number;
}

export const sweepLimits: SweepLimits = { tolerance: 1e-8, maxSweeps: 200 };

/**
 * The backward/forward sweep by sums of powers (PQSUM), complex: `Sf_k = S_k + z_k |S_k/V_k|²` up to the reference, `V_k = V_p − z_k (Sf_k/V_p)*`
 * down again. From 1 p.u. whatever came before, so that steps do not depend on each other. Source: MATPOWER's radial power flow; specs/grid.md 2.7
 */
export class PowerSweep {
  /** [n] in the feeder's order, p.u. */
  readonly re: Float64Array;
  readonly im: Float64Array;
  sweeps = 0;
  private readonly feeder: RadialFeeder;
  private readonly p: Float64Array;
  private readonly q: Float64Array;

  constructor(feeder: RadialFeeder) {
    this.feeder = feeder;
    [this.re, this.im, this.p, this.q] = Array.from({ length: 4 }, () => new Float64Array(feeder.n)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }

  /** @param pLoad @param qLoad [n] in the feeder's order, p.u.  @param v of the reference, at an angle of 0  @returns whether it converged */
  solve(pLoad: Float64Array, qLoad: Float64Array, v: number, limits: SweepLimits = sweepLimits): boolean {
    const { n, parent, r, x, g, b } = this.feeder;
    const { re, im, p, q } = this;
    re.fill(v);
    im.fill(0);
    for (this.sweeps = 1; this.sweeps <= limits.maxSweeps; this.sweeps++) {
      for (let k = 0; k < n; k++) {
        const v2 = re[k]! * re[k]! + im[k]! * im[k]!;
        p[k] = pLoad[k]! + g[k]! * v2;
        q[k] = qLoad[k]! - b[k]! * v2;
      }
      for (let k = n - 1; k > 0; k--) {
        const v2 = re[k]! * re[k]! + im[k]! * im[k]!;
        const i2 = (p[k]! * p[k]! + q[k]! * q[k]!) / v2;
        // What enters the branch at its parent: kept for the way down.
        p[k]! += r[k]! * i2;
        q[k]! += x[k]! * i2;
        const up = parent[k]!;
        p[up]! += p[k]!;
        q[up]! += q[k]!;
      }
      let change = 0;
      for (let k = 1; k < n; k++) {
        const up = parent[k]!;
        const er = re[up]!;
        const ei = im[up]!;
        const v2 = er * er + ei * ei;
        // (Sf/V_p)* = Sf* V_p/|V_p|²
        const cr = (p[k]! * er + q[k]! * ei) / v2;
        const ci = (p[k]! * ei - q[k]! * er) / v2;
        const nr = er - (r[k]! * cr - x[k]! * ci);
        const ni = ei - (r[k]! * ci + x[k]! * cr);
        const dr = nr - re[k]!;
        const di = ni - im[k]!;
        const moved = dr * dr + di * di;
        if (!(moved <= change)) change = moved;
        re[k] = nr;
        im[k] = ni;
      }
      if (Math.sqrt(change) < limits.tolerance) return true;
      if (Number.isNaN(change)) return false;
    }
    this.sweeps = limits.maxSweeps;
    return false;
  }
}
