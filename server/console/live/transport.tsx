import { Button, Group, NativeSelect } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import type { Columns } from './columns.ts';
import { formatCount } from './format.ts';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import { useReplay } from './use-replay.ts';
import { replayRows, replaySpeeds } from './view.ts';
import type { ViewStore } from './view.ts';

export interface TransportProps {
  readonly view: ViewStore;
  readonly columns: Columns;
  readonly rows: number;
  readonly clock: SimClock;
  /** No further rows will come. */
  readonly over: boolean;
}

/** Where in time the page is: follows the newest row, is held, or replays what has been recorded. */
export function Transport({ view, columns, rows: told, clock, over }: TransportProps) {
  const { frozenAt, playing, speed, loop } = useSyncExternalStore(view.watch, view.get);
  useReplay(view, columns, over);
  // The page is told of new rows a few times a second; a window may be held at one that it has not heard of.
  const rows = Math.max(told, frozenAt ?? 0);
  const end = frozenAt ?? rows;
  const unseen = frozenAt === null ? 0 : rows - end;
  const none = rows === 0;
  return (
    <Group gap="xs" wrap="wrap" className="transport" role="group" aria-label="Time">
      <Button
        size="xs"
        variant={frozenAt === null ? 'default' : 'filled'}
        disabled={none}
        title="Space"
        onClick={() => view.toggle(rows)}
      >
        {frozenAt === null ? 'Freeze' : 'Follow'}
      </Button>
      <Button.Group>
        <Button
          size="xs"
          variant="default"
          disabled={none}
          aria-label="A row back"
          title="←"
          onClick={() => view.step(-1, rows)}
        >
          ‹
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={none}
          title="p"
          onClick={() => (playing ? view.pause() : view.play(rows))}
        >
          {playing ? 'Stop' : 'Replay'}
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={none}
          aria-label="A row on"
          title="→"
          onClick={() => view.step(1, rows)}
        >
          ›
        </Button>
      </Button.Group>
      <NativeSelect
        size="xs"
        aria-label="Replay speed"
        title={`×1 is ${replayRows} rows a second; [ and ] change it`}
        value={String(speed)}
        onChange={(event) => view.setSpeed(Number(event.currentTarget.value))}
        data={replaySpeeds.map((value) => ({ value: String(value), label: `×${value}` }))}
      />
      <Button
        size="xs"
        variant={loop === null ? 'default' : 'filled'}
        aria-pressed={loop !== null}
        disabled={none}
        title="l"
        onClick={() => view.toggleLoop(rows)}
      >
        Loop
      </Button>
      <input
        type="range"
        className="scrub"
        aria-label="End of the window"
        aria-valuetext={none ? 'no rows yet' : simTime(end - 1, clock)}
        disabled={none}
        min={Math.min(1, rows)}
        max={Math.max(1, rows)}
        value={end}
        onChange={(event) => view.scrub(Number(event.currentTarget.value), rows)}
      />
      <span className="hint nowrap" data-testid="window-end">
        {none ? 'no rows yet' : simTime(end - 1, clock)}
      </span>
      {unseen > 0 && (
        <span className="badge" data-testid="unseen">
          {formatCount(unseen)} new
        </span>
      )}
      {loop !== null && (
        <span className="hint nowrap">
          loops {simTime(loop.from, clock)} – {simTime(loop.to - 1, clock)}
        </span>
      )}
    </Group>
  );
}
