import { ConfigError } from '../../../core/errors.ts';
import type { GridCase } from '../grid-case.ts';
import type { Island } from '../network.ts';

/** What a meter measures: |V| of a bus, P or Q that a bus injects, P or Q that enters a branch at its from or to side; p.u. */
export type MeterKind = 'v' | 'p' | 'q' | 'pf' | 'qf' | 'pt' | 'qt';

/** A meter of an island. `at`: position of the bus, or of the branch among the island's. */
export interface Meter {
  readonly kind: MeterKind;
  readonly at: number;
  /** Standard deviation, p.u. */
  readonly sigma: number;
}

/** Standard deviations that are common: voltage meters, injections, flows. p.u. */
export interface MeterAccuracy {
  readonly v: number;
  readonly injection: number;
  readonly flow: number;
}

export const meterAccuracy: MeterAccuracy = { v: 0.004, injection: 0.01, flow: 0.008 };

/** Where meters stand: every bus, every branch, and the buses whose voltage is metered. */
export type MeterPlan = 'full' | 'flows' | 'injections';

/**
 * Meters of an island: voltages where they are held; P and Q injected by each bus; P and Q of each branch at its from side.
 * @param plan without injections, or without flows, where it says so
 */
export function metersOf(island: Island, plan: MeterPlan = 'full', accuracy: MeterAccuracy = meterAccuracy): Meter[] {
  const buses = [...island.buses.keys()];
  const branches = [...island.branches.keys()];
  const held = [...new Set(island.genBus)].toSorted((a, b) => a - b);
  const of = (kind: MeterKind, positions: readonly number[], sigma: number): Meter[] =>
    positions.map((at) => ({ kind, at, sigma }));
  return [
    ...of('v', held, accuracy.v),
    ...(plan === 'flows' ? [] : [...of('p', buses, accuracy.injection), ...of('q', buses, accuracy.injection)]),
    ...(plan === 'injections' ? [] : [...of('pf', branches, accuracy.flow), ...of('qf', branches, accuracy.flow)]),
  ];
}

/** A meter for a person: `P 4`, `Q 4→7`. */
export function meterName({ bus, branch }: GridCase, island: Island, { kind, at }: Meter): string {
  if (kind === 'v' || kind === 'p' || kind === 'q') return `${kind.toUpperCase()} ${bus.bus[island.buses[at]!]}`;
  const row = island.branches[at]!;
  const [from, to] = [branch.from[row], branch.to[row]];
  return `${kind[0]!.toUpperCase()} ${kind.endsWith('f') ? `${from}→${to}` : `${to}→${from}`}`;
}

/** @throws {ConfigError} of a meter that is nowhere, or as exact as no meter is */
export function checkMeters(island: Island, meters: readonly Meter[]): void {
  for (const [k, { kind, at, sigma }] of meters.entries()) {
    const most = ['v', 'p', 'q'].includes(kind) ? island.buses.length : island.branches.length;
    if (!(Number.isInteger(at) && at >= 0 && at < most))
      throw new ConfigError(`meter ${k + 1} (${kind}) is at ${at}, expected a position below ${most}`);
    if (!(sigma > 0 && Number.isFinite(sigma)))
      throw new ConfigError(`meter ${k + 1} (${kind}) has a standard deviation of ${sigma}, expected above 0`);
  }
}
