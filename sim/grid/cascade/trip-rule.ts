import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';

/**
 * How overloaded branches trip; one rule per run. Loadings are flow over rate.
 * - `instant`: all above 1 + 1e-6 together.
 * - `grid2op`: above `hard` at once; above `soft` for more than `steps` steps; they stay out for `out` steps, and come back then where `reclose` is set.
 * - `thermal`: `T' = (u² − T)/τ`; a branch trips when its temperature reaches `limit²`, after `t = τ ln((u² − T₀)/(u² − limit²))`.
 * - `probabilistic`: in every round each with `p = clamp((u − 1)/(certain − 1), 0, 1)`.
 * Source: specs/grid.md 5; Grid2Op's Parameters for the defaults of `grid2op`
 */
export type TripSettings =
  | { readonly kind: 'instant' }
  | {
      readonly kind: 'grid2op';
      readonly soft: number;
      readonly hard: number;
      readonly steps: number;
      readonly out: number;
      /** s */
      readonly step: number;
      readonly reclose: boolean;
    }
  | { readonly kind: 'thermal'; readonly tau: number; readonly limit: number }
  | { readonly kind: 'probabilistic'; readonly certain: number };

/** The rules with the settings of their sources. */
export const tripRules = {
  instant: { kind: 'instant' },
  grid2op: { kind: 'grid2op', soft: 1, hard: 2, steps: 2, out: 10, step: 300, reclose: false },
  thermal: { kind: 'thermal', tau: 600, limit: 1.2 },
  probabilistic: { kind: 'probabilistic', certain: 1.5 },
} as const satisfies Record<TripSettings['kind'], TripSettings>;

/** A rule at work: what it remembers of each branch. Loadings are NaN where there is no flow or no rate. */
export interface TripRule {
  /** Rows that trip at these flows now. */
  atOnce(loading: Float64Array): number[];
  /** s after which something happens although no flow changes; Infinity: nothing */
  wait(loading: Float64Array): number;
  /** Lets s pass at these flows. @returns rows that trip, and rows that come back, then */
  pass(seconds: number, loading: Float64Array): { readonly trip: number[]; readonly back: number[] };
  /** A branch is out. */
  tripped(row: number): void;
}

/** s until a branch trips: `τ ln((u² − T₀)/(u² − u_lim²))`; Infinity where it never does, 0 where it is too hot already. @param u loading @param T0 temperature, as the square of a loading */
export function inverseTime(u: number, T0: number, { tau, limit }: { tau: number; limit: number }): number {
  const [end, most] = [u * u, limit * limit];
  if (T0 >= most) return 0;
  return end > most ? tau * Math.log((end - T0) / (end - most)) : Infinity;
}

/** An overload begins here: ties at the limit stay. */
const overload = 1 + 1e-6;

/** @param before [branches] loadings before anything happened: how warm branches are at the start  @param rng of `probabilistic` alone */
export function tripRule(settings: TripSettings, before: Float64Array, rng?: Rng): TripRule {
  if (settings.kind === 'thermal') return thermalRule(settings, before);
  if (settings.kind === 'grid2op') return steppedRule(settings, before.length);
  const never = { wait: () => Infinity, pass: () => ({ trip: [], back: [] }), tripped: () => {} };
  if (settings.kind === 'instant') return { ...never, atOnce: (loading) => rowsWhere(loading, (u) => u > overload) };
  if (rng === undefined) throw new ConfigError('a probabilistic rule needs a seed');
  if (!(settings.certain > 1)) throw new ConfigError(`certain is ${settings.certain}, expected a loading above 1`);
  return {
    ...never,
    atOnce: (loading) => rowsWhere(loading, (u) => u > overload && rng.uniform() < (u - 1) / (settings.certain - 1)),
  };
}

function rowsWhere(loading: Float64Array, holds: (u: number, row: number) => boolean): number[] {
  const rows: number[] = [];
  for (let row = 0; row < loading.length; row++) if (holds(loading[row]!, row)) rows.push(row);
  return rows;
}

function thermalRule(settings: Extract<TripSettings, { kind: 'thermal' }>, before: Float64Array): TripRule {
  if (!(settings.tau > 0 && settings.limit > 0))
    throw new ConfigError(`thermal: τ ${settings.tau} s, limit ${settings.limit}, expected above 0`);
  const heat = before.map((u) => (Number.isNaN(u) ? 0 : u * u));
  const left = (u: number, row: number): number => (Number.isNaN(u) ? Infinity : inverseTime(u, heat[row]!, settings));
  return {
    atOnce: (loading) => rowsWhere(loading, (u, row) => left(u, row) === 0),
    wait: (loading) => loading.reduce((least, u, row) => Math.min(least, left(u, row)), Infinity),
    pass(seconds, loading) {
      const trip = rowsWhere(loading, (u, row) => left(u, row) <= seconds * (1 + 1e-12));
      const kept = Math.exp(-seconds / settings.tau);
      // A branch without flow cools down.
      loading.forEach((u, row) => {
        const end = Number.isNaN(u) ? 0 : u * u;
        heat[row] = end + (heat[row]! - end) * kept;
      });
      return { trip, back: [] };
    },
    tripped() {},
  };
}

function steppedRule(settings: Extract<TripSettings, { kind: 'grid2op' }>, branches: number): TripRule {
  const { soft, hard, steps, out, step, reclose } = settings;
  if (!(soft > 0 && hard >= soft && step > 0))
    throw new ConfigError(
      `grid2op: soft ${soft}, hard ${hard}, steps of ${step} s, expected 0 < soft ≤ hard and above 0 s`,
    );
  const over = new Int32Array(branches);
  const counted = new Uint8Array(branches);
  const away = new Int32Array(branches);
  let phase = 0;
  // Once in a step, however often flows change within it.
  const count = (u: number, row: number): boolean => {
    if (!(u > soft)) return false;
    if (counted[row] === 0) over[row]!++;
    counted[row] = 1;
    return u > hard || over[row]! > steps;
  };
  return {
    atOnce: (loading) => rowsWhere(loading, count),
    wait: (loading) =>
      loading.some((u) => u > soft) || (reclose && away.some((left) => left > 0)) ? step - phase : Infinity,
    pass(seconds, loading) {
      phase += seconds;
      if (phase < step * (1 - 1e-12)) return { trip: [], back: [] };
      phase = 0;
      const back: number[] = [];
      for (let row = 0; row < branches; row++) {
        counted[row] = 0;
        if (!(loading[row]! > soft)) over[row] = 0;
        if (away[row]! > 0 && --away[row]! === 0 && reclose) back.push(row);
      }
      // A branch that comes back changes the flows: these are not those of the new step.
      return { trip: back.length > 0 ? [] : rowsWhere(loading, count), back };
    },
    tripped(row) {
      away[row] = out;
      over[row] = 0;
    },
  };
}
