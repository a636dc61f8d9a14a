import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { RowValue } from './condition.ts';
import type { Columns } from './columns.ts';
import { cleanLabel, networkLane, signalsOf } from '../../../core/lane.ts';
import type { Lane } from '../../../core/lane.ts';

/**
 * Channels by the short names of a condition: `net` of the attacked lane, `clean.net` of its twin, `grid.vmin` and `grid.clean.vmin` of the
 * network under the attack and without it. Full names (`Building_1/clean/net`) do as well.
 */
export function channelNames(schema: TelemetrySchema, lane: Lane): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const lanes: readonly (readonly [string, string])[] = [
    ['', lane.name],
    [`${cleanLabel}.`, `${lane.building}/${cleanLabel}`],
    ['grid.', networkLane(lane.attack)],
    [`grid.${cleanLabel}.`, networkLane(cleanLabel)],
  ];
  for (const { name } of schema.channels) names.set(name, name);
  for (const [prefix, whose] of lanes)
    for (const signal of signalsOf(schema, whose).keys()) names.set(prefix + signal, `${whose}/${signal}`);
  return names;
}

/** Looks up the values of names in columns. */
export function rowValues(
  names: ReadonlyMap<string, string>,
  columns: Columns,
): (name: string) => RowValue | undefined {
  return (name) => {
    const channel = names.get(name);
    return channel === undefined ? undefined : (row) => columns.value(channel, row);
  };
}
