import { Button, Table, Title, useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { colourOf, inkOf } from '../colours.ts';
import type { Meaning } from '../colours.ts';
import type { Columns } from './columns.ts';
import { steerCursor } from './cursor-keys.ts';
import { formatCount } from './format.ts';
import { keepDrawn } from './keep-drawn.ts';
import { fillSpans } from './shading.ts';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import type { Track } from '../../../core/track.ts';
import type { ViewStore } from './view.ts';

const rowPx = 22;
const barPx = 12;
const mostListed = 200;

const meanings: Readonly<Record<string, Meaning>> = {
  attack: 'attacked',
  search: 'other-5',
  note: 'other-2',
  empty: 'reference',
  full: 'reference',
};

export interface EventLaneProps {
  readonly tracks: readonly Track[];
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
  /** Rows there are: with them the counts grow. */
  readonly rows: number;
  readonly children?: ReactNode;
  /** Stands under the lane. */
  readonly below?: ReactNode;
}

/** What happens in a run, a row for each kind, under the charts' window and cursor; one may jump from one to the next. */
export function EventLane({ tracks, columns, view, clock, rows, children, below }: EventLaneProps) {
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const [listed, setListed] = useState(false);

  useEffect(() => {
    const box = host.current!;
    const picture = canvas.current!;
    const mark = line.current!;
    let drawn = '';
    const draw = (): void => {
      const { from, to, until } = view.window(columns.rows);
      const { clientWidth: width, clientHeight: height } = box;
      const px = (row: number): number => ((row - from + 0.5) / (until - from)) * width;
      const state = `${from}:${to}:${until}:${width}:${height}`;
      if (state !== drawn) {
        drawn = state;
        const scale = window.devicePixelRatio;
        if (picture.width !== Math.round(width * scale)) picture.width = width * scale;
        if (picture.height !== Math.round(height * scale)) picture.height = height * scale;
        const context = picture.getContext('2d')!;
        context.setTransform(scale, 0, 0, scale, 0, 0);
        context.clearRect(0, 0, width, height);
        tracks.forEach((track, k) => {
          track.scan(columns.rows);
          context.fillStyle = inkOf(scheme).grid;
          context.fillRect(0, k * rowPx + rowPx / 2, width, 1);
          context.fillStyle = colourOf(meanings[track.id] ?? 'other-3', scheme);
          const top = k * rowPx + (rowPx - barPx) / 2;
          fillSpans(context, track, { from, until: Math.min(to, until) }, px, [0, top, width, barPx], 2);
        });
        picture.setAttribute(
          'aria-label',
          `Events from ${simTime(from, clock())} to ${simTime(to - 1, clock())}: ${said(tracks, from, to)}`,
        );
      }
      const row = view.row(columns.rows);
      const { cursor, pin } = view.get();
      mark.hidden = (cursor ?? pin) === null || row < from || row >= to;
      mark.style.transform = `translateX(${Math.round(px(row))}px)`;
    };
    const rowAt = (event: MouseEvent): number => {
      const { from, until } = view.window(columns.rows);
      return from - 0.5 + (event.offsetX / box.clientWidth) * (until - from);
    };
    return keepDrawn({ box, hears: picture, rowAt, draw }, view, columns);
  }, [tracks, columns, view, clock, scheme]);

  const jump = (track: Track, direction: 1 | -1): void => {
    const span = track.scan(columns.rows).beside(view.row(columns.rows), direction);
    if (span !== undefined) view.pinAt(span.from, columns.rows);
  };
  return (
    <section className="panel" aria-labelledby="events">
      <header className="panel-head">
        <Title order={2} id="events">
          Events
        </Title>
        {children}
      </header>
      <div className="event-lane">
        <ul className="tracks">
          {tracks.map((track) => (
            <li key={track.id} data-track={track.id}>
              <span className="track-label" title={track.label}>
                {track.label}
              </span>
              <span className="hint nowrap" data-count={track.scan(rows).count}>
                {formatCount(track.count)} {track.count === 1 ? 'row' : 'rows'}
              </span>
              <Button.Group>
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Before: ${track.label}`}
                  onClick={() => jump(track, -1)}
                >
                  ‹
                </Button>
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Next: ${track.label}`}
                  onClick={() => jump(track, 1)}
                >
                  ›
                </Button>
              </Button.Group>
            </li>
          ))}
        </ul>
        <div
          ref={host}
          className="track-bars"
          role="group"
          tabIndex={0}
          aria-label="Events: arrow keys move the cursor, with shift by 24 rows; Escape releases it"
          onKeyDown={(event) => steerCursor(event, view, columns.rows)}
          style={{ height: tracks.length * rowPx }}
        >
          <canvas ref={canvas} role="img" aria-label="Events" />
          <div ref={line} className="cursor-line" hidden />
        </div>
      </div>
      {below}
      <details onToggle={(event) => setListed(event.currentTarget.open)}>
        <summary>As a table</summary>
        {listed && <EventTable tracks={tracks} view={view} rows={rows} clock={clock()} />}
      </details>
    </section>
  );
}

function said(tracks: readonly Track[], from: number, to: number): string {
  return tracks.map((track) => `${track.label} ${times(track, from, to)}`).join(', ');
}

function times(track: Track, from: number, to: number): string {
  const count = track.within(from, to).length;
  return count === 1 ? 'once' : `${count} times`;
}

/** The events of the shown window, one a line. */
function EventTable({
  tracks,
  view,
  rows,
  clock,
}: {
  readonly tracks: readonly Track[];
  readonly view: ViewStore;
  readonly rows: number;
  readonly clock: SimClock;
}) {
  const { from, to } = view.window(rows);
  const all = tracks
    .flatMap((track) => track.within(from, to).map((span) => ({ ...span, id: track.id, label: track.label })))
    .sort((a, b) => a.from - b.from);
  return (
    <Table className="numbers">
      <Table.Caption>
        {all.length > mostListed ? `The first ${mostListed} of ${formatCount(all.length)}` : formatCount(all.length)} in
        the shown window.
      </Table.Caption>
      <Table.Thead>
        <Table.Tr>
          {['Event', 'from', 'rows', ''].map((name) => (
            <Table.Th key={name} scope="col">
              {name === '' ? <span className="sr-only">show</span> : name}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {all.slice(0, mostListed).map((span) => (
          <Table.Tr key={`${span.id}:${span.from}`}>
            <Table.Th scope="row">{span.label}</Table.Th>
            <Table.Td>{simTime(span.from, clock)}</Table.Td>
            <Table.Td>{span.to - span.from}</Table.Td>
            <Table.Td>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`Show ${span.label} at ${simTime(span.from, clock)}`}
                onClick={() => view.pinAt(span.from, rows)}
              >
                Show
              </Button>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
