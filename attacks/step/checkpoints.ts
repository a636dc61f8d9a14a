import type { Walk } from './walk.ts';

/** When a row's step is checked, as shares of the iterations. */
export interface Checkpoints {
  /** Length of the first window, by how much each next one is shorter, and how short one may be. */
  readonly first: number;
  readonly decrement: number;
  readonly floor: number;
  /** The share of a window's iterations that have to climb. */
  readonly climbing: number;
}

/** Croce and Hein (2020), section 3.1, with the integer windows of their code: of 100 iterations 22, 19, 16, 13, 10, 7, 6, 6, … */
export const apgdCheckpoints: Checkpoints = { first: 0.22, decrement: 0.03, floor: 0.06, climbing: 0.75 };

/** Yamamura et al. (2024), ReACG. */
export const reacgCheckpoints: Checkpoints = { first: 0.43, decrement: 0.24, floor: 0.08, climbing: 0.75 };

const keptSlopes = ['gradient', 'direction', 'lastGradient'] as const;
const keptRows = ['point', ...keptSlopes] as const;

/** Sets the step of each row by how well it climbs. */
export interface StepControl {
  /** A run of so many gradients begins. */
  begin(walk: Walk, steps: number): void;
  /** After each gradient, before the move that follows it: may halve a row's step and take the row back to its best point. */
  observe(walk: Walk, k: number): void;
  /** A row begins anew, with the first step and nothing to go back to. */
  renew(buffers: Walk['buffers'], row: number): void;
}

/**
 * At the end of a window a row's step is halved, and the row goes back to its best point, gradient and direction, if at most ρ of the window's
 * iterations climbed, or if its step was not halved the last time and its best value is what it was then. Each row for itself. `rate` holds
 * the steps. Source: as `apgdCheckpoints`.
 * @param initial the first step, in the unit of the sizes
 */
export function stepControl({ first, decrement, floor, climbing }: Checkpoints, initial: number): StepControl {
  let last = new Float64Array(0);
  let [best, bestThen] = [last, last];
  let climbs = new Int32Array(0);
  let halved = new Uint8Array(0);
  const none = new Float32Array(0);
  let kept = { point: none, gradient: none, direction: none, lastGradient: none };
  let [window, shrink, least, left] = [1, 1, 1, 1];

  const reserve = (count: number, size: number): void => {
    if (last.length === count && kept.point.length === size) return;
    const doubles = () => new Float64Array(count);
    [last, best, bestThen] = [doubles(), doubles(), doubles()];
    climbs = new Int32Array(count);
    halved = new Uint8Array(count);
    const floats = () => new Float32Array(size);
    kept = { point: floats(), gradient: floats(), direction: floats(), lastGradient: floats() };
  };

  return {
    begin({ buffers }, steps) {
      const share = (part: number): number => Math.max(1, Math.floor(part * steps));
      [window, shrink, least] = [share(first), share(decrement), share(floor)];
      left = window;
      reserve(buffers.value.length, buffers.point.length);
      best.fill(Number.NEGATIVE_INFINITY);
      climbs.fill(0);
      halved.fill(1); // the first check has no earlier one to compare with
      buffers.rate.fill(initial);
    },
    renew({ rate }, row) {
      rate[row] = initial;
      last[row] = Number.POSITIVE_INFINITY;
      best[row] = Number.NEGATIVE_INFINITY;
      halved[row] = 1;
    },
    observe({ buffers, rows: active }, k) {
      const features = buffers.size.length;
      const { value, rate, position } = buffers;
      const check = k > 0 && --left === 0;
      for (let r = 0; r < active; r++) {
        const from = r * features;
        const to = from + features;
        if (k > 0 && value[r]! > last[r]!) climbs[r]!++;
        last[r] = value[r]!;
        if (k === 0 || value[r]! > best[r]!) {
          best[r] = Number.isNaN(value[r]!) ? Number.NEGATIVE_INFINITY : value[r]!;
          for (const name of keptRows) for (let i = from; i < to; i++) kept[name][i] = buffers[name][i]!;
          if (k === 0) bestThen[r] = best[r]!;
        }
        if (!check) continue;
        const halve = climbs[r]! <= climbing * window || (halved[r] === 0 && best[r] === bestThen[r]);
        halved[r] = halve ? 1 : 0;
        bestThen[r] = best[r]!;
        climbs[r] = 0;
        if (!halve) continue;
        rate[r]! /= 2;
        for (let i = from; i < to; i++) position[i] = kept.point[i]!;
        for (const name of keptSlopes) for (let i = from; i < to; i++) buffers[name][i] = kept[name][i]!;
      }
      if (!check) return;
      window = Math.max(window - shrink, least);
      left = window;
    },
  };
}
