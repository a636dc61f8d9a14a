import { Group, NativeSelect, SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Lane } from '../../../core/lane.ts';
import type { Showing } from './panels.ts';

const hourS = 3600;
const windows = [
  { value: '48', label: '48 h' },
  { value: '168', label: '1 week' },
  { value: '720', label: '1 month' },
  { value: 'all', label: 'All' },
];

export interface ViewBarProps {
  readonly lanes: readonly Lane[];
  readonly building: string;
  readonly attack: string;
  /** What a lane is one of: buildings, episodes. */
  readonly site: string;
  /** Absent: nobody is asked. */
  readonly showing?: Showing;
  readonly choose: (change: Readonly<Partial<Record<'building' | 'attack' | 'window' | 'show', string>>>) => void;
  readonly window: string;
  readonly children: ReactNode;
}

/** Which lane, which window, what of it is drawn; what moves in time stands beside. */
export function ViewBar({ lanes, building, attack, site, showing, choose, window, children }: ViewBarProps) {
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  return (
    <Group className="view-bar" gap="sm" wrap="wrap">
      <NativeSelect
        size="xs"
        aria-label={site}
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
      {showing !== undefined && (
        <SegmentedControl
          size="xs"
          aria-label="What is drawn"
          data={[
            { value: 'values', label: 'Clean and attacked' },
            { value: 'difference', label: 'Difference' },
          ]}
          value={showing}
          onChange={(value) => choose({ show: value })}
        />
      )}
      {children}
    </Group>
  );
}

/** Rows in a window of the bar; null: all. */
export function spanOf(window: string, dt: number): number | null {
  const hours = Number(window);
  return Number.isFinite(hours) && hours > 0 ? Math.max(2, Math.round((hours * hourS) / dt)) : null;
}

/** A window of the bar; for anything else a week, or all where the run is no longer. @param dt s  @param rows of the whole run */
export function windowOf(text: string | null, dt: number, rows: number): string {
  if (windows.some((one) => one.value === text)) return text!;
  return rows > 0 && rows <= (168 * hourS) / dt ? 'all' : '168';
}
