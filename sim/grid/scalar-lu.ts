import type { Elimination } from './elimination.ts';

/** LU factors of a matrix of numbers with a symmetric pattern, as `BlockLu`: for the DC and the fast decoupled power flow. */
export class ScalarLu {
  private readonly plan: Elimination;
  private readonly lower: Float64Array;
  private readonly upper: Float64Array;
  private readonly inverse: Float64Array;
  private readonly right: Float64Array;

  /**
   * @param values of the matrix in its own pattern, `rowStart` and `column` by rows of nodes; what is left out of `plan` is not read. A pivot of 0 makes solutions infinite
   */
  constructor(plan: Elimination, rowStart: Int32Array, column: Int32Array, values: Float64Array) {
    const { n, order, position, upperStart, upperColumn, lowerStart, lowerColumn } = plan;
    this.plan = plan;
    this.lower = new Float64Array(upperColumn.length);
    this.upper = new Float64Array(upperColumn.length);
    this.inverse = new Float64Array(n);
    this.right = new Float64Array(n);
    const { lower, upper, inverse } = this;
    const work = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) work[lowerColumn[p]!] = 0;
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) work[upperColumn[p]!] = 0;
      const node = order[i]!;
      for (let k = rowStart[node]!; k < rowStart[node + 1]!; k++) {
        const step = position[column[k]!]!;
        if (step >= 0) work[step] = values[k]!;
      }
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const c = lowerColumn[p]!;
        const l = work[c]! * inverse[c]!;
        lower[p] = l;
        for (let q = upperStart[c]!; q < upperStart[c + 1]!; q++) work[upperColumn[q]!]! -= l * upper[q]!;
      }
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) upper[p] = work[upperColumn[p]!]!;
      inverse[i] = 1 / work[i]!;
    }
  }

  /** Solves in place. @param x [nodes]: the right side, then the solution; what is left out stays as it is */
  solve(x: Float64Array): void {
    const { n, order, upperStart, upperColumn, lowerStart, lowerColumn } = this.plan;
    const { lower, upper, inverse, right } = this;
    for (let i = 0; i < n; i++) {
      let r = x[order[i]!]!;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) r -= lower[p]! * right[lowerColumn[p]!]!;
      right[i] = r;
    }
    for (let i = n - 1; i >= 0; i--) {
      let r = right[i]!;
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) r -= upper[p]! * right[upperColumn[p]!]!;
      right[i] = r * inverse[i]!;
      x[order[i]!] = right[i]!;
    }
  }
}
