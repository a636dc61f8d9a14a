import { inOrder, keyOf } from './comparison.ts';
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
  const over = inOrder(runs.filter((run) => run.result !== null));
  const settings = differencesOf(over.map((run) => run.scenario));
  const found = over.flatMap((run, at) =>
    run.result!.lanes.map((lane) => {
      const key = Object.fromEntries(keys.map((name) => [name, keyOf(run, lane, name)]));
      return { run, lane, key, text: JSON.stringify(key), settings: settings[at]!, metrics: metricsOf(lane) };
    }),
  );
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
