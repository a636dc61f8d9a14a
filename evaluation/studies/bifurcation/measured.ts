import type { LaneResult } from '../../../core/run.ts';
import type { StudyOptions, StudyOutcome } from '../study.ts';
import type { PanelEntry } from './panel.ts';
import { entriesOf, runId } from './plan.ts';
import type { Place } from './plan.ts';
import type { recordedKpis } from './recorded.ts';
import type { StealthRow } from './stealth.ts';
import type { VictimKind } from './victims.ts';

export type Kpi = (typeof recordedKpis)[number];

/** What was measured: the lanes of a victim in a place, by seed. */
export class Measured {
  readonly #options: StudyOptions;
  readonly #outcomes: ReadonlyMap<string, StudyOutcome>;

  constructor(options: StudyOptions, outcomes: ReadonlyMap<string, StudyOutcome>) {
    this.#options = options;
    this.#outcomes = outcomes;
  }

  entries(kind: VictimKind, place: Place): readonly PanelEntry[] {
    return entriesOf(kind, place, this.#options);
  }

  /** One list of lanes a seed. */
  lanes(kind: string, place: Place): readonly (readonly LaneResult[])[] {
    return Array.from({ length: this.#options.seeds }, (_, seed) => {
      return this.#outcomes.get(runId(kind, seed, place))?.result.lanes ?? [];
    });
  }

  /** Regret of one attack, one number a seed: the mean over the place's buildings. */
  regret(kind: string, label: string, kpi: Kpi, place: Place = 'trained'): number[] {
    return this.each(kind, place, (lane) => (lane.attack === label ? (lane.regret?.[kpi] ?? null) : null));
  }

  clean(kind: string, kpi: Kpi, place: Place = 'trained'): number[] {
    return this.each(kind, place, (lane) => (lane.attack === 'clean' ? (lane.kpis[kpi] ?? null) : null));
  }

  /** Success rate on bins, mean action change on a continuous head: the paper's two measures. */
  measure(kind: string, label: string, place: Place = 'trained'): number[] {
    return this.each(kind, place, ({ attack, success }) =>
      attack === label ? (success?.rate ?? success?.meanAbsoluteActionChange ?? null) : null,
    );
  }

  /** What the two-sample tests said of one attack, one row a seed. */
  stealth(kind: string, label: string): StealthRow[] {
    return Array.from({ length: this.#options.seeds }, (_, seed) => {
      const rows = this.#outcomes.get(runId(kind, seed, 'trained'))?.extract as
        readonly StealthRow[] | null | undefined;
      return rows?.find((row) => row.label === label);
    }).filter((row) => row !== undefined);
  }

  /** What was taken from the telemetry of the first seed; null: nothing was. */
  extract(kind: string, place: Place): unknown {
    return this.#outcomes.get(runId(kind, 0, place))?.extract ?? null;
  }

  each(kind: string, place: Place, figure: (lane: LaneResult) => number | null): number[] {
    return this.lanes(kind, place).flatMap((lanes) => {
      const values = lanes.map(figure).filter((value) => value !== null);
      return values.length === 0 ? [] : [values.reduce((sum, value) => sum + value, 0) / values.length];
    });
  }
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
