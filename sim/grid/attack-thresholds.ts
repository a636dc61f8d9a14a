import { cascade } from './cascade/cascade.ts';
import type { CascadeOptions } from './cascade/cascade.ts';
import type { AreaSystem } from './frequency/area-model.ts';
import { runAreas } from './frequency/area-run.ts';
import type { AreaRunOptions } from './frequency/area-run.ts';
import type { GridCase } from './grid-case.ts';
import { withColumns } from './grid-case.ts';
import { outcomeRanges } from './outcome-ranges.ts';
import type { OutcomeRanges, OutcomeSearch } from './outcome-ranges.ts';

/** What a sudden rise of load can do to a system's frequency: the first stage of shedding; a relay of the slope; frequencies that no plant survives. */
export const frequencyOutcomes = ['shedding', 'rocof', 'blackout'] as const;
/** What it can do to a network: a branch trips; less than half of the load is served in the end. */
export const networkOutcomes = ['cascade', 'collapse'] as const;

/**
 * Shares of the load that an attacker has to add at once, everywhere alike, for each outcome of the frequency. Yields the part done.
 * @param options relays among them; without relays of the slope, one that trips nothing watches each area (0.5 s, 1 Hz/s)
 * Source: specs/grid.md 4.1, 4.3, 4.4, 4.6
 */
export function frequencyThresholds(
  system: AreaSystem,
  options: Omit<AreaRunOptions, 'loads' | 'attacks' | 'sample'>,
  search: OutcomeSearch,
): Generator<number, Readonly<Record<(typeof frequencyOutcomes)[number], OutcomeRanges>>, undefined> {
  const { areas, f0 } = system;
  const watching = areas.map((_, area) => ({ area, window: 0.5, limit: 1, delay: 0, power: 0 }));
  const relays = (options.relays ?? []).length > 0 ? options.relays! : watching;
  const survival = options.survival ?? { low: f0 - 2.5, high: f0 + 1.5 };
  return outcomeRanges(
    frequencyOutcomes,
    (share) => {
      const { events, ended } = runAreas(system, {
        method: 'dopri5',
        ...options,
        relays,
        survival,
        sample: options.duration,
        loads: areas.map(({ load }, area) => ({ kind: 'step', t: 0, power: share * load, area })),
      });
      return [
        events.some(({ kind }) => kind === 'shed'),
        events.some(({ kind }) => kind === 'rocof-trip'),
        ended === 'blackout',
      ];
    },
    search,
  );
}

/**
 * Shares of the load that an attacker has to add for each outcome on a network, at some of its buses or at all. The damage is not monotone in the share.
 * @param rows of buses whose loads grow; default: all. Source: specs/grid.md 4.6, 5
 */
export function networkThresholds(
  grid: GridCase,
  options: Omit<CascadeOptions, 'before'>,
  search: OutcomeSearch,
  rows?: readonly number[],
): Generator<number, Readonly<Record<(typeof networkOutcomes)[number], OutcomeRanges>>, undefined> {
  const hit = grid.bus.bus.map((_, row) => (rows === undefined || rows.includes(row) ? 1 : 0));
  const grown = (of: Float64Array, share: number): Float64Array =>
    of.map((value, row) => value * (1 + share * hit[row]!));
  return outcomeRanges(
    networkOutcomes,
    (share) => {
      const { Pd, Qd } = grid.bus;
      const { linesTripped, servedFraction } = cascade(
        withColumns(grid, { bus: { Pd: grown(Pd, share), Qd: grown(Qd, share) } }),
        { ...options, before: grid },
      );
      return [linesTripped > 0, servedFraction < 0.5];
    },
    search,
  );
}
