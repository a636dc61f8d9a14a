import { ansi, en50160, outside, within } from './voltage-bands.ts';
import type { Band } from './voltage-bands.ts';
import type { PlacedDistrict } from './placement.ts';
import type { SolvedStep } from './step-reader.ts';

/** KPIs of a network over a run, and their units. A step without a solution has every bus outside every band, serves nobody, and counts in no sum of voltages or powers. */
export const gridKpiUnits = {
  /** Σ over buses and steps of max(0, low − V) + max(0, V − high) */
  voltage_violation_energy: 'pu h',
  voltage_violation_bus_hours: 'bus h',
  /** with any bus outside the band; below it; above it */
  voltage_violation_minutes: 'min',
  undervoltage_minutes: 'min',
  overvoltage_minutes: 'min',
  vmin: 'pu',
  vmax: 'pu',
  /** Hourly proxy of EN 50160: the least share of a week that a bus is within ±10 %; minutes with a bus beyond what always has to hold; 1: both hold. */
  en50160_worst_week_share: 'share',
  en50160_lv_minutes: 'min',
  en50160_mv_minutes: 'min',
  en50160_lv_met: '0 or 1',
  en50160_mv_met: '0 or 1',
  ansi_a_minutes: 'min',
  ansi_b_minutes: 'min',
  /** with any branch above its limit; null where none has one */
  overload_minutes: 'min',
  overload_branch_hours: 'branch h',
  max_loading: 'share',
  mean_loading: 'share',
  losses: 'MWh',
  /** of what the reference gives */
  loss_share: 'share',
  peak_import: 'MW',
  import: 'MWh',
  reverse_flow: 'MWh',
  reverse_flow_minutes: 'min',
  peak_export: 'MW',
  /** Σ |change of what the reference gives| */
  ramping: 'MW',
  load_factor: 'share',
  energy_not_served: 'MWh',
  unsolved_minutes: 'min',
} as const;

export type GridKpiName = keyof typeof gridKpiUnits;

/** null: has no meaning here (no limit of a branch, nothing solved). */
export type GridKpis = Readonly<Record<GridKpiName, number | null>>;

/** Where a run was worst: external numbers and steps; null: nowhere. */
export interface GridExtremes {
  readonly vmin: { readonly bus: number; readonly step: number } | null;
  readonly vmax: { readonly bus: number; readonly step: number } | null;
  readonly loading: { readonly from: number; readonly to: number; readonly step: number } | null;
}

/** What is summed up of a step. */
export type MeteredStep = Pick<SolvedStep, 'solved' | 'vm' | 'loading' | 'slackMw' | 'lossMw' | 'demandMw'>;

/** Sums up the steps of a run as they come. Source: specs/grid.md 6 */
export class GridMeter {
  private readonly placed: PlacedDistrict;
  private readonly hours: number;
  private readonly band: Band;
  private readonly sum = {
    energy: 0,
    busHours: 0,
    any: 0,
    below: 0,
    above: 0,
    lvBeyond: 0,
    mvBeyond: 0,
    a: 0,
    b: 0,
    overload: 0,
    branchHours: 0,
    loading: 0,
    losses: 0,
    import: 0,
    export: 0,
    exporting: 0,
    ramping: 0,
    unserved: 0,
    unsolved: 0,
  };
  private steps = 0;
  private peak = -Infinity;
  private trough = Infinity;
  private before = Number.NaN;
  private readonly week: { readonly steps: number; readonly inside: Int32Array; at: number; worst: number };
  private vmin = { value: Infinity, row: -1, step: -1 };
  private vmax = { value: -Infinity, row: -1, step: -1 };
  private loading = { value: -Infinity, row: -1, step: -1 };

  /** @param hours of a step  @param band outside of which a voltage is a violation, p.u. */
  constructor(placed: PlacedDistrict, hours: number, band: Band) {
    this.placed = placed;
    this.hours = hours;
    this.band = band;
    this.week = {
      steps: Math.max(1, Math.round(168 / hours)),
      inside: new Int32Array(placed.n),
      at: 0,
      worst: Number.NaN,
    };
  }

  push(solved: MeteredStep): void {
    const { sum, hours, placed } = this;
    if (solved.solved) {
      this.voltages(solved.vm);
      this.loadings(solved.loading);
      this.powers(solved);
    } else {
      for (const key of ['any', 'below', 'lvBeyond', 'mvBeyond', 'a', 'b', 'unsolved'] as const) sum[key] += hours;
      sum.busHours += hours * placed.n;
      this.before = Number.NaN;
    }
    sum.unserved += hours * (placed.unservedMw + (solved.solved ? 0 : solved.demandMw));
    this.steps++;
    this.week.at++;
    if (this.week.at === this.week.steps) this.endWeek();
  }

  private voltages(vm: Float64Array): void {
    const { sum, hours, placed, band, week } = this;
    let [energy, buses, below, above, lv, mv, a, b] = [0, 0, false, false, false, false, false, false];
    for (let k = 0; k < placed.n; k++) {
      const row = placed.rowAt[k]!;
      const v = vm[row]!;
      if (v < this.vmin.value) [this.vmin.value, this.vmin.row, this.vmin.step] = [v, row, this.steps];
      if (v > this.vmax.value) [this.vmax.value, this.vmax.row, this.vmax.step] = [v, row, this.steps];
      const off = outside(band, v);
      energy += off;
      if (off > 0) buses++;
      below ||= v < band.low;
      above ||= v > band.high;
      if (within(en50160.mostly, v)) week.inside[k]!++;
      lv ||= !within(en50160.lvAlways, v);
      mv ||= !within(en50160.mvAlways, v);
      a ||= !within(ansi.a, v);
      b ||= !within(ansi.b, v);
    }
    sum.energy += hours * energy;
    sum.busHours += hours * buses;
    if (below || above) sum.any += hours;
    if (below) sum.below += hours;
    if (above) sum.above += hours;
    if (lv) sum.lvBeyond += hours;
    if (mv) sum.mvBeyond += hours;
    if (a) sum.a += hours;
    if (b) sum.b += hours;
  }

  private loadings(loading: Float64Array): void {
    const { sum, hours } = this;
    let [over, most, which] = [0, -Infinity, -1];
    for (let row = 0; row < loading.length; row++) {
      const share = loading[row]!;
      if (share > 1) over++;
      if (share > most) [most, which] = [share, row];
    }
    if (which < 0) return;
    if (over > 0) sum.overload += hours;
    sum.branchHours += hours * over;
    sum.loading += hours * most;
    if (most > this.loading.value) this.loading = { value: most, row: which, step: this.steps };
  }

  private powers({ slackMw, lossMw }: MeteredStep): void {
    const { sum, hours } = this;
    sum.losses += hours * lossMw;
    sum.import += hours * Math.max(0, slackMw);
    sum.export += hours * Math.max(0, -slackMw);
    if (slackMw < 0) sum.exporting += hours;
    if (!Number.isNaN(this.before)) sum.ramping += Math.abs(slackMw - this.before);
    this.before = slackMw;
    this.peak = Math.max(this.peak, slackMw);
    this.trough = Math.min(this.trough, slackMw);
  }

  private endWeek(): void {
    this.week.worst = this.worstShare();
    this.week.inside.fill(0);
    this.week.at = 0;
  }

  /** With the week under way, where there has not been a whole one. */
  private worstShare(): number {
    const { week } = this;
    let least = week.inside[0]!;
    for (const inside of week.inside) least = Math.min(least, inside);
    const share = least / week.at;
    return Number.isNaN(week.worst) ? share : Math.min(week.worst, share);
  }

  values(): GridKpis {
    const { sum, steps, hours } = this;
    const solved = steps * hours - sum.unsolved;
    const whole = !Number.isNaN(this.week.worst);
    const share = steps === 0 ? null : whole ? this.week.worst : this.worstShare();
    const rated = this.loading.row >= 0;
    const of = (value: number): number | null => (solved > 0 ? value : null);
    const minutes = (hoursOf: number): number => 60 * hoursOf;
    const met = (least: number, beyond: number): number | null =>
      share === null ? null : share >= least && beyond === 0 ? 1 : 0;
    return {
      voltage_violation_energy: sum.energy,
      voltage_violation_bus_hours: sum.busHours,
      voltage_violation_minutes: minutes(sum.any),
      undervoltage_minutes: minutes(sum.below),
      overvoltage_minutes: minutes(sum.above),
      vmin: of(this.vmin.value),
      vmax: of(this.vmax.value),
      en50160_worst_week_share: share,
      en50160_lv_minutes: minutes(sum.lvBeyond),
      en50160_mv_minutes: minutes(sum.mvBeyond),
      en50160_lv_met: met(en50160.lvShare, sum.lvBeyond),
      en50160_mv_met: met(en50160.mvShare, sum.mvBeyond),
      ansi_a_minutes: minutes(sum.a),
      ansi_b_minutes: minutes(sum.b),
      overload_minutes: rated ? minutes(sum.overload) : null,
      overload_branch_hours: rated ? sum.branchHours : null,
      max_loading: rated ? this.loading.value : null,
      mean_loading: rated ? sum.loading / solved : null,
      losses: sum.losses,
      loss_share: sum.import > 0 ? sum.losses / sum.import : null,
      peak_import: of(Math.max(0, this.peak)),
      import: sum.import,
      reverse_flow: sum.export,
      reverse_flow_minutes: minutes(sum.exporting),
      peak_export: of(Math.max(0, -this.trough)),
      ramping: sum.ramping,
      load_factor: solved > 0 && this.peak > 0 ? (sum.import - sum.export) / solved / this.peak : null,
      energy_not_served: sum.unserved,
      unsolved_minutes: minutes(sum.unsolved),
    };
  }

  extremes(): GridExtremes {
    const { bus, branch } = this.placed.grid;
    const at = ({ row, step }: { readonly row: number; readonly step: number }): GridExtremes['vmin'] =>
      row < 0 ? null : { bus: bus.bus[row]!, step };
    const { row, step } = this.loading;
    return {
      vmin: at(this.vmin),
      vmax: at(this.vmax),
      loading: row < 0 ? null : { from: branch.from[row]!, to: branch.to[row]!, step },
    };
  }
}
