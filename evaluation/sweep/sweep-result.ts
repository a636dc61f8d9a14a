import type { LaneResult, RunResult } from '../../core/run.ts';
import { spreadOf } from '../spread.ts';
import type { Spread } from '../spread.ts';

/** A run of a sweep that never came to a result. */
export interface SweepFailure {
  readonly cell: number;
  readonly seed: number;
  readonly error: string;
  readonly attempts: number;
}

/** One combination of a sweep's values, under each attack. */
export interface CellResult {
  readonly values: Readonly<Record<string, unknown>>;
  /** Of the runs that are in it, ascending as the sweep has them. */
  readonly seeds: readonly number[];
  readonly groups: readonly {
    readonly attack: string;
    /** By metric, over seeds: a seed's value is the mean of its sites. */
    readonly metrics: Readonly<Record<string, Spread>>;
  }[];
}

/** `result.json` of a sweep. Everything but the times in its runs is a function of the sweep, the data, the models and the code. */
export interface SweepResult {
  readonly format: 'faultline-sweep';
  readonly version: 1;
  readonly name: string;
  readonly hashes: { readonly spec: string; readonly code: string };
  /** Runs and lanes that are in it, each once. */
  readonly runs: number;
  readonly episodes: number;
  readonly cells: readonly CellResult[];
  readonly failures: readonly SweepFailure[];
}

/** A run of a cell: its result, or why it has none. */
export interface SweepRun {
  readonly seed: number;
  readonly outcome: RunResult | Pick<SweepFailure, 'error' | 'attempts'>;
}

/**
 * A sweep's runs as one result. Sums go in the order of cells, seeds, lanes: whoever computed the runs, and in whatever order they came, the
 * result is the same to the last bit.
 */
export function sweepResult(
  { name, hashes }: Pick<SweepResult, 'name' | 'hashes'>,
  cells: readonly { readonly values: CellResult['values']; readonly runs: readonly SweepRun[] }[],
): SweepResult {
  const failures: SweepFailure[] = [];
  const results = cells.map(({ values, runs }, cell): CellResult & { readonly all: readonly RunResult[] } => {
    const all: RunResult[] = [];
    for (const { seed, outcome } of runs) {
      if ('lanes' in outcome) all.push(outcome);
      else failures.push({ cell, seed, error: outcome.error, attempts: outcome.attempts });
    }
    return { values, seeds: all.map((one) => one.seed), groups: groupsOf(all), all };
  });
  const runs = results.flatMap(({ all }) => all);
  return {
    format: 'faultline-sweep',
    version: 1,
    name,
    hashes,
    runs: runs.length,
    episodes: runs.reduce((sum, { lanes }) => sum + lanes.length, 0),
    cells: results.map(({ all: _all, ...cell }) => cell),
    failures,
  };
}

function groupsOf(runs: readonly RunResult[]): CellResult['groups'] {
  const attacks = [...new Set(runs.flatMap(({ lanes }) => lanes.map(({ attack }) => attack)))];
  return attacks.map((attack) => {
    const bySeed = runs.map(({ lanes }) => lanes.filter((lane) => lane.attack === attack).map(metricsOf));
    const names = [...new Set(bySeed.flatMap((lanes) => lanes.flatMap((lane) => Object.keys(lane))))];
    const metrics = names.map((name) => {
      const means = bySeed.map((lanes) => spreadOf(lanes.map((lane) => lane[name] ?? null)).mean);
      return [name, spreadOf(means)] as const;
    });
    return { attack, metrics: Object.fromEntries(metrics) };
  });
}

/** A lane's figures under the names that gates have for them. */
function metricsOf({ kpis, regret = {}, success, norms, ...lane }: LaneResult): Record<string, number | null> {
  return {
    return: lane.return,
    ...named('kpi', kpis),
    ...named('regret', regret),
    ...(success === undefined
      ? {}
      : {
          'success.rate': success.rate,
          'success.meanAbsoluteActionChange': success.meanAbsoluteActionChange,
          'success.sideChangeRate': success.sideChangeRate,
        }),
    ...(norms === undefined ? {} : { 'norms.linfMax': norms.linfMax, 'norms.l2Mean': norms.l2Mean }),
  };
}

function named(prefix: string, values: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}
