import { voltageDependence } from '../voltage-dependence.ts';
import type { InverterBank } from '../voltage-dependence.ts';
import { laneFlow } from './lane-flow.ts';
import type { LaneFlow, LaneSolver } from './lane-flow.ts';
import { newtonLanes } from './newton-lanes.ts';
import type { PlacedDistrict } from './placement.ts';
import { Regulators } from './regulators.ts';
import { sweepLanes } from './sweep-lanes.ts';

/**
 * Copies of a placed district side by side, step by step: `load` what a lane's buildings take, `solve`, look, `advance` the controllers. Nothing is allocated in a step but where a
 * tap of a meshed network moves. A lane's numbers do not depend on its neighbours, to the last bit.
 */
export class PlacedLanes {
  readonly placed: PlacedDistrict;
  readonly flow: LaneFlow;
  readonly regulators: Regulators;
  /** [width] MW at 1 p.u. in the step: of the homes, and of all loads */
  readonly controlledMw: Float64Array;
  readonly demandMw: Float64Array;
  private readonly solver: LaneSolver;
  private readonly ratio = (t: number, lane: number): number => this.regulators.ratio(t, lane);
  private readonly mw: Float64Array;
  private readonly loadMw: Float64Array;
  private readonly mvar: Float64Array;
  /** [buildings] kW of one home: the whole of it, and its load */
  private readonly kw: Float64Array;
  private readonly loadKw: Float64Array;
  /** [homes] thousands of homes, by which kW become MW */
  private readonly thousands: Float64Array;

  /** @param withFlows whether powers of branches are wanted */
  constructor(placed: PlacedDistrict, width: number, withFlows = true) {
    const { n, feeder, island, zip, inverter, capacitors, tapChangers } = placed;
    this.placed = placed;
    const bank = inverter === null ? null : inverterBank(placed, width);
    const depends = zip !== null || bank !== null || capacitors.length > 0;
    const dependence = depends ? voltageDependence(n, width, bank) : null;
    this.flow = laneFlow(n, withFlows ? island.branches.length : 0, width, dependence);
    this.solver = feeder === null ? newtonLanes(placed) : sweepLanes(placed, feeder, width);
    this.regulators = new Regulators(tapChangers, capacitors, width);
    [this.kw, this.loadKw] = [new Float64Array(placed.buildings), new Float64Array(placed.buildings)];
    this.thousands = placed.count.map((homes) => homes / 1000);
    [this.controlledMw, this.demandMw] = [new Float64Array(width), new Float64Array(width)];
    [this.mw, this.loadMw, this.mvar] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  }

  /**
   * What the buildings take in a step. `P = kWh/h · homes/1000`, its load with the placement's power factor, PV and battery without reactive power; the case's own loads by their profile.
   * @param net @param inverter [buildings] kWh in the step: of the whole building, and of its PV and battery alone (≤ 0: to the network)
   */
  load(lane: number, step: number, hours: number, net: Float64Array, inverter: Float64Array): void {
    const { placed, flow, mw, loadMw, mvar, kw, loadKw, thousands } = this;
    const { n, building, slot, tangent, backgroundMw, backgroundMvar, profile } = placed;
    const { width } = flow;
    const by = profile[step % profile.length]!;
    for (let k = 0; k < n; k++) {
      mw[k] = backgroundMw[k]! * by;
      loadMw[k] = mw[k]!;
      mvar[k] = backgroundMvar[k]! * by;
    }
    for (let b = 0; b < kw.length; b++) {
      kw[b] = net[b]! / hours;
      loadKw[b] = (net[b]! - inverter[b]!) / hours;
    }
    let controlled = 0;
    for (let h = 0; h < slot.length; h++) {
      const b = building[h]!;
      const k = slot[h]!;
      const homes = thousands[h]!;
      const whole = kw[b]! * homes;
      const load = loadKw[b]! * homes;
      mw[k]! += whole;
      loadMw[k]! += load;
      mvar[k]! += load * tangent;
      controlled += whole;
    }
    let demand = 0;
    for (let k = 0; k < n; k++) demand += mw[k]!;
    this.controlledMw[lane] = controlled;
    this.demandMw[lane] = demand;
    this.place(lane, width);
    if (flow.dependence?.inverters != null) this.room(lane, hours, inverter, flow.dependence.inverters);
  }

  /** MW and MVAr by bus, as the solver wants them. */
  private place(lane: number, width: number): void {
    const { placed, flow, mw, loadMw, mvar, regulators } = this;
    const { n, pGen, qGen, zip, capacitors, grid } = placed;
    const { baseMva } = grid;
    const { dependence } = flow;
    const [, pc = 0, pz = 0] = zip?.p ?? [];
    const [, qc = 0, qz = 0] = zip?.q ?? [];
    for (let k = 0; k < n; k++) {
      const at = k * width + lane;
      flow.p[at] = (mw[k]! - loadMw[k]! * (pc + pz)) / baseMva - pGen[k]!;
      flow.q[at] = (mvar[k]! - mvar[k]! * (qc + qz)) / baseMva - qGen[k]!;
      if (dependence === null) continue;
      dependence.pCurrent[at] = (loadMw[k]! * pc) / baseMva;
      dependence.pImpedance[at] = (loadMw[k]! * pz) / baseMva;
      dependence.qCurrent[at] = (mvar[k]! * qc) / baseMva;
      dependence.qImpedance[at] = (mvar[k]! * qz) / baseMva;
    }
    if (dependence === null) return;
    for (let c = 0; c < capacitors.length; c++) {
      if (regulators.switched[c * width + lane] === 0) continue;
      dependence.qImpedance[capacitors[c]!.held * width + lane]! -= capacitors[c]!.mvar / baseMva;
    }
  }

  /** What the ratings leave beside the active power. */
  private room(lane: number, hours: number, inverter: Float64Array, bank: InverterBank): void {
    const { building, count, grid } = this.placed;
    const { width } = this.flow;
    const { first, rating, room, ease } = bank;
    for (let u = 0; u < bank.at.length; u++) {
      let least = Infinity;
      for (let h = first[u]!; h < first[u + 1]!; h++) {
        const p = (inverter[building[h]!]! * count[h]!) / (1000 * hours * grid.baseMva);
        const left = Math.sqrt(Math.max(0, rating[h]! * rating[h]! - p * p));
        room[h * width + lane] = left;
        if (rating[h]! > 0) least = Math.min(least, left / rating[h]!);
      }
      ease[u * width + lane] = least;
    }
  }

  /** Power flows of the first `count` lanes. */
  solve(count: number = this.flow.width): void {
    this.solver(this.flow, count, this.ratio);
  }

  /** Lets a lane's controllers see its solved step; one without a solution moves nothing. */
  advance(lane: number): void {
    const { flow, regulators, placed } = this;
    if (flow.solved[lane] === 0) return;
    const { tapChangers, capacitors } = placed;
    for (let t = 0; t < tapChangers.length; t++)
      regulators.seeTap(t, lane, flow.vm[tapChangers[t]!.held * flow.width + lane]!);
    for (let c = 0; c < capacitors.length; c++)
      regulators.seeCapacitor(c, lane, flow.vm[capacitors[c]!.held * flow.width + lane]!);
  }
}

/** Homes of a bus are side by side in a placement. */
function inverterBank({ slot, count, inverter, grid }: PlacedDistrict, width: number): InverterBank {
  const { curve, ratingKva } = inverter!;
  const first = [...slot.keys()].filter((h) => h === 0 || slot[h] !== slot[h - 1]);
  const rating = count.map((homes) => (homes * ratingKva) / (1000 * grid.baseMva));
  const starts = Int32Array.of(...first, slot.length);
  return {
    curve,
    at: Int32Array.from(first, (h) => slot[h]!),
    first: starts,
    rating,
    total: Float64Array.from(first, (h, u) => rating.subarray(h, starts[u + 1]).reduce((sum, each) => sum + each, 0)),
    room: new Float64Array(slot.length * width),
    ease: new Float64Array(first.length * width),
    command: new Float64Array(first.length * width),
  };
}
