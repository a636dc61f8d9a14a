import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import type { Rule, Setting } from './rule.ts';

export const budgetConfig = z.strictObject({
  steps: z
    .int()
    .min(0)
    .optional()
    .meta({ title: 'Steps', description: 'At most so many attacked steps; empty: any number.' }),
  of: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .meta({ title: 'Of', description: 'Within any so many steps in a row; empty: within the whole episode.' }),
  cooldown: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .meta({ title: 'Cooldown', description: 'Steps of truth after each attacked one.' }),
  distortion: z
    .number()
    .min(0)
    .optional()
    .meta({ title: 'Distortion', description: 'Sum over the episode of each step’s norm; empty: any.' }),
  norm: z
    .enum(['linf', 'l2', 'l1'])
    .default('linf')
    .meta({ title: 'Norm', description: 'Of a step’s distortion, normalised units.' }),
});

type Options = z.output<typeof budgetConfig>;

/** `‖x' − x‖` of a row, normalised units. */
export function distortionOf(
  norm: Options['norm'],
  x: Float32Array,
  out: ArrayLike<number>,
  i: number,
  p: number,
  size: number,
): number {
  let sum = 0;
  for (let j = 0; j < size; j++) {
    const change = Math.abs(out[p + j]! - x[i + j]!);
    if (norm === 'linf') sum = Math.max(sum, change);
    else sum += norm === 'l2' ? change * change : change;
  }
  return norm === 'l2' ? Math.sqrt(sum) : sum;
}

/**
 * What an attacker may spend in an episode: k attacked steps in any T, a pause after each, a sum of distortions. A step is attacked when
 * what is shown differs from the truth; once the budget is spent the truth is shown.
 */
export function budgetRule(options: Options, { features }: Setting): Rule {
  const { steps, of, cooldown, distortion, norm } = options;
  if (steps === undefined && of !== undefined)
    throw new ConfigError(`constraint budget: of is ${of}, but steps is not given`, {
      place: { path: '/threat/constraints/budget/steps' },
    });
  if (steps !== undefined && of !== undefined && steps > of)
    throw new ConfigError(`constraint budget: ${steps} steps of any ${of}, expected at most ${of}`, {
      place: { path: '/threat/constraints/budget/steps' },
    });
  const size = features.length;
  const window = of ?? 0;
  /** [rows×window] 1 where a step was attacked, by step modulo the window. */
  let attacked = new Uint8Array(0);
  let count = new Int32Array(0);
  /** [rows] steps so far; step of the last attack, −∞ before. */
  let clock = new Int32Array(0);
  let last = new Float64Array(0);
  let spent = new Float64Array(0);

  const left = (row: number): number => (distortion === undefined ? Infinity : Math.max(0, distortion - spent[row]!));
  const may = (row: number): boolean =>
    (steps === undefined || count[row]! < steps) && clock[row]! - last[row]! > cooldown && left(row) > 0;
  const clear = (row: number): void => {
    attacked.fill(0, row * window, (row + 1) * window);
    count[row] = 0;
    clock[row] = 0;
    last[row] = -Infinity;
    spent[row] = 0;
  };
  const reserve = (rows: number): void => {
    if (clock.length === rows) return;
    attacked = new Uint8Array(rows * window);
    count = new Int32Array(rows);
    clock = new Int32Array(rows);
    last = new Float64Array(rows);
    spent = new Float64Array(rows);
    for (let row = 0; row < rows; row++) clear(row);
  };
  let clean: Float32Array = new Float32Array(0);

  /** The τ with `Σ max(|x'_j − x_j| − τ, 0) = room`, found by bisection. */
  function threshold(point: Float32Array | Float64Array, p: number, i: number, room: number): number {
    let low = 0;
    let high = distortionOf('linf', clean, point, i, p, size);
    for (let k = 0; k < 60; k++) {
      const middle = 0.5 * (low + high);
      let sum = 0;
      for (let j = 0; j < size; j++) sum += Math.max(0, Math.abs(point[p + j]! - clean[i + j]!) - middle);
      if (sum > room) low = middle;
      else high = middle;
    }
    return high;
  }

  return {
    phase: 'hard',
    lag: 1,
    narrow({ x }, row, i, intervals) {
      clean = x;
      reserve(x.length / size);
      // The step that leaves the window makes room for this one.
      if (window > 0) {
        const slot = row * window + (clock[row]! % window);
        count[row]! -= attacked[slot]!;
        attacked[slot] = 0;
      }
      const room = may(row) ? left(row) : 0;
      if (room === Infinity) return;
      for (let j = 0; j < size; j++) intervals.keep(i + j, x[i + j]! - room, x[i + j]! + room);
    },
    ...(distortion !== undefined && norm !== 'linf'
      ? {
          part: {
            features: features.map((_, j) => j),
            inBox: false,
            project(point, p, i) {
              const row = i / size;
              // A little less, so that float32 numbers do not exceed it.
              const room = (may(row) ? left(row) : 0) * (1 - 1e-6);
              const length = distortionOf(norm, clean, point, i, p, size);
              if (length <= room) return;
              // L2: towards the truth. L1: every change shrinks by the same amount, and ends at 0.
              const shrink = norm === 'l1' ? threshold(point, p, i, room) : 0;
              for (let j = 0; j < size; j++) {
                const change = point[p + j]! - clean[i + j]!;
                const nearest =
                  norm === 'l2' ? (change * room) / length : Math.sign(change) * Math.max(0, Math.abs(change) - shrink);
                point[p + j] = clean[i + j]! + nearest;
              }
            },
          },
        }
      : {}),
    broken({ x }, row, i, out) {
      const first = changedFeature(x, out, i, size);
      if (first < 0) return -1;
      const length = distortionOf(norm, x, out, i, i, size);
      const over = !may(row) || length > left(row) * (1 + 1e-6) + 1e-7;
      return over ? first : -1;
    },
    stopped: (row, i, out) => !may(row) || distortionOf(norm, clean, out, i, i, size) >= left(row) * (1 - 1e-5),
    spend({ x }, row, i, out) {
      if (changedFeature(x, out, i, size) >= 0) {
        if (window > 0) attacked[row * window + (clock[row]! % window)] = 1;
        count[row]!++;
        last[row] = clock[row]!;
        spent[row]! += distortionOf(norm, x, out, i, i, size);
      }
      clock[row]!++;
    },
    forget: clear,
    remember: (row) =>
      Float64Array.of(
        count[row] ?? 0,
        clock[row] ?? 0,
        last[row] ?? -Infinity,
        spent[row] ?? 0,
        ...attacked.subarray(row * window, (row + 1) * window),
      ),
    recall(memories) {
      reserve(memories.length);
      memories.forEach((memory, row) => {
        clear(row);
        [count[row], clock[row], last[row], spent[row]] = memory as unknown as [number, number, number, number];
        attacked.set(memory.subarray(4), row * window);
      });
    },
  };
}

function changedFeature(x: Float32Array, out: Float32Array, i: number, size: number): number {
  for (let j = 0; j < size; j++) if (!Object.is(out[i + j], x[i + j])) return j;
  return -1;
}
