import { useMemo } from 'react';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Columns } from './columns.ts';
import { EventLane } from './event-lane.tsx';
import type { Lane } from '../../../core/lane.ts';
import { SearchField } from './search-field.tsx';
import type { SimClock } from './sim-time.ts';
import type { Track } from '../../../core/track.ts';
import { useSearch } from './use-search.ts';
import type { ViewStore } from './view.ts';

/** The event lane of a run, with what was searched for as one more row of it. */
export function Events({
  schema,
  columns,
  lane,
  tracks,
  view,
  clock,
  rows,
  where,
  choose,
}: {
  readonly schema: TelemetrySchema;
  readonly columns: Columns;
  readonly lane: Lane | undefined;
  readonly tracks: readonly Track[];
  readonly view: ViewStore;
  readonly clock: () => SimClock;
  readonly rows: number;
  /** A condition on channels. */
  readonly where: string;
  readonly choose: (where: string) => void;
}) {
  const search = useSearch(where, schema, columns, lane);
  const found = search.track;
  const all = useMemo(() => (found === undefined ? tracks : [...tracks, found]), [tracks, found]);
  return (
    <EventLane tracks={all} columns={columns} view={view} clock={clock} rows={rows}>
      <SearchField key={where} search={search} text={where} choose={choose} />
    </EventLane>
  );
}
