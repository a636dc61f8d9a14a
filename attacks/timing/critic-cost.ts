import type { QFunction } from '../critic/q-function.ts';

/** What the victim loses by an action that is not its own, by a critic. */
export interface CriticCost {
  /** It compares with the action that the attack brings about. */
  readonly weighs: boolean;
  /** @param own [rows×A] decided, on −1 … 1  @param reached [rows×A] under attack  @param out [rows] */
  of(q: QFunction, x: Float32Array, own: Float32Array, reached: Float32Array, rows: number, out: Float64Array): void;
}

/** `Q(x, μ(x)) − Q(x, μ(x'))`: what the action that the attack brings about costs. */
export function reachedActionCost(): CriticCost {
  let value = new Float32Array(0);
  let other = value;
  return {
    weighs: true,
    of(q, x, own, reached, rows, out) {
      if (value.length < rows) {
        value = new Float32Array(rows);
        other = new Float32Array(rows);
      }
      q.value(x, own, rows, value);
      q.value(x, reached, rows, other);
      for (let r = 0; r < rows; r++) out[r] = value[r]! - other[r]!;
    },
  };
}

/** Points of the action grid that the worst action is looked for among, ends included. */
const grid = 9;

/**
 * `Q(x, μ(x)) − min_a Q(x, a)`: what the worst action there is costs, within reach or not, the other components of an action left as decided;
 * summed over components.
 */
export function anyActionCost(): CriticCost {
  let value = new Float32Array(0);
  let other = value;
  let least = value;
  let moved = value;
  return {
    weighs: false,
    of(q, x, own, _reached, rows, out) {
      const actions = q.actionSize;
      if (value.length < rows) {
        value = new Float32Array(rows);
        other = new Float32Array(rows);
        least = new Float32Array(rows);
        moved = new Float32Array(rows * actions);
      }
      q.value(x, own, rows, value);
      out.fill(0, 0, rows);
      for (let b = 0; b < actions; b++) {
        least.set(value);
        for (let k = 0; k < grid; k++) {
          for (let i = 0; i < rows * actions; i++) moved[i] = i % actions === b ? (2 * k) / (grid - 1) - 1 : own[i]!;
          q.value(x, moved, rows, other);
          for (let r = 0; r < rows; r++) least[r] = Math.min(least[r]!, other[r]!);
        }
        for (let r = 0; r < rows; r++) out[r]! += value[r]! - least[r]!;
      }
    },
  };
}

/** `Σ_b |∂Q/∂a_b| · width_b`, the width being that of the range, or how far the attack moves the action. */
export function slopeCost(within: 'reach' | 'range'): CriticCost {
  let value = new Float32Array(0);
  let slope = value;
  return {
    weighs: within === 'reach',
    of(q, x, own, reached, rows, out) {
      const actions = q.actionSize;
      if (value.length < rows) {
        value = new Float32Array(rows);
        slope = new Float32Array(rows * actions);
      }
      q.valueAndSlope(x, own, rows, value, slope);
      for (let r = 0; r < rows; r++) {
        out[r] = 0;
        for (let b = r * actions; b < (r + 1) * actions; b++)
          out[r]! += Math.abs(slope[b]!) * (within === 'range' ? 2 : Math.abs(reached[b]! - own[b]!));
      }
    },
  };
}
