import type { Goal } from '../../core/victim.ts';

/** The buffers of a search over `rows` rows, each exactly as long as its shape. */
export interface SearchBuffers {
  readonly position: Float64Array; // [rows×O]
  readonly point: Float32Array; // [rows×O]
  readonly gradient: Float32Array; // [rows×O]
  readonly logits: Float32Array; // [rows×K]
  readonly slope: Float32Array; // [rows×K]
  readonly value: Float32Array; // [rows]
  readonly best: Float32Array; // [rows]
  readonly goal: Goal;
  readonly size: Float64Array; // [O]
}

/** Memory that only grows: views are remade when the batch changes shape, never during a search. */
export function searchWorkspace(): (rows: number, features: number, outputs: number) => SearchBuffers {
  let shape = '';
  let buffers: SearchBuffers | undefined;
  const pool: { doubles: Float64Array; floats: Float32Array; sides: Int8Array } = {
    doubles: new Float64Array(0),
    floats: new Float32Array(0),
    sides: new Int8Array(0),
  };
  return (rows, features, outputs) => {
    const wanted = `${rows}×${features}×${outputs}`;
    if (buffers !== undefined && wanted === shape) return buffers;
    const xs = rows * features;
    const zs = rows * outputs;
    const doubles = xs + features;
    const floats = 2 * xs + 3 * zs + 2 * rows;
    if (pool.doubles.length < doubles) pool.doubles = new Float64Array(doubles);
    if (pool.floats.length < floats) pool.floats = new Float32Array(floats);
    if (pool.sides.length < rows) pool.sides = new Int8Array(rows);
    let at = 0;
    const take = (length: number): Float32Array => pool.floats.subarray(at, (at += length));
    shape = wanted;
    buffers = {
      position: pool.doubles.subarray(0, xs),
      size: pool.doubles.subarray(xs, doubles),
      point: take(xs),
      gradient: take(xs),
      logits: take(zs),
      slope: take(zs),
      goal: { clean: take(zs), side: pool.sides.subarray(0, rows) },
      value: take(rows),
      best: take(rows),
    };
    return buffers;
  };
}
