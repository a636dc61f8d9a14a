import { ConfigError } from '../../core/errors.ts';

/** What an inverter gives at a voltage, a broken line: reactive power as a share of its rating over p.u. of voltage; level beyond the ends. */
export interface VoltVarCurve {
  /** [points] p.u., ascending */
  readonly v: Float64Array;
  /** [points] share of the rating, > 0: given (capacitive); never rising */
  readonly q: Float64Array;
}

/** Default settings by the category of the inverter. Source: IEEE Std 1547-2018, table 8 */
export const voltVarDefaults = {
  'ieee1547-a': [
    [0.9, 0.25],
    [1, 0],
    [1.1, -0.25],
  ],
  'ieee1547-b': [
    [0.92, 0.44],
    [0.98, 0],
    [1.02, 0],
    [1.08, -0.44],
  ],
} as const satisfies Readonly<Record<string, readonly (readonly [number, number])[]>>;

/** @param points (p.u., share of the rating) @throws {ConfigError} for a line that is not a function, or that rises: it would feed what it fights */
export function voltVarCurve(points: readonly (readonly [number, number])[]): VoltVarCurve {
  if (points.length < 2) throw new ConfigError(`a volt-var curve has ${points.length} points, expected at least 2`);
  points.forEach(([v, q], k) => {
    if (!(Number.isFinite(v) && v > 0 && Math.abs(q) <= 1))
      throw new ConfigError(
        `point ${k + 1} of a volt-var curve is (${v}, ${q}), expected p.u. above 0 and a share in [−1, 1]`,
      );
    if (k === 0) return;
    const [before, given] = points[k - 1]!;
    if (!(v > before && q <= given))
      throw new ConfigError(
        `a volt-var curve goes from (${before}, ${given}) to (${v}, ${q}), expected rising voltage and power that does not rise`,
      );
  });
  return { v: Float64Array.from(points, ([v]) => v), q: Float64Array.from(points, ([, q]) => q) };
}

/** Share of the rating at a voltage. */
export function voltVar({ v, q }: VoltVarCurve, at: number): number {
  const last = v.length - 1;
  if (!(at > v[0]!)) return q[0]!;
  if (at >= v[last]!) return q[last]!;
  let k = 1;
  while (at >= v[k]!) k++;
  return q[k - 1]! + ((q[k]! - q[k - 1]!) * (at - v[k - 1]!)) / (v[k]! - v[k - 1]!);
}

/** Its slope there, share of the rating per p.u.: at a kink that of the piece to the right. */
export function voltVarSlope({ v, q }: VoltVarCurve, at: number): number {
  const last = v.length - 1;
  if (!(at >= v[0]!) || at >= v[last]!) return 0;
  let k = 1;
  while (at >= v[k]!) k++;
  return (q[k]! - q[k - 1]!) / (v[k]! - v[k - 1]!);
}
