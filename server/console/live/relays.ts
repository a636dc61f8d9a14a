import type { CascadeResult } from '../../../core/run.ts';
import type { GridTopology } from '../../../core/telemetry.ts';

/** What relays did to a network in the step that they were asked about; numbers of buses are external. */
export interface RelayPicture {
  readonly step: number;
  /** By {@link branchKey}: seconds after the step's beginning at which it tripped. */
  readonly tripped: ReadonlyMap<string, number>;
  /** Buses in parts of the network in which nothing is served any more. */
  readonly dark: ReadonlySet<number>;
  readonly summary: string;
}

/** Of a branch, whichever way round it is named. */
export const branchKey = (from: number, to: number): string => `${Math.min(from, to)}-${Math.max(from, to)}`;

const said: Readonly<Record<string, string>> = {
  'line-trip': 'branch trips',
  'line-return': 'branch returns',
  'load-loss': 'load is lost',
  'under-voltage': 'load is shed, voltage too low',
  'over-voltage': 'generators trip, voltage too high',
};

/** What an event of a cascade is called. */
export const eventText = (what: string): string => said[what] ?? what;

/** What to mark in the diagram of a network: branches that went out for good, and buses that hang together with nothing that is served. */
export function relayPicture(cascade: CascadeResult, { buses, branches, reference }: GridTopology): RelayPicture {
  const tripped = new Map<string, number>();
  cascade.trippedAt.forEach((t, k) => {
    if (t !== null) tripped.set(branchKey(...branches[k]!), t);
  });
  const served = new Map(buses.map((bus, k) => [bus, cascade.servedAt[k]!]));
  const lost = cascade.parts.filter((part) => part.every((bus) => !(served.get(bus)! > 0)));
  const dark = new Set(lost.flat());
  dark.delete(reference);
  const { linesTripped, servedMw, demandMw, ended } = cascade;
  return {
    step: cascade.step,
    tripped,
    dark,
    summary:
      cascade.events.length === 0
        ? 'relays: nothing tripped'
        : `relays: ${linesTripped} ${linesTripped === 1 ? 'branch' : 'branches'} tripped, ` +
          `${dark.size} ${dark.size === 1 ? 'bus' : 'buses'} dark, ` +
          `${servedMw.toFixed(2)} of ${demandMw.toFixed(2)} MW served${ended === 'blackout' ? ', blackout' : ''}`,
  };
}
