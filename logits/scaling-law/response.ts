import { ShapeError } from '../../core/errors.ts';

/**
 * What the law is measured on: logits of rows, and covectors of logits pulled back to the input. A `Network` is one; what has to be waited
 * for (tensors) may answer with promises.
 */
export interface Response {
  /** D */
  readonly inputs: number;
  /** K */
  readonly outputs: number;
  /** @param x [rows×D]  @param out [rows×K] */
  forward(x: Float32Array, rows: number, out: Float32Array): void | Promise<void>;
  /** Of the last `forward`. @param dOut [rows×K]  @param dX [rows×D] `dOutᵀ ∂z/∂x` */
  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void | Promise<void>;
}

/** Rows that are asked for at once. */
const batchRows = 1024;

/** Rows of x [rows×D]. @throws {ShapeError} unless x holds at least one, and only whole ones */
export function rowCount({ inputs }: Response, x: Float32Array): number {
  const rows = x.length / inputs;
  if (!Number.isInteger(rows) || rows < 1)
    throw new ShapeError(`scaling law: x has ${x.length} values, expected whole rows of ${inputs}, at least one`);
  return rows;
}

/** Calls for each batch of rows, in order. */
export async function eachBatch(
  rows: number,
  run: (first: number, count: number) => void | Promise<void>,
): Promise<void> {
  for (let first = 0; first < rows; first += batchRows) await run(first, Math.min(batchRows, rows - first));
}

/** Logits of every row. @param x [N×D]  @returns [N×K] */
export async function logitsOf(response: Response, x: Float32Array): Promise<Float32Array> {
  const { inputs, outputs } = response;
  const rows = rowCount(response, x);
  const z = new Float32Array(rows * outputs);
  await eachBatch(rows, (first, count) =>
    response.forward(
      x.subarray(first * inputs, (first + count) * inputs),
      count,
      z.subarray(first * outputs, (first + count) * outputs),
    ),
  );
  return z;
}
