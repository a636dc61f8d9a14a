import { cleanLabel } from '../core/lane.ts';
import { comparedLanes, keyOf } from './comparison.ts';
import type { GroupKey } from './comparison.ts';
import { differencesOf } from './differences.ts';
import type { RunDetail } from './events.ts';
import { metricsOf } from './metric.ts';
import { spreadOf } from '../evaluation/spread.ts';
import type { Spread } from '../evaluation/spread.ts';

/** One lane of one run. */
interface LaneRow {
  readonly runId: string;
  readonly name: string;
  readonly seed: number;
  readonly attack: string;
  readonly building: string;
  /** Index of its group. */
  readonly group: number;
  /** In the order of the table's metrics. */
  readonly values: readonly (number | null)[];
}

interface TableGroup {
  readonly key: Readonly<Record<string, string>>;
  /** Settings in which the compared runs differ, by JSON pointer, where all runs of the group have the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly lanes: number;
  /** In the order of the table's metrics. */
  readonly spreads: readonly Spread[];
}

export interface CompareTable {
  readonly metrics: readonly string[];
  readonly groups: readonly TableGroup[];
  readonly lanes: readonly LaneRow[];
  /** Runs without a result. */
  readonly missing: readonly string[];
}

/** Every metric of every lane of several runs, and each metric's spread by group: of all lanes, in the order of seed and run. */
export function compareTable(runs: readonly RunDetail[], keys: readonly GroupKey[]): CompareTable {
  const over = runs.filter((run) => run.result !== null);
  const differences = differencesOf(over.map((run) => run.scenario));
  const settings = new Map(over.map((run, at) => [run.id, differences[at]!]));
  const found = comparedLanes(over).map(({ run, lane }) => {
    const key = Object.fromEntries(keys.map((name) => [name, keyOf(run, lane, name)]));
    const own = Object.entries(settings.get(run.id)!);
    // What attack it was the twin of says nothing of a clean lane.
    const told = lane.attack === cleanLabel ? own.filter(([pointer]) => !pointer.startsWith('/attacks')) : own;
    return { run, lane, key, text: JSON.stringify(key), settings: Object.fromEntries(told), metrics: metricsOf(lane) };
  });
  const metrics = [...new Set(found.flatMap((one) => Object.keys(one.metrics)))];
  const texts = [...new Set(found.map((one) => one.text))].sort();
  return {
    metrics,
    groups: texts.map((text) => {
      const own = found.filter((one) => one.text === text);
      return {
        key: own[0]!.key,
        settings: Object.fromEntries(
          Object.entries(own[0]!.settings).filter(([pointer, value]) =>
            own.every((one) => JSON.stringify(one.settings[pointer]) === JSON.stringify(value)),
          ),
        ),
        lanes: own.length,
        spreads: metrics.map((metric) => spreadOf(own.map((one) => one.metrics[metric] ?? null))),
      };
    }),
    lanes: found.map(({ run, lane, text, metrics: values }) => ({
      runId: run.id,
      name: run.name,
      seed: run.seed,
      attack: lane.attack,
      building: lane.building,
      group: texts.indexOf(text),
      values: metrics.map((metric) => values[metric] ?? null),
    })),
    missing: runs.filter((run) => run.result === null).map((run) => run.id),
  };
}
