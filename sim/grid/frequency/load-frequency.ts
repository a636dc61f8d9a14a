import { assertLength } from '../../../core/errors.ts';
import { LinearSystem } from './linear-system.ts';

/**
 * One control area, in one of two sets of units: frequency in p.u. (M = 2H s, R and D p.u.) or in Hz (M = 2H/f0 p.u. s/Hz, D p.u./Hz, R Hz/p.u.). Tg and Tt are the
 * governor's and the turbine's lags, s; β the bias of the area's control error, Ki the gain of its AGC (0: none).
 */
export interface ControlArea {
  readonly M: number;
  readonly D: number;
  readonly R: number;
  readonly Tg: number;
  readonly Tt: number;
  readonly beta: number;
  readonly Ki: number;
}

/** A load that answers to an area's frequency, `dP = −K f̃`, with f̃ the frequency lagged by `lag` s (0: at once): it rises when the frequency falls. */
export interface DynamicLoad {
  /** Area whose frequency it listens to, and area where it is. */
  readonly sensor: number;
  readonly victim: number;
  readonly gain: number;
  readonly lag: number;
}

/** Positions of an area's states. */
export interface AreaStates {
  readonly frequency: number;
  readonly mechanical: number;
  readonly governor: number;
  /** Power to the other areas; absent where there is one area. */
  readonly tie: number | null;
  /** The integral of the control error; absent without AGC. */
  readonly reference: number | null;
}

export interface LoadFrequencyModel {
  readonly system: LinearSystem;
  readonly areas: readonly AreaStates[];
  /** [n, n] of the system, by rows. */
  readonly a: readonly (readonly number[])[];
}

/**
 * Load-frequency control of areas that exchange power:
 * `M f' = Pm − P_L − D f − P_tie`, `Tt Pm' = Pg − Pm`, `Tg Pg' = Pref − f/R − Pg`, `P_tie,i' = Σ_j T_ij (f_i − f_j)`, `Pref = −Ki ∫(β f + P_tie)`. Inputs: the load of each area.
 * @param tie [areas, areas] synchronising coefficients as they stand in the last equation (2π T_ij where f is in Hz)
 * Source: Saadat, "Power System Analysis", ch. 12; specs/grid.md 4.2
 */
export function loadFrequencyModel(
  areas: readonly ControlArea[],
  tie: readonly (readonly number[])[] = areas.map(() => areas.map(() => 0)),
  loads: readonly DynamicLoad[] = [],
): LoadFrequencyModel {
  assertLength(tie, areas.length, 'tie', 'loadFrequencyModel');
  let n = 0;
  const states = areas.map(({ Ki }): AreaStates => ({
    frequency: n++,
    mechanical: n++,
    governor: n++,
    tie: areas.length > 1 ? n++ : null,
    reference: Ki === 0 ? null : n++,
  }));
  const lagged = loads.map(({ lag }) => (lag > 0 ? n++ : null));
  const a = Array.from({ length: n }, () => Array.from({ length: n }, () => 0));
  const b = Array.from({ length: n }, () => areas.map(() => 0));
  areas.forEach(({ M, D, R, Tg, Tt, beta, Ki }, i) => {
    const { frequency: f, mechanical, governor, tie: power, reference } = states[i]!;
    a[f]![f] = -D / M;
    a[f]![mechanical] = 1 / M;
    b[f]![i] = -1 / M;
    a[mechanical]![mechanical] = -1 / Tt;
    a[mechanical]![governor] = 1 / Tt;
    a[governor]![governor] = -1 / Tg;
    a[governor]![f] = -1 / (R * Tg);
    if (power !== null) {
      a[f]![power] = -1 / M;
      areas.forEach((_, j) => {
        a[power]![f]! += tie[i]![j]!;
        a[power]![states[j]!.frequency]! -= tie[i]![j]!;
      });
    }
    if (reference !== null) {
      a[governor]![reference] = 1 / Tg;
      a[reference]![f] = -Ki * beta;
      if (power !== null) a[reference]![power] = -Ki;
    }
  });
  loads.forEach(({ sensor, victim, gain, lag }, k) => {
    const [seen, hit] = [states[sensor]!.frequency, states[victim]!.frequency];
    const own = lagged[k]!;
    if (own === null) a[hit]![seen]! += gain / areas[victim]!.M;
    else {
      a[own]![own] = -1 / lag;
      a[own]![seen] = 1 / lag;
      a[hit]![own]! += gain / areas[victim]!.M;
    }
  });
  return { system: new LinearSystem(a, b), areas: states, a };
}
