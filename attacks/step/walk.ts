import type { Norm, ThreatSet } from '../../core/attack.ts';
import type { Along, Ascent } from '../../nn/ascent.ts';
import type { SearchBuffers } from '../search/workspace.ts';

/** What a step rule moves: the rows that are still searched, the set they keep to, and the norm its steps are measured in. */
export interface Walk {
  readonly ascent: Ascent;
  readonly buffers: SearchBuffers;
  readonly set: ThreatSet;
  readonly norm: Norm;
  /** How many rows are still searched. */
  rows: number;
}

/** Takes positions to the nearest point of their sets, and `point` after them. */
export function confine({ buffers, set, rows }: Walk): void {
  if (set.isBox) return;
  set.project(buffers.position, rows, buffers.row);
  buffers.point.set(buffers.position);
}

/** Of L1: one step is shared by this part of the features, those with the largest slopes. As in Croce and Hein (2021), at the start. */
const widest = 0.2;

/**
 * One step of steepest ascent, projected: `x ← Π(x + rate_r · size ⊙ v)`, v the unit vector of the norm that climbs most along u, which is the
 * gradient `ε ⊙ ∇L` in units of the epsilons, or a direction made of such. L-inf: `sign u`. L2: `u / ‖u‖₂`. L1: `sign(u_j) / k` on the k largest
 * of |u|, one or a fifth of all features. L0: `u / max |u|`, of which the projection keeps what moved most. What is not a number moves nothing.
 * Returns how many rows moved, in L-inf; otherwise all.
 */
export function stride(walk: Walk, along: Along, single: boolean): number {
  const { ascent, buffers, norm, rows } = walk;
  if (norm === 'linf') {
    const moved = ascent.signStep(rows, along);
    confine(walk);
    return moved;
  }
  const { position, point, size, rate } = buffers;
  const slopes = buffers[along];
  const features = size.length;
  for (let r = 0; r < rows; r++) {
    const from = r * features;
    if (norm === 'l1') {
      const count = single ? 1 : Math.max(1, Math.ceil(widest * features));
      largest(buffers, from, slopes, count);
      continue;
    }
    let length = 0;
    for (let i = from; i < from + features; i++) {
      const slope = Math.abs(slopes[i]!);
      if (slope > 0) length = norm === 'l2' ? length + slope * slope : Math.max(length, slope);
    }
    if (norm === 'l2') length = Math.sqrt(length);
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) continue;
    for (let j = 0; j < features; j++) {
      const slope = slopes[from + j]!;
      if (Math.abs(slope) > 0) position[from + j]! += (rate[r]! * size[j]! * slope) / length;
    }
  }
  walk.set.project(position, rows, buffers.row);
  point.set(position);
  return rows;
}

/** Moves the `count` features of a row with the largest slopes; finds them one by one, as they are few. */
function largest(buffers: SearchBuffers, from: number, slopes: Float32Array, count: number): void {
  const { position, size, rate, taken } = buffers;
  const features = size.length;
  taken.fill(0);
  for (let k = 0; k < count; k++) {
    let best = -1;
    let most = 0;
    for (let j = 0; j < features; j++) {
      const slope = Math.abs(slopes[from + j]!);
      if (taken[j] === 0 && slope > most) {
        best = j;
        most = slope;
      }
    }
    if (best < 0) return;
    taken[best] = 1;
    position[from + best]! += (Math.sign(slopes[from + best]!) * rate[from / features]! * size[best]!) / count;
  }
}
