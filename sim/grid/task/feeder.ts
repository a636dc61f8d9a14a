import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import { builtinGrid, builtinGrids } from '../builtin/index.ts';
import { checkCase } from '../check-case.ts';
import { networkOf, role } from '../network.ts';
import { startOf } from '../power-flow.ts';
import { radialFeeder } from '../radial.ts';
import type { RadialFeeder } from '../radial.ts';
import { PowerSweep } from '../sweep.ts';
import { feederYear } from './feeder-year.ts';
import type { FeederYear } from './feeder-year.ts';

/** Panels at a bus, MW of their rating. */
export interface PanelSite {
  readonly bus: number;
  readonly mw: number;
}

/** Voltages that a feeder is to be kept within, p.u. */
export interface VoltageBand {
  readonly low: number;
  readonly high: number;
}

/**
 * A radial feeder with the loads and panels of an hour of its year, and what stands beside them at some buses, solved by a sweep from 1 p.u.: an hour's numbers depend on
 * nothing but the hour and those injections. Loads are the case's, times the share of their kind (odd rows are homes, even ones mixed), at its power factor; panels give no reactive power.
 */
export class Feeder {
  readonly year: FeederYear;
  readonly baseMva: number;
  /** MW that the case's loads take when they are whole. */
  readonly fullLoad: number;
  /** Of the last solve: MW from the reference, MW of losses, p.u. hours per hour outside of the band over all buses. */
  slackMw = 0;
  lossMw = 0;
  violation = 0;
  vmin = 1;
  /** False: beyond what the feeder can carry; every voltage then counts as 0, and losses as what the loads take. */
  converged = true;
  private readonly feeder: RadialFeeder;
  private readonly sweep: PowerSweep;
  private readonly reference: number;
  private readonly band: VoltageBand;
  private readonly orderOf: ReadonlyMap<number, number>;
  /** [n] by the feeder's order, p.u. */
  private readonly pFull: Float64Array;
  private readonly qFull: Float64Array;
  private readonly pPanel: Float64Array;
  private readonly kind: Uint8Array;
  private readonly p: Float64Array;
  private readonly q: Float64Array;

  /** @throws {ConfigError} for a case that is not one radial island with its reference alone held, and for buses that are not there. */
  constructor(name: string, panels: readonly PanelSite[], band: VoltageBand) {
    if (!builtinGrids.includes(name)) throw new UnknownNameError('grid case', name, builtinGrids);
    const grid = builtinGrid(name);
    checkCase(grid);
    const [island, ...others] = networkOf(grid).islands;
    const feeder = island === undefined || others.length > 0 ? null : radialFeeder(grid, island);
    if (island === undefined || feeder === null || island.roles.some((each) => each === role.pv))
      throw new ConfigError(`${name} is no radial feeder with its reference alone held`);
    const { n, bus } = feeder;
    const { baseMva } = grid;
    const rows = Int32Array.from(bus, (at) => island.buses[at]!);
    this.feeder = feeder;
    this.baseMva = baseMva;
    this.band = band;
    this.reference = startOf(grid, island, 'case').vm[bus[0]!]!;
    this.sweep = new PowerSweep(feeder);
    this.orderOf = new Map([...rows].map((row, k) => [grid.bus.bus[row]!, k]));
    this.pFull = Float64Array.from(rows, (row) => grid.bus.Pd[row]! / baseMva);
    this.qFull = Float64Array.from(rows, (row) => grid.bus.Qd[row]! / baseMva);
    this.kind = Uint8Array.from(rows, (row) => row % 2);
    this.pPanel = new Float64Array(n);
    for (const { bus: number, mw } of panels) this.pPanel[this.order(number)]! += mw / baseMva;
    this.fullLoad = this.pFull.reduce((sum, p) => sum + p, 0) * baseMva;
    [this.p, this.q] = [new Float64Array(n), new Float64Array(n)];
    this.year = feederYear();
  }

  /** Place of a bus, by its number in the case. @throws {ConfigError} */
  order(number: number): number {
    const k = this.orderOf.get(number);
    if (k === undefined) throw new ConfigError(`the feeder has no bus ${number}`);
    return k;
  }

  /** Puts an hour's loads and panels down; to be followed by `inject` and `solve`. @param hour of the year */
  load(hour: number): void {
    const { load, solar } = this.year;
    const [homes, mixed] = [load[0][hour]!, load[1][hour]!];
    const sun = solar[hour]!;
    for (let k = 0; k < this.p.length; k++) {
      const share = this.kind[k] === 1 ? homes : mixed;
      this.p[k] = share * this.pFull[k]! - sun * this.pPanel[k]!;
      this.q[k] = share * this.qFull[k]!;
    }
  }

  /** Gives power to a bus. @param order see `order`  @param mw @param mvar */
  inject(order: number, mw: number, mvar: number): void {
    this.p[order]! -= mw / this.baseMva;
    this.q[order]! -= mvar / this.baseMva;
  }

  /** Solves what was put down. */
  solve(): void {
    const { p, q, baseMva } = this;
    const { re, im } = this.sweep;
    const { n, g, parent, r, x } = this.feeder;
    const { low, high } = this.band;
    this.converged = this.sweep.solve(p, q, this.reference);
    let taken = 0;
    for (let k = 0; k < n; k++) taken += p[k]!;
    if (!this.converged) {
      this.vmin = 0;
      this.violation = (n - 1) * low;
      this.lossMw = this.fullLoad;
      this.slackMw = taken * baseMva + this.lossMw;
      return;
    }
    let [least, violation, loss] = [Infinity, 0, 0];
    for (let k = 0; k < n; k++) {
      const v = Math.hypot(re[k]!, im[k]!);
      taken += g[k]! * v * v;
      if (v < least) least = v;
      if (k === 0) continue; // the reference is not the controller's
      violation += Math.max(0, low - v) + Math.max(0, v - high);
      const up = parent[k]!;
      const drop = (re[up]! - re[k]!) ** 2 + (im[up]! - im[k]!) ** 2;
      loss += (r[k]! * drop) / (r[k]! * r[k]! + x[k]! * x[k]!);
    }
    this.vmin = least;
    this.violation = violation;
    this.lossMw = loss * baseMva;
    this.slackMw = (taken + loss) * baseMva;
  }

  /** p.u. @param order see `order` */
  voltage(order: number): number {
    return this.converged ? Math.hypot(this.sweep.re[order]!, this.sweep.im[order]!) : 0;
  }
}
