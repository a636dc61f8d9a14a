import { cleanLabel } from '../core/lane.ts';
import type { LaneResult } from '../core/run.ts';
import { hashOf } from '../evaluation/canonical.ts';
import type { RunDetail } from './events.ts';
import { spreadOf } from '../evaluation/spread.ts';
import type { Spread } from '../evaluation/spread.ts';

/** A lane's value; undefined where it has none. */
export type MetricOf = (lane: LaneResult) => number | null | undefined;

/** What runs can be grouped by. `config` is the scenario but for its name, seed and pace, and of a clean lane but for the attacks: it is what no attack touches. */
export const groupKeys = ['config', 'policy', 'dataset', 'modules', 'attack', 'building', 'seed', 'name'] as const;
export type GroupKey = (typeof groupKeys)[number];

interface Point {
  readonly runId: string;
  readonly seed: number;
  readonly value: number | null;
}

/** A group with figures of all its values, never of those alone that are drawn. */
interface Group extends Spread {
  readonly key: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

/**
 * A metric of the lanes of several runs, by group. In a group values stand in the order of seed and configuration, so that the sums do not depend on
 * how the runs were listed; an attacked lane that is there twice counts twice.
 */
export function compareRuns(
  runs: readonly RunDetail[],
  metric: MetricOf,
  keys: readonly GroupKey[],
): { readonly groups: readonly Group[]; readonly missing: readonly string[] } {
  const groups = new Map<string, { readonly key: Record<string, string>; readonly points: Point[] }>();
  for (const { run, lane } of comparedLanes(runs)) {
    const value = metric(lane);
    if (value === undefined) continue;
    const key = Object.fromEntries(keys.map((name) => [name, keyOf(run, lane, name)]));
    const text = JSON.stringify(key);
    const group = groups.get(text) ?? { key, points: [] };
    group.points.push({ runId: run.id, seed: run.seed, value });
    groups.set(text, group);
  }
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  return {
    groups: ordered.map(({ key, points }) => ({ key, ...spreadOf(points.map((point) => point.value)), points })),
    missing: runs.filter((run) => run.result === null).map((run) => run.id),
  };
}

/** By seed, then by what the run is of, and only then by its id, which is another one each time: a sweep done twice has the same sums to the last bit. */
function inOrder(runs: readonly RunDetail[]): readonly RunDetail[] {
  return runs
    .map((run) => ({ run, of: configOf(run) }))
    .sort((a, b) => a.run.seed - b.run.seed || order(a.of, b.of) || order(a.run.id, b.run.id))
    .map(({ run }) => run);
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function configOf({ scenario }: RunDetail, clean = false): string {
  const { name: _name, seed: _seed, live: _live, attacks, ...config } = scenario;
  return hashOf(clean ? config : { ...config, attacks }).slice(0, 12);
}

/**
 * The lanes of runs, in the order of seed and run. Runs that differ by their attacks have the same clean twins: of those that are equal in all they
 * came to there is one, or a mean over them would seem to be of that many independent lanes.
 */
export function comparedLanes(
  runs: readonly RunDetail[],
): readonly { readonly run: RunDetail; readonly lane: LaneResult }[] {
  const twins = new Set<string>();
  return inOrder(runs).flatMap((run) =>
    (run.result?.lanes ?? []).flatMap((lane) => {
      if (lane.attack === cleanLabel) {
        const { building, kpis, steps } = lane;
        const twin = JSON.stringify([configOf(run, true), run.seed, building, steps, lane.return, kpis]);
        if (twins.has(twin)) return [];
        twins.add(twin);
      }
      return [{ run, lane }];
    }),
  );
}

/** What a lane is grouped by under a key. */
export function keyOf(run: RunDetail, lane: LaneResult, key: GroupKey): string {
  if (key === 'config') return configOf(run, lane.attack === cleanLabel);
  if (key === 'attack') return lane.attack;
  if (key === 'building') return lane.building;
  if (key === 'modules') return run.modules.join(' + ');
  return String(run[key]);
}
