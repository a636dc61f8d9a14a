import type { ThreatSet } from '../../core/attack.ts';
import { goalOf } from '../../core/goal.ts';
import type { Head } from '../../core/policy.ts';
import type { GradientAccess, Objective } from '../../core/victim.ts';

/**
 * `⟨Δ, d⟩ / (‖Δ‖ ‖d‖) + ‖Δ‖` with Δ = π(x') − π(x), π the probabilities of bins or the means of a continuous head; `⟨Δ, d⟩ / ‖d‖` where Δ is
 * almost 0 and has no direction yet. Source: Sun et al. (2022), equation 4 ("Policy Adversarial Actor Director").
 *
 * @param direction [rows×m] of the rows of the batch, in order
 */
function towards(direction: Float64Array): Objective {
  let before = new Float64Array(0);
  let after = before;
  let d = before;
  let slope = before;
  return {
    name: 'policy-direction',
    check() {},
    evaluate(head, logits, goal, rows, value, gradient) {
      const size = logits.length / rows;
      const m = direction.length / rows;
      gradient.fill(0);
      const parts = head.kind === 'categorical' ? size : m;
      if (before.length !== parts) {
        before = new Float64Array(parts);
        after = new Float64Array(parts);
        d = new Float64Array(parts);
        slope = new Float64Array(parts);
      }
      for (let r = 0; r < rows; r++) {
        outputs(head, goal.clean, r * size, before);
        outputs(head, logits, r * size, after);
        let last = 0;
        for (let k = 0; k < m; k++) {
          d[k] = direction[r * m + k]!;
          last -= d[k]!;
        }
        if (head.kind === 'categorical') d[parts - 1] = last;
        let inner = 0;
        let moved = 0;
        let length = 0;
        for (let k = 0; k < parts; k++) {
          const delta = after[k]! - before[k]!;
          inner += delta * d[k]!;
          moved += delta * delta;
          length += d[k]! * d[k]!;
        }
        moved = Math.sqrt(moved);
        length = Math.sqrt(length);
        if (length === 0) {
          value[r] = 0;
          continue;
        }
        const still = moved < 1e-6;
        value[r] = still ? inner / length : inner / (moved * length) + moved;
        for (let k = 0; k < parts; k++) {
          const delta = after[k]! - before[k]!;
          slope[k] = still
            ? d[k]! / length
            : d[k]! / (moved * length) - (inner * delta) / (moved * moved * moved * length) + delta / moved;
        }
        if (head.kind !== 'categorical') {
          for (let k = 0; k < parts; k++) gradient[r * size + k] = slope[k]!;
          continue;
        }
        let mean = 0;
        for (let k = 0; k < parts; k++) mean += after[k]! * slope[k]!;
        for (let k = 0; k < parts; k++) gradient[r * size + k] = after[k]! * (slope[k]! - mean);
      }
    },
  };
}

/** Probabilities of bins, means of a continuous head. */
function outputs(head: Head, logits: Float32Array, at: number, out: Float64Array): void {
  for (let k = 0; k < out.length; k++) out[k] = logits[at + k]!;
  if (head.kind !== 'categorical') return;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < out.length; k++) largest = Math.max(largest, out[k]!);
  let total = 0;
  for (let k = 0; k < out.length; k++) total += out[k] = Math.exp(out[k]! - largest);
  for (let k = 0; k < out.length; k++) out[k]! /= total;
}

/** Pushes the policy of each row in its direction: sign ascent with a cosine schedule, the best iterate kept. */
export function directed(
  x: Float32Array,
  rows: number,
  direction: Float64Array,
  victim: GradientAccess,
  epsilon: Float32Array,
  set: ThreatSet,
  steps: number,
  out: Float32Array,
): void {
  const size = victim.observationSize;
  const goal = goalOf(victim, rows);
  goal.x.set(x);
  victim.logits(x, rows, goal.clean);
  const bound = { objective: towards(direction), goal };
  const value = new Float32Array(rows);
  const best = new Float32Array(rows).fill(Number.NEGATIVE_INFINITY);
  const gradient = new Float32Array(x.length);
  const position = x.slice();
  out.set(x);
  for (let k = 0; k <= steps; k++) {
    victim.valueAndGradient(bound, position, rows, value, gradient);
    // The clean point's value is 0 by its other formula, and no rival to the others'.
    for (let row = 0; row < rows; row++) {
      if (k === 0 || !(value[row]! > best[row]!)) continue;
      best[row] = value[row]!;
      for (let i = row * size; i < (row + 1) * size; i++) out[i] = position[i]!;
    }
    if (k === steps) break;
    const rate = 1 + Math.cos((Math.PI * k) / steps);
    for (let i = 0; i < position.length; i++) {
      const slope = gradient[i]!;
      if (slope !== 0) position[i]! += (slope > 0 ? rate : -rate) * epsilon[i % size]!;
    }
    set.project(position);
  }
}
