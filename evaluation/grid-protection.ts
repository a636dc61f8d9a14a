import type { CascadeResult } from '../core/run.ts';
import type { ProtectionSpec } from '../core/scenario-grid.ts';
import { cascade } from '../sim/grid/cascade/cascade.ts';
import { tripRules } from '../sim/grid/cascade/trip-rule.ts';
import type { LaneFlow } from '../sim/grid/placed/lane-flow.ts';
import { connectedParts } from '../sim/grid/network.ts';
import { placedCase, readLoads } from '../sim/grid/placed/placed-case.ts';
import type { LaneLoads } from '../sim/grid/placed/placed-case.ts';
import type { PlacedDistrict } from '../sim/grid/placed/placement.ts';
import type { SolvedStep } from '../sim/grid/placed/step-reader.ts';

/** KPIs of what relays do in the worst step, and their units. */
export const cascadeKpiUnits = {
  cascade_lines_tripped: 'lines',
  cascade_served: 'share',
  cascade_energy_not_served: 'MWh',
} as const;

/** Keeps the step in which a network was loaded most, and the one before it, and lets its relays answer when the run is over. */
export class Protection {
  private readonly placed: PlacedDistrict;
  private readonly spec: ProtectionSpec;
  private readonly hours: number;
  private now: LaneLoads;
  private before: LaneLoads;
  private worst: {
    readonly stress: number;
    readonly step: number;
    readonly now: LaneLoads;
    readonly before: LaneLoads;
  };
  private step = 0;

  /** @param hours of a step */
  constructor(placed: PlacedDistrict, spec: ProtectionSpec, hours: number) {
    const loads = (): LaneLoads => ({ mw: new Float64Array(placed.n), mvar: new Float64Array(placed.n) });
    this.placed = placed;
    this.spec = spec;
    this.hours = hours;
    [this.now, this.before] = [loads(), loads()];
    this.worst = { stress: -Infinity, step: -1, now: loads(), before: loads() };
  }

  /** Most loaded is: without a solution, with the largest loading of a branch, with the lowest voltage, in this order. */
  push(flow: LaneFlow, lane: number, { solved, maxLoading, vmin }: SolvedStep): void {
    [this.now, this.before] = [this.before, this.now];
    readLoads(this.placed, flow, lane, this.now);
    if (this.step === 0) copy(this.now, this.before);
    const stress = !solved ? Infinity : Number.isNaN(maxLoading) ? -vmin : maxLoading;
    if (stress > this.worst.stress) {
      const { now, before } = this.worst;
      copy(this.now, now);
      copy(this.before, before);
      this.worst = { stress, step: this.step, now, before };
    }
    this.step++;
  }

  /** What the relays did in that step; branches were as warm before as the step before made them. */
  result(): CascadeResult | null {
    const { placed, spec, worst, hours } = this;
    if (worst.step < 0) return null;
    const grid = placedCase(placed, worst.now);
    const { under_voltage: under, over_voltage: over } = spec;
    const run = cascade(grid, {
      model: 'ac',
      rule: tripRules[spec.rule as 'instant' | 'grid2op' | 'thermal'],
      before: placedCase(placed, worst.before),
      duration: 3600 * hours,
      voltage: {
        ...(under === undefined ? {} : { under: { threshold: under.pu, delay: under.seconds, share: under.share } }),
        ...(over === undefined ? {} : { over: { threshold: over.pu, delay: over.seconds } }),
      },
    });
    const { bus, branch } = placed.grid;
    const { buses: rows, branches } = placed.island;
    const trippedAt = Array.from(branches, (): number | null => null);
    for (const { t, what, branch: row } of run.events)
      if (row !== null) trippedAt[branches.indexOf(row)] = what === 'line-trip' ? t : null;
    return {
      step: worst.step,
      ended: run.ended,
      rounds: run.rounds.length,
      islands: run.islands,
      linesTripped: run.linesTripped,
      demandMw: run.demandMw,
      servedMw: run.servedMw,
      servedFraction: run.servedFraction,
      unservedMwh: run.unservedMwh,
      trippedAt,
      servedAt: Array.from(rows, (row) => run.load[row]!),
      parts: connectedParts(placed.island, (k) => run.status[branches[k]!]! > 0).map((part) =>
        part.map((i) => bus.bus[rows[i]!]!),
      ),
      events: run.events.map(({ t, what, why, branch: row, buses, value, mwLost }) => ({
        t,
        what,
        why,
        branch: row === null ? null : ([branch.from[row]!, branch.to[row]!] as const),
        index: row === null ? null : branches.indexOf(row),
        buses: buses.map((each) => bus.bus[each]!),
        value,
        mwLost,
      })),
    };
  }
}

function copy(from: LaneLoads, into: LaneLoads): void {
  into.mw.set(from.mw);
  into.mvar.set(from.mvar);
}
