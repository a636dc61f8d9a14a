import { Button, Group, NativeSelect, SegmentedControl } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import { formatCount } from './format.ts';
import type { Lane } from './lanes.ts';
import type { ViewStore } from './view.ts';

const hourS = 3600;
const windows = [
  { value: '48', label: '48 h' },
  { value: '168', label: '1 week' },
  { value: '720', label: '1 month' },
  { value: 'all', label: 'All' },
];

export interface ViewBarProps {
  readonly view: ViewStore;
  readonly rows: number;
  readonly clock: SimClock;
  readonly lanes: readonly Lane[];
  readonly building: string;
  readonly attack: string;
  readonly choose: (change: { readonly building?: string; readonly attack?: string; readonly window?: string }) => void;
  readonly window: string;
}

/** Which lane, which window, and whether the window follows the newest row. */
export function ViewBar({ view, rows, clock, lanes, building, attack, choose, window }: ViewBarProps) {
  const { span, frozenAt } = useSyncExternalStore(view.watch, view.get);
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  const unseen = frozenAt === null ? 0 : Math.max(0, rows - frozenAt);
  return (
    <Group className="view-bar" gap="sm" wrap="wrap">
      <NativeSelect
        size="xs"
        aria-label="Building"
        value={building}
        onChange={(event) => choose({ building: event.currentTarget.value })}
        data={unique(lanes.map((lane) => lane.building))}
      />
      <NativeSelect
        size="xs"
        aria-label="Attack"
        value={attack}
        onChange={(event) => choose({ attack: event.currentTarget.value })}
        data={unique(
          lanes.filter((lane) => lane.building === building && lane.attack !== 'clean').map((lane) => lane.attack),
        )}
      />
      <SegmentedControl
        size="xs"
        aria-label="Window"
        data={windows}
        value={window}
        onChange={(value) => choose({ window: value })}
      />
      <Button
        size="xs"
        variant={frozenAt === null ? 'default' : 'filled'}
        aria-pressed={frozenAt !== null}
        disabled={rows === 0}
        onClick={() => view.change({ frozenAt: frozenAt === null ? rows : null })}
      >
        {frozenAt === null ? 'Freeze' : 'Follow'}
      </Button>
      {frozenAt !== null && (
        <>
          <input
            type="range"
            className="scrub"
            aria-label="End of the window"
            aria-valuetext={simTime(frozenAt, clock)}
            min={Math.min(rows, span ?? 2)}
            max={rows}
            value={frozenAt}
            onChange={(event) => view.change({ frozenAt: Number(event.currentTarget.value) })}
          />
          <span className="hint">
            to {simTime(frozenAt, clock)}
            {unseen > 0 && `, ${formatCount(unseen)} new rows after it`}
          </span>
        </>
      )}
    </Group>
  );
}

/** Rows in a window of the bar; null: all. */
export function spanOf(window: string, dt: number): number | null {
  const hours = Number(window);
  return Number.isFinite(hours) && hours > 0 ? Math.max(2, Math.round((hours * hourS) / dt)) : null;
}

/** A window of the bar, or the default one for anything else. */
export function windowOf(text: string | null): string {
  return windows.some((one) => one.value === text) ? text! : '168';
}
