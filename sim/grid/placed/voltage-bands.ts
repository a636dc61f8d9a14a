/** p.u. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** How far a voltage is outside a band, p.u. */
export function outside({ low, high }: Band, v: number): number {
  return Math.max(0, low - v) + Math.max(0, v - high);
}

export function within({ low, high }: Band, v: number): boolean {
  return v >= low && v <= high;
}

/**
 * Supply voltages of synchronous networks by EN 50160: in a share of the 10-minute means of each week within ±10 %, at all times within wider limits; low and medium voltage. Steps of an hour cannot prove it: what is
 * counted is a proxy. Source: specs/grid.md 6
 */
export const en50160 = {
  mostly: { low: 0.9, high: 1.1 },
  lvShare: 0.95,
  lvAlways: { low: 0.85, high: 1.1 },
  mvShare: 0.99,
  mvAlways: { low: 0.85, high: 1.15 },
} as const;

/** Service voltages of ANSI C84.1, ranges A and B. Source: specs/grid.md 6, from memory of the standard */
export const ansi = { a: { low: 0.95, high: 1.05 }, b: { low: 0.917, high: 1.058 } } as const;
