import { branchLegs } from '../radial.ts';
import type { BranchLegs, RadialFeeder } from '../radial.ts';
import { SweepBatch } from '../sweep-batch.ts';
import { sweepLimits } from '../sweep.ts';
import { given } from '../voltage-dependence.ts';
import type { LaneSolver } from './lane-flow.ts';
import { referenceVoltage } from './placement.ts';
import type { PlacedDistrict } from './placement.ts';

/** Lanes of a radial feeder by one batch of sweeps. */
export function sweepLanes(placed: PlacedDistrict, feeder: RadialFeeder, width: number): LaneSolver {
  const { grid, tapChangers, island } = placed;
  const { baseMva, branch } = grid;
  const { n, parent, r, g, b, x } = feeder;
  const batch = new SweepBatch(feeder, width);
  const reference = referenceVoltage(placed);
  const tapped = new Uint8Array(n);
  const gain = new Float64Array(tapChangers.length === 0 ? 0 : n * width).fill(1);
  const tapSlot = tapChangers.map((tap) => feeder.branch.indexOf(tap.branch));
  for (const k of tapSlot) tapped[k] = 1;
  const legs = Array.from(feeder.branch, (row) => (row < 0 ? null : branchLegs(branch, row)));
  const order = new Map(Array.from(island.branches, (row, k) => [row, k]));
  const place = Int32Array.from(feeder.branch, (row) => order.get(row) ?? -1);
  const parentIsFrom = Uint8Array.from(feeder.branch, (row, k) =>
    row >= 0 && placed.slotOf[grid.bus.bus.indexOf(branch.from[row]!)] === parent[k] ? 1 : 0,
  );

  return (flow, count, ratio) => {
    for (let t = 0; t < tapSlot.length; t++)
      for (let s = 0; s < count; s++) gain[tapSlot[t]! * width + s] = 1 / (ratio(t, s) * ratio(t, s));
    const { dependence } = flow;
    const parts = {
      dependence: dependence ?? undefined,
      ...(tapSlot.length === 0 ? {} : { tapped, gain }),
    };
    batch.solve(flow.p, flow.q, reference, count, sweepLimits, parts);
    for (let s = 0; s < count; s++) {
      flow.solved[s] = batch.sweeps[s] === 0 ? 0 : 1;
      flow.unsettled[s] = batch.unsettled[s]!;
      if (flow.solved[s] === 0) continue;
      let [pTaken, qTaken] = [0, 0];
      for (let k = 0; k < n; k++) {
        const at = k * width + s;
        const v2 = batch.v2[at]!;
        const v = Math.sqrt(v2);
        flow.vm[at] = v;
        if (dependence === null) {
          pTaken += flow.p[at]! + g[k]! * v2;
          qTaken += flow.q[at]! - b[k]! * v2;
        } else {
          pTaken += flow.p[at]! + dependence.pCurrent[at]! * v + (dependence.pImpedance[at]! + g[k]!) * v2;
          qTaken += flow.q[at]! + dependence.qCurrent[at]! * v + (dependence.qImpedance[at]! - b[k]!) * v2;
        }
      }
      const inverters = dependence?.inverters ?? null;
      if (inverters !== null)
        for (let u = 0; u < inverters.at.length; u++)
          qTaken -= given(inverters, u, width, s, inverters.command[u * width + s]!);
      // Shunts are no losses; half of a line's charging is at each of its ends, and counts as the bus's.
      flow.lossMw[s] = (batch.p[s]! - pTaken) * baseMva;
      flow.lossMvar[s] = (batch.q[s]! - qTaken) * baseMva;
      flow.slackMw[s] = batch.p[s]! * baseMva;
      flow.slackMvar[s] = batch.q[s]! * baseMva;
      if (flow.flow.length > 0) branchPowers(s, flow.flow);
    }
  };

  /** Apparent powers at both ends of every branch: the series part as the sweep has it, and what goes to ground at the ends. */
  function branchPowers(s: number, into: Float64Array): void {
    for (let k = 1; k < n; k++) {
      const [at, up] = [k * width + s, parent[k]! * width + s];
      const [p, q] = [batch.p[at]!, batch.q[at]!];
      const seen = tapped[k] === 1 ? batch.v2[up]! * gain[at]! : batch.v2[up]!;
      const current = (p * p + q * q) / seen;
      const here = legs[k] as BranchLegs;
      const [gUp, bUp] = parentIsFrom[k] === 1 ? [here.gFrom, here.bFrom] : [here.gTo, here.bTo];
      const [gDown, bDown] = parentIsFrom[k] === 1 ? [here.gTo, here.bTo] : [here.gFrom, here.bFrom];
      const [pUp, qUp] = [p + gUp * batch.v2[up]!, q - bUp * batch.v2[up]!];
      const pDown = p - r[k]! * current - gDown * batch.v2[at]!;
      const qDown = q - x[k]! * current + bDown * batch.v2[at]!;
      const most = Math.max(pUp * pUp + qUp * qUp, pDown * pDown + qDown * qDown);
      into[place[k]! * width + s] = Math.sqrt(most) * baseMva;
    }
  }
}
