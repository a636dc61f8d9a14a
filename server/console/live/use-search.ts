import { useMemo } from 'react';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { channelNames, rowValues } from './channel-names.ts';
import type { Columns } from './columns.ts';
import { condition, ConditionError } from './condition.ts';
import type { Lane } from '../../../core/lane.ts';
import { Track } from '../../../core/track.ts';

export interface Search {
  /** Rows on which the condition holds; undefined: there is none, or it cannot be read. */
  readonly track: Track | undefined;
  readonly error: string | undefined;
  /** Names that a condition may have. */
  readonly names: readonly string[];
}

/** The condition that somebody typed, over the channels of a lane, its twin and its network. */
export function useSearch(text: string, schema: TelemetrySchema, columns: Columns, lane: Lane | undefined): Search {
  const names = useMemo(
    () => (lane === undefined ? new Map<string, string>() : channelNames(schema, lane)),
    [schema, lane],
  );
  return useMemo(() => {
    const listed = [...names.keys()].filter((name) => !name.includes('/'));
    if (text.trim() === '') return { track: undefined, error: undefined, names: listed };
    try {
      const holds = condition(text, rowValues(names, columns));
      const track = new Track('search', 'found', (row) => columns.has(row) && holds(row));
      return { track, error: undefined, names: listed };
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error;
      return { track: undefined, error: `At character ${error.at + 1}: ${error.message}.`, names: listed };
    }
  }, [text, names, columns]);
}
