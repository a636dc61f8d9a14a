import { runFrequency } from '../frequency/event-run.ts';
import type { FrequencyRun } from '../frequency/event-run.ts';
import { LinearSystem } from '../frequency/linear-system.ts';
import type { SheddingScheme } from '../frequency/shedding.ts';
import { stepResponse, systemStates } from '../frequency/system-response.ts';
import type { SystemParameters } from '../frequency/system-response.ts';
import type { SolvedStep } from './step-reader.ts';

/** The system that feeders hang on: one equivalent machine. */
export interface FeederSystem {
  readonly parameters: SystemParameters;
  /** Hz */
  readonly f0: number;
  /** MW, base of the per-unit values */
  readonly systemMw: number;
  /** Feeders like this one that do the same at once. */
  readonly feeders: number;
  readonly shedding: SheddingScheme;
}

/** What changes of a feeder from step to step do to the frequency, and their units. */
export const frequencyKpiUnits = {
  /** lowest and highest after any change; shedding counts */
  frequency_nadir: 'Hz',
  frequency_zenith: 'Hz',
  /** steepest slope, right after a change */
  frequency_rocof: 'Hz/s',
  /** changes that reach the first stage of shedding */
  ufls_steps: 'steps',
  /** after the worst change; null: no stage trips */
  time_to_ufls: 's',
  ufls_shed: 'MW',
  /** of what is shed, until the step is over */
  ufls_energy_not_served: 'MWh',
  /** least share of the homes whose attack reaches the first stage; null: all of them do not, or nobody is attacked */
  ufls_share_needed: 'share',
} as const;

export type FrequencyKpis = Readonly<Record<keyof typeof frequencyKpiUnits, number | null>>;

/** s that the worst change is followed: AGC takes over after that */
const followed = 30;

/**
 * Follows what a feeder takes from step to step: a change is sudden, `feeders` of them at once, and the governors alone answer to it. Each change begins at f0.
 * `f_nadir = f0 (1 − |w_nadir| ΔP)` with w of a step of 1 p.u.; the worst change is run through the scheme of shedding. Source: specs/grid.md 4.1, 4.3
 */
export class FrequencyMeter {
  /** p.u. that just reaches the first stage; infinite without one */
  readonly firstStage: number;
  /** p.u. of the last step, NaN: none; more load is above 0 */
  change = Number.NaN;
  private readonly system: FeederSystem;
  private readonly hours: number;
  private readonly deepest: number;
  private before = Number.NaN;
  private most = { change: 0, step: -1 };
  private least = 0;
  private reached = 0;
  private step = 0;
  private share = Infinity;

  /** @param hours of a step */
  constructor(system: FeederSystem, hours: number) {
    const { parameters, f0, shedding } = system;
    this.system = system;
    this.hours = hours;
    const { nadir, settled } = stepResponse(parameters, -1);
    this.deepest = -Math.min(nadir ?? 0, settled);
    const first = Math.max(-Infinity, ...shedding.stages.map(({ threshold }) => threshold));
    this.firstStage = (f0 - first) / (f0 * this.deepest);
  }

  /** A step without a solution is no change, nor is the one after it. */
  push({ solved, slackMw }: SolvedStep): void {
    const { feeders, systemMw } = this.system;
    const now = solved ? slackMw : Number.NaN;
    this.change = ((now - this.before) * feeders) / systemMw;
    this.before = now;
    if (this.change > this.most.change) this.most = { change: this.change, step: this.step };
    if (this.change < this.least) this.least = this.change;
    if (this.change >= this.firstStage) this.reached++;
    this.step++;
  }

  /** After both have been pushed: the share of the homes that it takes in this step, changes between those of the clean twins and of the attack in proportion. */
  against({ change: clean }: FrequencyMeter): void {
    if (clean >= this.firstStage) this.share = 0;
    else if (this.change >= this.firstStage)
      this.share = Math.min(this.share, (this.firstStage - clean) / (this.change - clean));
  }

  /** Step of the largest change upwards; −1: none. */
  get worstStep(): number {
    return this.most.step;
  }

  values(): FrequencyKpis {
    const { f0, systemMw, parameters } = this.system;
    const run = this.worst();
    const shedMw = run === null ? 0 : run.shed * systemMw;
    const first = run?.events.find(({ kind }) => kind === 'shed');
    return {
      frequency_nadir: run === null ? f0 : run.nadir,
      frequency_zenith: Math.max(f0 * (1 - this.deepest * this.least), run?.zenith ?? f0),
      frequency_rocof: (f0 * Math.max(this.most.change, -this.least)) / (2 * parameters.H),
      ufls_steps: this.reached,
      time_to_ufls: first?.t ?? null,
      ufls_shed: shedMw,
      ufls_energy_not_served: shedMw * this.hours,
      ufls_share_needed: Number.isFinite(this.share) ? this.share : null,
    };
  }

  /** The largest change upwards, with shedding; null: there was none. */
  private worst(): FrequencyRun | null {
    const { parameters, f0, shedding } = this.system;
    if (!(this.most.change > 0)) return null;
    const { a, b } = systemStates(parameters);
    return runFrequency(
      new LinearSystem(a, b),
      { frequency: 0, input: 0, unit: f0, sign: 1 },
      { duration: followed, f0, shedding, loads: [{ t: 0, power: this.most.change }] },
    );
  }
}
