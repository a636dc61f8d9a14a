import { branchAdmittance, busAdmittance } from '../admittance.ts';
import type { BranchAdmittance } from '../admittance.ts';
import { withColumns } from '../grid-case.ts';
import { role } from '../network.ts';
import { newtonLimits, NewtonPowerFlow } from '../newton.ts';
import { startOf } from '../power-flow.ts';
import { branchPower } from '../solution.ts';
import { voltVar } from '../volt-var.ts';
import { given } from '../voltage-dependence.ts';
import type { InverterBank, VoltageDependence } from '../voltage-dependence.ts';
import type { LaneFlow, LaneSolver } from './lane-flow.ts';
import type { PlacedDistrict } from './placement.ts';

/** Rounds of inverters that Newton's method did not settle by itself, and how far each goes to its curve. Source: specs/grid.md 2.8 */
const [mostRounds, damping] = [20, 0.5];

/** Lanes of any other network, one after the other by Newton's method from the case's own start, so that a lane does not depend on its neighbours. */
export function newtonLanes(placed: PlacedDistrict): LaneSolver {
  const { island, grid, n, tapChangers } = placed;
  const { baseMva, bus } = grid;
  const { buses, from, to } = island;
  let branches = branchAdmittance(grid, island);
  const y = busAdmittance(grid, island, branches);
  const newton = new NewtonPowerFlow(y, island.roles);
  const start = startOf(grid, island, 'case');
  const reference = island.roles.indexOf(role.ref);
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const [power, reactive] = [new Float64Array(2), new Float64Array(2)];
  const inService = new Float64Array(tapChangers.length).fill(1);

  /** Ybus at other ratios: in place, the pattern stays. */
  function tap(ratio: (t: number, lane: number) => number, lane: number): void {
    if (!tapChangers.some((_, t) => inService[t] !== ratio(t, lane))) return;
    const ratios = grid.branch.ratio.slice();
    tapChangers.forEach((changer, t) => {
      inService[t] = ratio(t, lane);
      ratios[changer.branch] = inService[t];
    });
    const tapped = withColumns(grid, { branch: { ratio: ratios } });
    branches = branchAdmittance(tapped, island);
    const next = busAdmittance(tapped, island, branches);
    y.g.set(next.g);
    y.b.set(next.b);
  }

  function solveFromStart(lane: number, dependence: VoltageDependence | undefined): boolean {
    newton.vm.set(start.vm);
    newton.va.set(start.va);
    return newton.solve(p, q, newtonLimits, dependence, lane) === 'converged';
  }

  return (flow, count, ratio) => {
    const { width, dependence } = flow;
    for (let s = 0; s < count; s++) {
      tap(ratio, s);
      for (let i = 0; i < n; i++) {
        p[i] = -flow.p[i * width + s]!;
        q[i] = -flow.q[i * width + s]!;
      }
      let solved = solveFromStart(s, dependence ?? undefined);
      flow.unsettled[s] = 0;
      const bank = dependence?.inverters ?? null;
      if (!solved && dependence !== null && bank !== null) {
        const rounds = byRounds(flow, s, dependence, bank);
        solved = rounds.solved;
        flow.unsettled[s] = solved && !rounds.settled ? 1 : 0;
      }
      flow.solved[s] = solved ? 1 : 0;
      if (solved) read(flow, s);
    }
  };

  /** Inverters fixed in each power flow, and moved a part of the way between two. */
  function byRounds(
    flow: LaneFlow,
    lane: number,
    dependence: VoltageDependence,
    bank: InverterBank,
  ): { readonly solved: boolean; readonly settled: boolean } {
    const { width } = flow;
    const fixed: VoltageDependence = { ...dependence, inverters: null };
    const own = q.slice();
    for (let u = 0; u < bank.at.length; u++) bank.command[u * width + lane] = 0;
    for (let round = 1; ; round++) {
      q.set(own);
      for (let u = 0; u < bank.at.length; u++)
        q[bank.at[u]!]! += given(bank, u, width, lane, bank.command[u * width + lane]!);
      if (!solveFromStart(lane, fixed)) return { solved: false, settled: false };
      let off = 0;
      for (let u = 0; u < bank.at.length; u++) {
        const at = u * width + lane;
        const missing = voltVar(bank.curve, newton.vm[bank.at[u]!]!) - bank.command[at]!;
        off = Math.max(off, Math.abs(missing) * bank.total[u]!);
        if (round < mostRounds) bank.command[at]! += damping * missing;
      }
      if (off < newtonLimits.tolerance || round === mostRounds) return { solved: true, settled: off < 1e-6 };
    }
  }

  function read(flow: LaneFlow, s: number): void {
    const { width, dependence } = flow;
    const bank = dependence?.inverters;
    let [pLoss, qLoss] = [0, 0];
    for (let i = 0; i < n; i++) {
      const v = newton.vm[i]!;
      const v2 = v * v;
      flow.vm[i * width + s] = v;
      pLoss += newton.p[i]! * baseMva - bus.Gs[buses[i]!]! * v2;
      qLoss += newton.q[i]! * baseMva + bus.Bs[buses[i]!]! * v2;
    }
    flow.lossMw[s] = pLoss;
    flow.lossMvar[s] = qLoss;
    // What goes into the network at the reference, and what is taken there.
    const at = reference * width + s;
    const v = newton.vm[reference]!;
    let [pHere, qHere] = [newton.p[reference]! + flow.p[at]!, newton.q[reference]! + flow.q[at]!];
    if (dependence !== null) {
      pHere += dependence.pCurrent[at]! * v + dependence.pImpedance[at]! * v * v;
      qHere += dependence.qCurrent[at]! * v + dependence.qImpedance[at]! * v * v;
    }
    bank?.at.forEach((bus, u) => {
      if (bus === reference) qHere -= given(bank, u, width, s, bank.command[u * width + s]!);
    });
    flow.slackMw[s] = pHere * baseMva;
    flow.slackMvar[s] = qHere * baseMva;
    if (flow.flow.length > 0) branchPowers(flow, s, branches);
  }

  function branchPowers(flow: LaneFlow, s: number, admittance: BranchAdmittance): void {
    for (let i = 0; i < n; i++) {
      re[i] = newton.vm[i]! * Math.cos(newton.va[i]!);
      im[i] = newton.vm[i]! * Math.sin(newton.va[i]!);
    }
    const { ff, ft, tf, tt } = admittance;
    for (let k = 0; k < from.length; k++) {
      const [f, t] = [from[k]!, to[k]!];
      branchPower(ff, ft, k, re[f]!, im[f]!, re[t]!, im[t]!, baseMva, 0, power, reactive);
      branchPower(tt, tf, k, re[t]!, im[t]!, re[f]!, im[f]!, baseMva, 1, power, reactive);
      flow.flow[k * flow.width + s] = Math.sqrt(
        Math.max(power[0]! ** 2 + reactive[0]! ** 2, power[1]! ** 2 + reactive[1]! ** 2),
      );
    }
  }
}
