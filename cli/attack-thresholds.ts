import { ConfigError } from '../core/errors.ts';
import { frequencyThresholds, networkThresholds } from '../sim/grid/attack-thresholds.ts';
import { machineOf, schemeOf } from '../sim/grid/frequency/event-study.ts';
import type { FrequencyStudy } from '../sim/grid/frequency/event-study.ts';
import { areaSystemOf, relaysOf } from '../sim/grid/frequency/time-study.ts';
import { sheddingSchemes } from '../sim/grid/frequency/shedding.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import type { OutcomeRanges } from '../sim/grid/outcome-ranges.ts';
import { progress, table } from './output.ts';

/** What is searched for, and in which network besides. */
export interface ThresholdOptions {
  readonly most: number;
  readonly resolution: number;
  readonly grid: GridCase | undefined;
  readonly model: 'dc' | 'ac';
  readonly buses: readonly number[] | undefined;
  /** MW of the system; absent: the network's load, where there is one */
  readonly baseMw: number | undefined;
  readonly homeKw: number;
}

/** An outcome: what it means, where it holds, and how many homes that takes. */
interface Threshold extends OutcomeRanges {
  readonly outcome: string;
  readonly means: string;
  readonly mw: number | null;
  readonly homes: number | null;
}

export interface Thresholds {
  readonly shedding: string;
  readonly baseMw: number | null;
  readonly resolution: number;
  readonly outcomes: readonly Threshold[];
}

/** Bounds are known to this part of the resolution. */
const fineness = 100;

/** The shares of load, and numbers of homes, that an attacker needs for each outcome. @throws {ConfigError} */
export function searchThresholds(study: FrequencyStudy, options: ThresholdOptions): Thresholds {
  const { most, resolution, grid, model, buses, homeKw } = options;
  const search = { most, resolution, exact: resolution / fineness };
  const system = areaSystemOf(study, machineOf(study));
  // Without shedding in the study the continent's own guards it.
  const named = study.shedding === 'none' ? (study.f0 === 60 ? 'ercot' : 'ce') : study.shedding;
  const shedding = typeof named === 'string' ? schemeOf(named) : named;
  const low = study.survival?.low ?? study.f0 - 2.5;
  const high = study.survival?.high ?? study.f0 + 1.5;
  const found = followed(
    'frequency',
    frequencyThresholds(
      system,
      { duration: study.duration, shedding, relays: relaysOf(study), survival: { low, high } },
      search,
    ),
  );
  const [stage] = shedding.stages;
  const means: Record<string, string> = {
    shedding: stage === undefined ? 'no scheme' : `first stage of shedding, ${stage.threshold} Hz`,
    rocof: 'a relay of the slope trips',
    blackout: `outside of ${low} to ${high} Hz`,
    cascade: 'a branch trips',
    collapse: 'less than half of the load is served',
  };
  const outcomes: [string, OutcomeRanges][] = Object.entries(found);
  if (grid !== undefined) {
    const rows = buses?.map((number) => {
      const row = grid.bus.bus.indexOf(number);
      if (row < 0) throw new ConfigError(`--buses: there is no bus ${number}`);
      return row;
    });
    outcomes.push(...Object.entries(followed(`${model} cascades`, networkThresholds(grid, { model }, search, rows))));
  }
  const load = grid?.bus.Pd.reduce((sum, p) => sum + p, 0);
  const baseMw = options.baseMw ?? load ?? null;
  // A share of what the attacker's buses have.
  const reached = grid?.bus.Pd.reduce(
    (sum, p, row) => sum + (buses?.includes(grid.bus.bus[row]!) !== false ? p : 0),
    0,
  );
  return {
    shedding: typeof named === 'string' && Object.hasOwn(sheddingSchemes, named) ? named : 'own',
    baseMw,
    resolution,
    outcomes: outcomes.map(([outcome, ranges]) => {
      const isNetwork = outcome === 'cascade' || outcome === 'collapse';
      const of = isNetwork ? reached! : baseMw;
      const mw = ranges.least === null || of === null ? null : ranges.least * of;
      return {
        outcome,
        means: means[outcome]!,
        ...ranges,
        mw,
        homes: mw === null ? null : Math.ceil((mw * 1000) / homeKw),
      };
    }),
  };
}

function followed<Result>(what: string, work: Generator<number, Result>): Result {
  const bar = progress(100, what, '%');
  try {
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      bar.update(100 * value);
    }
  } finally {
    bar.stop();
  }
}

export function thresholdText({ outcomes, shedding, baseMw }: Thresholds, homeKw: number): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const rows = outcomes.map(({ outcome, means, least, ranges, monotone, mw, homes }) => [
    outcome,
    least === null ? 'never' : percent(least),
    mw === null ? '' : `${mw.toFixed(1)} MW`,
    homes === null ? '' : String(homes),
    monotone ? '' : ranges.map(([from, to]) => `${percent(from)} to ${percent(to)}`).join(', '),
    means,
  ]);
  return [
    `shares of load added at once; shedding: ${shedding}${baseMw === null ? '' : `; ${baseMw.toFixed(1)} MW`}`,
    table([['OUTCOME', 'FROM', 'POWER', `HOMES OF ${homeKw} kW`, 'ONLY WITHIN', 'MEANING'], ...rows]),
  ].join('\n');
}
