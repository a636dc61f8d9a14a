/**
 * What a lag with limits does: it follows freely; its rate is at a bound; it stands at a bound of its range, from which it leaves as soon as its input draws it inwards (no wind-up).
 */
export const limiterMode = { free: 0, rising: 1, falling: 2, highest: 3, lowest: 4 } as const;

/** Bounds of a lag `y' = (u − y)/T`: its range, and its rate per s. Infinite: none. */
export interface LimiterBounds {
  readonly min: number;
  readonly max: number;
  /** below 0 and above 0 */
  readonly fall: number;
  readonly rise: number;
}

/** Guards of a limiter. */
export const limiterGuards = 4;

/** The rate of a lag in a mode. @param rate what it were without bounds, (u − y)/T */
export function limitedRate(mode: number, { fall, rise }: LimiterBounds, rate: number): number {
  if (mode === limiterMode.free) return rate;
  if (mode === limiterMode.rising) return rise;
  return mode === limiterMode.falling ? fall : 0;
}

/** Guards of a mode, each at least 0 while the lag stays in it: written to `out` from `at`. */
export function limiterGuardsInto(
  mode: number,
  { min, max, fall, rise }: LimiterBounds,
  rate: number,
  y: number,
  out: Float64Array,
  at: number,
): void {
  const { free, rising, falling, highest, lowest } = limiterMode;
  out[at] = mode === free ? rise - rate : mode === rising ? rate - rise : Infinity;
  out[at + 1] = mode === free ? rate - fall : mode === falling ? fall - rate : Infinity;
  out[at + 2] = mode === free || mode === rising ? max - y : mode === highest ? rate : Infinity;
  out[at + 3] = mode === free || mode === falling ? y - min : mode === lowest ? -rate : Infinity;
}

/** The mode that follows when a guard falls below 0. */
export function limiterAfter(mode: number, guard: number): number {
  const { free, rising, falling, highest, lowest } = limiterMode;
  if (guard === 0) return mode === free ? rising : free;
  if (guard === 1) return mode === free ? falling : free;
  if (guard === 2) return mode === highest ? free : highest;
  return mode === lowest ? free : lowest;
}
