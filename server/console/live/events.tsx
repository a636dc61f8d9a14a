import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { StepNote } from '../../events.ts';
import { useShortcuts } from '../wire/shortcuts.ts';
import type { Columns } from './columns.ts';
import { EventLane } from './event-lane.tsx';
import type { Lane } from '../../../core/lane.ts';
import { NoteDialog } from './note-dialog.tsx';
import type { Draft } from './note-dialog.tsx';
import { NoteList } from './note-list.tsx';
import { SearchField } from './search-field.tsx';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import { Track } from '../../../core/track.ts';
import { useSearch } from './use-search.ts';
import type { ViewStore } from './view.ts';

/** The event lane of a run, with what was searched for and what people say of steps as further rows of it. */
export function Events({
  runId,
  notes,
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
  readonly runId: string;
  readonly notes: readonly StepNote[];
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
  const said = useMemo(
    () =>
      notes.length === 0
        ? undefined
        : Track.of(
            'note',
            'note',
            notes.map(({ step }) => step),
          ),
    [notes],
  );
  const all = useMemo(
    () => [...tracks, ...[found, said].filter((track) => track !== undefined)],
    [tracks, found, said],
  );
  const [draft, setDraft] = useState<Draft | null>(null);
  /** At the cursor, or else the newest row that is shown. */
  const write = (): void => {
    const step = view.row(columns.rows);
    if (step >= 0) setDraft({ step, text: '' });
  };
  useShortcuts('Notes of a run', [
    {
      keys: ['n'],
      does: 'Write a note at the step that is shown',
      run(event) {
        event.preventDefault();
        write();
      },
    },
  ]);
  const timeOf = (step: number): string => simTime(step, clock());
  return (
    <EventLane
      tracks={all}
      columns={columns}
      view={view}
      clock={clock}
      rows={rows}
      below={
        <NoteList
          runId={runId}
          notes={notes}
          timeOf={timeOf}
          show={(step) => view.pinAt(step, columns.rows)}
          change={setDraft}
        />
      }
    >
      <SearchField key={where} search={search} text={where} choose={choose} />
      <Button size="xs" variant="default" title="n" disabled={rows === 0} onClick={write}>
        Note at this step
      </Button>
      {draft !== null && (
        <NoteDialog runId={runId} draft={draft} time={timeOf(draft.step)} close={() => setDraft(null)} />
      )}
    </EventLane>
  );
}
