import { eigenvalues } from './stability.ts';

/** A mode of a linear system: an eigenvalue, or a pair of them (im ≥ 0). */
export interface Mode {
  readonly re: number;
  readonly im: number;
  /** Hz */
  readonly frequency: number;
  /** −re/abs(λ): 1 for what does not swing, below 0 for what grows. */
  readonly damping: number;
}

/** The modes of a matrix, swinging ones first, the least damped first. @param a [n, n] by rows */
export function modesOf(a: readonly (readonly number[])[]): Mode[] {
  const modes = eigenvalues(a)
    .filter(([, im]) => im >= 0)
    .map(([re, im]): Mode => {
      const size = Math.hypot(re, im);
      return { re, im, frequency: im / (2 * Math.PI), damping: size === 0 ? 0 : -re / size };
    });
  return modes.toSorted((x, y) => Number(y.im > 1e-9) - Number(x.im > 1e-9) || x.damping - y.damping);
}

/** 1/s: an eigenvalue that stands on the axis by its structure is not beyond it by rounding. */
const beyond = 1e-9;
/** Eigenvalues that are looked at on the way: no gain is found by more. */
const mostSteps = 4000;

/**
 * The least gain at which a chosen mode of `matrix(K)` crosses the axis, wherever the others are: its eigenvalue is followed from K = 0 in steps that are halved where another one is
 * about as near to where it is expected, and the crossing is bisected.
 * @param mode one of `modesOf(matrix(0))`  @param first the first step of the gain  @returns null where it does not cross up to `most`
 */
export function modalGain(
  matrix: (gain: number) => readonly (readonly number[])[],
  mode: Mode,
  { first = 1e-4, most = 1e4 }: { first?: number; most?: number } = {},
): number | null {
  let [gain, re, im] = [0, mode.re, mode.im];
  let [slopeRe, slopeIm] = [0, 0];
  let step = first;
  for (let count = 0; count < mostSteps && gain < most; count++) {
    const next = nearest(matrix(gain + step), re + slopeRe * step, im + slopeIm * step);
    if (next.doubt > 0.5 && step > 1e-9 * Math.max(gain, first)) {
      step /= 2;
      continue;
    }
    if (next.re > beyond && re <= beyond) return crossing(matrix, gain, gain + step, re, im, next);
    [slopeRe, slopeIm] = [(next.re - re) / step, (next.im - im) / step];
    [gain, re, im] = [gain + step, next.re, next.im];
    if (next.doubt < 0.1) step *= 1.5;
  }
  return null;
}

interface Followed {
  readonly re: number;
  readonly im: number;
  /** Distance from where it was expected, over that of the second nearest. */
  readonly doubt: number;
}

function nearest(a: readonly (readonly number[])[], re: number, im: number): Followed {
  let [best, second]: [Followed, number] = [{ re: 0, im: 0, doubt: 0 }, Infinity];
  let least = Infinity;
  for (const [x, y] of eigenvalues(a)) {
    if (y < 0) continue;
    const off = Math.hypot(x - re, y - im);
    if (off < least) {
      second = least;
      [least, best] = [off, { re: x, im: y, doubt: 0 }];
    } else second = Math.min(second, off);
  }
  return { ...best, doubt: second === Infinity ? 0 : least / Math.max(second, 1e-300) };
}

function crossing(
  matrix: (gain: number) => readonly (readonly number[])[],
  from: number,
  to: number,
  re: number,
  im: number,
  end: Followed,
): number {
  let [low, high] = [from, to];
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    const part = (middle - from) / (to - from);
    const at = nearest(matrix(middle), re + part * (end.re - re), im + part * (end.im - im));
    if (at.re > beyond) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
