import { ShapeError } from '../core/errors.ts';

/**
 * The arrays of a search, views that stay valid until the next `reserve`. R rows, F features; matrices row-major, exactly as long
 * as their shape.
 */
export interface AscentBuffers {
  /** [R×F] where the search stands, float64: a hundred small steps must add up. */
  readonly position: Float64Array;
  /** [R×F] two earlier positions, for `blend`. */
  readonly held: Float64Array;
  readonly last: Float64Array;
  /** [F] step of each feature, and [R] factor on it. */
  readonly size: Float64Array;
  readonly rate: Float64Array;
  /** [R] coefficients of `conjugate`. */
  readonly beta: Float64Array;
  /** [R×F] the box, and what a NaN is replaced with. */
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly clean: Float32Array;
  /** [R×F] the float32 nearest to the position: what the victim is asked. */
  readonly point: Float32Array;
  /** [R×F] */
  readonly gradient: Float32Array;
  readonly lastGradient: Float32Array;
  readonly direction: Float32Array;
  /** [R] 1 where the last `signStep` changed the position. */
  readonly moved: Uint8Array;
}

/** What a step follows. */
export type Along = 'gradient' | 'direction';

/**
 * The inner loop of a gradient attack: steps, projection, masks (a feature that may not move has `lower = upper`), the scalars per row
 * of APGD and of conjugate gradients. Two implementations share this signature and give the same bits: WASM SIMD and plain
 * TypeScript. All functions work on the first `rows` rows.
 */
export interface Ascent extends Disposable {
  readonly buffers: AscentBuffers;
  /** Room for so many rows; what the buffers held is lost when it changes them. @throws {ShapeError} */
  reserve(rows: number, features: number): AscentBuffers;
  /**
   * `position ← Π(position + rate_r·size_j·sign(along))`, then `point`; Π takes each number to the nearest of `lower … upper`, a NaN to
   * `clean`. A slope of 0 or NaN moves nothing. Returns how many rows changed; `moved` says which.
   */
  signStep(rows: number, along: Along): number;
  /**
   * APGD's momentum: with z in `position`, x in `held` and x' in `last`, `position ← Π(x + α(z − x) + (1 − α)(x − x'))`, then `point`, and
   * `last ← x`. Source: Croce and Hein (2020), "Reliable evaluation of adversarial robustness", algorithm 1.
   */
  blend(rows: number, alpha: number): void;
  /** `direction ← gradient + β_r·direction`. Source: Yamamura et al. (2022), "Diversified Adversarial Attacks based on Conjugate Gradient Method". */
  conjugate(rows: number): void;
  /** `out_r = ⟨a, gradient − lastGradient⟩`, the products of conjugate coefficients; a is the gradient or the direction. `beta` is overwritten. @param out [R] */
  differenceProducts(rows: number, a: Along, out: Float64Array): void;
}

/** Buffer names, in three element types; the order is the order in memory. */
export const doubleRows = ['position', 'held', 'last'] as const;
export const floatRows = ['lower', 'upper', 'clean', 'point', 'gradient', 'lastGradient', 'direction'] as const;

/** Throws unless a shape is one. */
export function assertShape(rows: number, features: number): void {
  for (const [name, value] of [
    ['rows', rows],
    ['features', features],
  ] as const)
    if (!Number.isSafeInteger(value) || value < 0)
      throw new ShapeError(`ascent: ${name} is ${value}, expected a count`);
}
