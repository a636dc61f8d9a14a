import { assertLength, ConfigError } from '../../../core/errors.ts';
import type { MeterModel } from './estimator.ts';

/**
 * The attack that moves an estimate by c and leaves its residuals as they are: `a = h(x + c) − h(x)`, which is `H c` where h is linear.
 * @param x [states] what the attacker takes for the state  @param c [states]  @returns [meters] added to the readings, p.u.
 * Source: Liu, Ning and Reiter (2011), theorem 1; Hug and Giampapa (2012) for AC; specs/grid.md 7
 */
export function falseData(model: MeterModel, x: Float64Array, c: Float64Array): Float64Array {
  assertLength(x, model.states, 'x', 'falseData');
  assertLength(c, model.states, 'c', 'falseData');
  const [before, after] = [new Float64Array(model.meters.length), new Float64Array(model.meters.length)];
  model.at(x, before, null);
  model.at(
    x.map((value, k) => value + c[k]!),
    after,
    null,
  );
  return after.map((value, k) => value - before[k]!);
}

/** The linear attack `H(x) c`, which an AC estimator sees when c is large. */
export function linearFalseData(model: MeterModel, x: Float64Array, c: Float64Array): Float64Array {
  const { meters, states } = model;
  const jacobian = new Float64Array(meters.length * states);
  model.at(x, new Float64Array(meters.length), jacobian);
  return Float64Array.from(meters, (_, r) => {
    let sum = 0;
    for (let k = 0; k < states; k++) sum += jacobian[r * states + k]! * c[k]!;
    return sum;
  });
}

/**
 * Changes of the state that some meters do not notice: a basis of `{c: H_p c = 0}` over the protected meters p. Empty: with these protected no attack is hidden.
 * @param tolerance of a pivot, as a share of the largest entry  Source: Bobba et al. (2010), "Detecting false data injection attacks on DC state estimation"
 */
export function hiddenDirections(
  model: MeterModel,
  x: Float64Array,
  protectedMeters: readonly number[],
  tolerance = 1e-9,
): Float64Array[] {
  const { meters, states } = model;
  for (const at of protectedMeters)
    if (!(at >= 0 && at < meters.length)) throw new ConfigError(`meter ${at} is protected, of ${meters.length}`);
  const jacobian = new Float64Array(meters.length * states);
  model.at(x, new Float64Array(meters.length), jacobian);
  const rows = protectedMeters.map((r) => jacobian.slice(r * states, (r + 1) * states));
  const largest = rows.reduce((most, row) => row.reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
  const pivots: number[] = [];
  let done = 0;
  // Reduced row echelon form, with the largest pivot of what is left of each column.
  for (let c = 0; c < states && done < rows.length; c++) {
    let best = done;
    for (let r = done + 1; r < rows.length; r++) if (Math.abs(rows[r]![c]!) > Math.abs(rows[best]![c]!)) best = r;
    if (!(Math.abs(rows[best]![c]!) > tolerance * largest)) continue;
    [rows[done], rows[best]] = [rows[best]!, rows[done]!];
    const pivot = rows[done]![c]!;
    for (let k = 0; k < states; k++) rows[done]![k]! /= pivot;
    rows.forEach((row, r) => {
      const factor = row[c]!;
      if (r === done || factor === 0) return;
      for (let k = 0; k < states; k++) row[k]! -= factor * rows[done]![k]!;
    });
    pivots.push(c);
    done++;
  }
  const isPivot = new Set(pivots);
  return Array.from({ length: states }, (_, c) => c)
    .filter((c) => !isPivot.has(c))
    .map((free) => {
      const direction = new Float64Array(states);
      direction[free] = 1;
      pivots.forEach((pivot, r) => (direction[pivot] = -rows[r]![free]!));
      return direction;
    });
}

/** An attack on few meters. */
export interface SparseAttack {
  readonly c: Float64Array;
  readonly a: Float64Array;
  /** Meters that it changes. */
  readonly meters: readonly number[];
}

/**
 * Of the hidden attacks that move one state by `shift`, one that touches few meters: single states are tried first, then cuts, `c` the same on every bus of a connected set that
 * has the target in it, grown by the bus that leaves the fewest meters to be changed. A heuristic: the sparsest attack is NP-hard.
 * @param neighbours [states] states that share a branch  @param protectedMeters must not change  @returns null where none was found
 */
export function sparseFalseData(
  model: MeterModel,
  x: Float64Array,
  target: number,
  shift: number,
  neighbours: readonly (readonly number[])[],
  protectedMeters: readonly number[] = [],
): SparseAttack | null {
  const isProtected = new Set(protectedMeters);
  const attempt = (moved: ReadonlySet<number>): SparseAttack | null => {
    const c = new Float64Array(model.states);
    for (const state of moved) c[state] = shift;
    const a = falseData(model, x, c);
    const meters = [...a.keys()].filter((r) => Math.abs(a[r]!) > 1e-12);
    return meters.some((r) => isProtected.has(r)) ? null : { c, a, meters };
  };
  let best: SparseAttack | null = null;
  const moved = new Set([target]);
  for (;;) {
    const here = attempt(moved);
    if (here !== null && (best === null || here.meters.length < best.meters.length)) best = here;
    const next = [...moved].flatMap((state) => neighbours[state]!).filter((state) => !moved.has(state));
    if (next.length === 0) return best;
    const touched = (state: number): number => {
      const c = new Float64Array(model.states);
      for (const each of moved) c[each] = shift;
      c[state] = shift;
      const changed = falseData(model, x, c).filter((value) => Math.abs(value) > 1e-12);
      return changed.length;
    };
    moved.add([...new Set(next)].reduce((least, state) => (touched(state) < touched(least) ? state : least)));
  }
}
