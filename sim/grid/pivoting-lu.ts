import type { Elimination } from './elimination.ts';

/**
 * Solves a matrix of 2×2 blocks by columns with partial pivoting, in the order of its elimination: for the rare Jacobian whose diagonal blocks are no pivots (a bus between a reactance and a series
 * capacitor of its size), and slow beside `BlockLu`. Left-looking; everything is allocated anew.
 * @param blocks [entries, 2, 2] by rows of nodes  @param x [nodes, 2] the right side, then the solution; what is left out of the plan stays as it is
 * @returns whether there is a solution. Source: Gilbert and Peierls (1988), without their search for what is not zero
 */
export function solveWithPivoting(
  plan: Elimination,
  rowStart: Int32Array,
  column: Int32Array,
  blocks: Float64Array,
  x: Float64Array,
): boolean {
  const { n, order, position } = plan;
  const size = 2 * n;
  const columns = scalarColumns(plan, rowStart, column, blocks);
  const lowerRow: Int32Array[] = [];
  const lowerValue: Float64Array[] = [];
  /** By column: steps and values above the diagonal, and the pivot. */
  const upperStep: number[][] = [];
  const upperValue: number[][] = [];
  const pivot = new Float64Array(size);
  const pivotRow = new Int32Array(size);
  const isDone = new Uint8Array(size);
  const work = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    work.fill(0);
    for (const [row, value] of columns[j]!) work[row] = value;
    const [steps, values]: [number[], number[]] = [[], []];
    for (let k = 0; k < j; k++) {
      const u = work[pivotRow[k]!]!;
      if (u === 0) continue;
      steps.push(k);
      values.push(u);
      const rows = lowerRow[k]!;
      for (let e = 0; e < rows.length; e++) work[rows[e]!]! -= lowerValue[k]![e]! * u;
    }
    let best = -1;
    for (let row = 0; row < size; row++)
      if (isDone[row] === 0 && (best < 0 || Math.abs(work[row]!) > Math.abs(work[best]!))) best = row;
    const head = work[best]!;
    if (!(Math.abs(head) > 0)) return false;
    pivot[j] = head;
    pivotRow[j] = best;
    isDone[best] = 1;
    upperStep.push(steps);
    upperValue.push(values);
    const below = [...isDone.keys()].filter((row) => isDone[row] === 0 && work[row] !== 0);
    lowerRow.push(Int32Array.from(below));
    lowerValue.push(Float64Array.from(below, (row) => work[row]! / head));
  }
  for (let i = 0; i < size; i++) work[i] = x[2 * order[i >> 1]! + (i & 1)]!;
  const y = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    y[k] = work[pivotRow[k]!]!;
    lowerRow[k]!.forEach((row, e) => (work[row]! -= lowerValue[k]![e]! * y[k]!));
  }
  for (let k = size - 1; k >= 0; k--) {
    y[k]! /= pivot[k]!;
    upperStep[k]!.forEach((step, e) => (y[step]! -= upperValue[k]![e]! * y[k]!));
  }
  for (let node = 0; node < position.length; node++) {
    const step = position[node]!;
    if (step >= 0) x.set([y[2 * step]!, y[2 * step + 1]!], 2 * node);
  }
  return y.every((value) => Number.isFinite(value));
}

/** The matrix by columns of numbers, rows and columns in the order of elimination. */
function scalarColumns(
  { n, position }: Elimination,
  rowStart: Int32Array,
  column: Int32Array,
  blocks: Float64Array,
): [number, number][][] {
  const columns: [number, number][][] = Array.from({ length: 2 * n }, () => []);
  for (let node = 0; node < position.length; node++) {
    const row = 2 * position[node]!;
    if (row < 0) continue;
    for (let k = rowStart[node]!; k < rowStart[node + 1]!; k++) {
      const at = 2 * position[column[k]!]!;
      if (at < 0) continue;
      for (let e = 0; e < 4; e++)
        if (blocks[4 * k + e] !== 0) columns[at + (e & 1)]!.push([row + (e >> 1), blocks[4 * k + e]!]);
    }
  }
  return columns;
}
