import type { Rng } from '../../../core/rng.ts';
import { ConfigError, assertLength } from '../../../core/errors.ts';
import { dcPowerFlow } from '../dc.ts';
import type { GridCase } from '../grid-case.ts';
import { acStage } from './ac-stage.ts';
import { dcStage } from './dc-stage.ts';
import type { CascadeState, Stage, StageLoss } from './stage.ts';
import { tripRule, tripRules } from './trip-rule.ts';
import type { TripSettings } from './trip-rule.ts';
import { VoltageRelays } from './voltage-relay.ts';
import type { VoltageSettings } from './voltage-relay.ts';

/** Something that happened in a cascade. Rows of the case. */
export interface CascadeEvent {
  /** s, and which round it belongs to, from 0 */
  readonly t: number;
  readonly round: number;
  readonly what: 'line-trip' | 'line-return' | 'load-loss' | 'under-voltage' | 'over-voltage';
  readonly why: StageLoss['why'] | TripSettings['kind'] | 'voltage';
  /** Rows of a branch, or of buses. */
  readonly branch: number | null;
  readonly buses: readonly number[];
  /** Loading of a branch, or voltage of a bus, p.u.; null where neither is the cause. */
  readonly value: number | null;
  readonly mwLost: number;
}

/** One round of a cascade: what the network was like, and which branches it lost for it. */
export interface CascadeRound {
  /** s at which these flows began */
  readonly t: number;
  /** Parts, those without a source included. */
  readonly islands: number;
  readonly servedMw: number;
  readonly lossMw: number;
  /** Flow over rate of the worst branch; null where none has a rate */
  readonly maxLoading: number | null;
  /** Least voltage, p.u.; null in the DC model and where there is none */
  readonly vmin: number | null;
  /** Rows of branches that trip. */
  readonly tripped: readonly number[];
}

export interface Cascade {
  /** `stable`: nothing more happens; `time`: something still would when the time was over; `blackout`: no load is left. */
  readonly ended: 'stable' | 'time' | 'blackout';
  readonly rounds: readonly CascadeRound[];
  readonly events: readonly CascadeEvent[];
  readonly demandMw: number;
  readonly servedMw: number;
  readonly servedFraction: number;
  /** MWh that were not served until the end of the time */
  readonly unservedMwh: number;
  readonly linesTripped: number;
  /** Row of the first branch that tripped. */
  readonly firstLine: number | null;
  /** At the end: parts, and buses of the largest with a source. */
  readonly islands: number;
  readonly largest: number;
  /** At the end: [branches] 1 in service, [buses] MW served. */
  readonly status: Float64Array;
  readonly load: Float64Array;
}

export interface CascadeOptions {
  /** How flows are found. */
  readonly model?: 'dc' | 'ac';
  readonly rule?: TripSettings;
  /** [branches] MW or MVA, 0: none; default: rate A of the case */
  readonly rate?: Float64Array;
  /** The network before anything happened: what units gave, and how warm branches were. Default: the case itself. */
  readonly before?: GridCase;
  /** [generators] MW before; default: the DC power flow's of `before` */
  readonly dispatch?: Float64Array;
  /** Relays of voltage; the AC model alone has them. */
  readonly voltage?: VoltageSettings;
  /** s for which it goes on, and energy is counted */
  readonly duration?: number;
  /** Of a probabilistic rule. */
  readonly rng?: Rng;
}

/**
 * A cascade: every island balances its load, flows settle, branches trip by the rule and relays by the voltage, until nothing happens any more or the time is over. A pure function: the
 * case is left as it is.
 * @throws {ConfigError} @throws {GridCaseError} Source: specs/grid.md 5
 */
export function cascade(grid: GridCase, options: CascadeOptions = {}): Cascade {
  const work = cascadeRounds(grid, options);
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** The same, round by round: yields how many branches have tripped. */
export function* cascadeRounds(grid: GridCase, options: CascadeOptions = {}): Generator<number, Cascade, undefined> {
  const { model = 'dc', rule = tripRules.instant, rate = grid.branch.rateA, before = grid, duration = 3600 } = options;
  assertLength(rate, grid.branch.rows, 'rate', 'cascade');
  if (!(duration > 0)) throw new ConfigError(`a cascade of ${duration} s`);
  if (model === 'dc' && options.voltage !== undefined)
    throw new ConfigError('relays of voltage need the ac model: the dc model has no voltages');
  const stage = model === 'dc' ? dcStage : acStage;
  const dispatch = options.dispatch ?? dcPowerFlow(before).pGen;
  const trips = tripRule(rule, stage(before, stateOf(before, dispatch), rate).loading, options.rng);
  const relays = new VoltageRelays(options.voltage ?? {}, grid.bus.rows);
  const state = stateOf(grid, dispatch);
  const demandMw = total(grid.bus.Pd);
  const rounds: CascadeRound[] = [];
  const events: CascadeEvent[] = [];
  let [t, linesTripped, unserved] = [0, 0, 0];
  let firstLine: number | null = null;
  let settled: Stage;
  const tell = (event: Omit<CascadeEvent, 't' | 'round'>): void =>
    void events.push({ t, round: rounds.length, ...event });
  const out = (rows: readonly number[]): void => {
    for (const row of rows) {
      firstLine ??= row;
      linesTripped++;
      state.status[row] = 0;
      trips.tripped(row);
      tell({ what: 'line-trip', why: rule.kind, branch: row, buses: [], value: settled.loading[row]!, mwLost: 0 });
    }
  };
  for (;;) {
    settled = stage(grid, state, rate);
    for (const { why, buses, mw } of settled.losses)
      tell({ what: 'load-loss', why, branch: null, buses: [...buses], value: null, mwLost: mw });
    const servedMw = total(state.load);
    const round = {
      t,
      islands: settled.islands,
      servedMw,
      lossMw: settled.lossMw,
      maxLoading: extreme(settled.loading, Math.max),
      vmin: settled.vm === null ? null : extreme(settled.vm, Math.min),
    };
    const keep = (tripped: readonly number[]): void => void rounds.push({ ...round, tripped });
    yield linesTripped;
    const now = trips.atOnce(settled.loading);
    if (now.length > 0) {
      out(now);
      keep(now);
      continue;
    }
    // Time passes until something else happens, or nothing does.
    let ended: Cascade['ended'] | undefined;
    let timed: number[] = [];
    for (;;) {
      look(relays, t, settled, state, grid);
      const next = Math.min(t + trips.wait(settled.loading), relays.due());
      const isOver = !(next < duration);
      const passed = (isOver ? duration : next) - t;
      unserved += ((demandMw - servedMw) * passed) / 3600;
      t += passed;
      if (isOver) {
        ended = servedMw <= 1e-9 && demandMw > 0 ? 'blackout' : next === Infinity ? 'stable' : 'time';
        break;
      }
      const { trip, back } = trips.pass(passed, settled.loading);
      for (const row of back) {
        state.status[row] = grid.branch.status[row]!;
        tell({ what: 'line-return', why: rule.kind, branch: row, buses: [], value: null, mwLost: 0 });
      }
      timed = trip;
      out(timed);
      const acted = act(relays, t, settled, state, grid, tell);
      if (timed.length > 0 || back.length > 0 || acted) break;
    }
    keep(timed);
    if (ended === undefined) continue;
    return {
      ended,
      rounds,
      events,
      demandMw,
      servedMw,
      servedFraction: demandMw === 0 ? 1 : servedMw / demandMw,
      unservedMwh: unserved,
      linesTripped,
      firstLine,
      islands: settled.islands,
      largest: settled.largest,
      status: state.status,
      load: state.load,
    };
  }
}

function stateOf({ bus, branch, gen }: GridCase, dispatch: Float64Array): CascadeState {
  assertLength(dispatch, gen.rows, 'dispatch', 'cascade');
  return {
    load: bus.Pd.slice(),
    type: bus.type.slice(),
    shunt: bus.Bs.slice(),
    power: dispatch.slice(),
    genStatus: gen.status.slice(),
    status: branch.status.slice(),
  };
}

/** Sets the timers of voltage relays that have something left to do. */
function look(relays: VoltageRelays, t: number, { vm }: Stage, state: CascadeState, { bus, gen }: GridCase): void {
  if (vm === null) return;
  const held = new Set(gen.bus.filter((_, row) => state.genStatus[row]! > 0));
  relays.look(
    t,
    vm,
    Uint8Array.from(state.load, (p) => (p > 0 ? 1 : 0)),
    Uint8Array.from(bus.bus, (number, row) => (held.has(number) || state.shunt[row]! > 0 ? 1 : 0)),
  );
}

/** Lets voltage relays trip. @returns whether any did */
function act(
  relays: VoltageRelays,
  t: number,
  { vm }: Stage,
  state: CascadeState,
  { bus, gen }: GridCase,
  tell: (event: Omit<CascadeEvent, 't' | 'round'>) => void,
): boolean {
  const { low, high } = relays.trip(t);
  for (const row of low) {
    const mwLost = Math.min(state.load[row]!, relays.share * bus.Pd[row]!);
    state.load[row]! -= mwLost;
    tell({ what: 'under-voltage', why: 'voltage', branch: null, buses: [row], value: vm![row]!, mwLost });
  }
  for (const row of high) {
    let some = false;
    for (let g = 0; g < gen.rows; g++)
      if (gen.bus[g] === bus.bus[row] && state.genStatus[g]! > 0) {
        [state.genStatus[g], state.power[g], some] = [0, 0, true];
      }
    if (!some) state.shunt[row] = 0;
    tell({ what: 'over-voltage', why: 'voltage', branch: null, buses: [row], value: vm![row]!, mwLost: 0 });
  }
  return low.length + high.length > 0;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The largest or the least of what is a number; null where nothing is. */
function extreme(values: Float64Array, of: (a: number, b: number) => number): number | null {
  let found: number | null = null;
  for (const value of values) if (!Number.isNaN(value)) found = found === null ? value : of(found, value);
  return found;
}
