import type { Elimination } from './elimination.ts';

/**
 * LU factors of a matrix of 2×2 blocks with a symmetric pattern, row by row, without pivoting between blocks: the pattern is settled once,
 * a factorisation allocates nothing. Of a power-flow Jacobian the blocks on the diagonal are what couples a bus to itself, and dominate.
 * Source: specs/grid.md 2.3
 */
export class BlockLu {
  private readonly plan: Elimination;
  private readonly rowStart: Int32Array;
  private readonly lower: Float64Array;
  private readonly upper: Float64Array;
  /** [n, 2, 2] inverses of the diagonal blocks. */
  private readonly inverse: Float64Array;
  private readonly work: Float64Array;
  /** Step of each entry's column in the matrix's own pattern, −1: left out. */
  private readonly entryStep: Int32Array;
  private readonly right: Float64Array;
  /** Least |det D|/max|D|² of the last factorisation, and the node where it is. */
  leastPivot = 1;
  leastPivotNode = -1;

  /** @param rowStart @param column the matrix's pattern by rows of nodes */
  constructor(plan: Elimination, rowStart: Int32Array, column: Int32Array) {
    this.plan = plan;
    this.rowStart = rowStart;
    const { n, upperColumn, position } = plan;
    const u = 4 * upperColumn.length;
    // One allocation for all of them.
    const whole = new Float64Array(2 * u + 10 * n);
    this.lower = whole.subarray(0, u);
    this.upper = whole.subarray(u, 2 * u);
    this.inverse = whole.subarray(2 * u, 2 * u + 4 * n);
    this.work = whole.subarray(2 * u + 4 * n, 2 * u + 8 * n);
    this.right = whole.subarray(2 * u + 8 * n);
    // Loops: `from` goes through iterators, and takes as long as the ordering.
    this.entryStep = new Int32Array(column.length);
    for (let k = 0; k < column.length; k++) this.entryStep[k] = position[column[k]!]!;
  }

  /**
   * @param blocks [entries, 2, 2] of the matrix in its own order; those of rows and columns that are left out are not read
   * @returns whether every diagonal block could be inverted
   */
  factor(blocks: Float64Array): boolean {
    const { n, order, upperStart, upperColumn, lowerStart, lowerColumn } = this.plan;
    const { lower, upper, inverse, work, entryStep, rowStart } = this;
    this.leastPivot = Infinity;
    for (let i = 0; i < n; i++) {
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) clear(work, 4 * lowerColumn[p]!);
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) clear(work, 4 * upperColumn[p]!);
      clear(work, 4 * i);
      const node = order[i]!;
      for (let k = rowStart[node]!; k < rowStart[node + 1]!; k++) {
        const step = entryStep[k]!;
        if (step < 0) continue;
        const w = 4 * step;
        const e = 4 * k;
        work[w] = blocks[e]!;
        work[w + 1] = blocks[e + 1]!;
        work[w + 2] = blocks[e + 2]!;
        work[w + 3] = blocks[e + 3]!;
      }
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const c = lowerColumn[p]!;
        const w0 = work[4 * c]!;
        const w1 = work[4 * c + 1]!;
        const w2 = work[4 * c + 2]!;
        const w3 = work[4 * c + 3]!;
        const d0 = inverse[4 * c]!;
        const d1 = inverse[4 * c + 1]!;
        const d2 = inverse[4 * c + 2]!;
        const d3 = inverse[4 * c + 3]!;
        const l0 = w0 * d0 + w1 * d2;
        const l1 = w0 * d1 + w1 * d3;
        const l2 = w2 * d0 + w3 * d2;
        const l3 = w2 * d1 + w3 * d3;
        lower[4 * p] = l0;
        lower[4 * p + 1] = l1;
        lower[4 * p + 2] = l2;
        lower[4 * p + 3] = l3;
        for (let q = upperStart[c]!; q < upperStart[c + 1]!; q++) {
          const w = 4 * upperColumn[q]!;
          const u = 4 * q;
          const u0 = upper[u]!;
          const u1 = upper[u + 1]!;
          const u2 = upper[u + 2]!;
          const u3 = upper[u + 3]!;
          work[w]! -= l0 * u0 + l1 * u2;
          work[w + 1]! -= l0 * u1 + l1 * u3;
          work[w + 2]! -= l2 * u0 + l3 * u2;
          work[w + 3]! -= l2 * u1 + l3 * u3;
        }
      }
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) {
        const w = 4 * upperColumn[p]!;
        upper[4 * p] = work[w]!;
        upper[4 * p + 1] = work[w + 1]!;
        upper[4 * p + 2] = work[w + 2]!;
        upper[4 * p + 3] = work[w + 3]!;
      }
      const a = work[4 * i]!;
      const b = work[4 * i + 1]!;
      const c = work[4 * i + 2]!;
      const d = work[4 * i + 3]!;
      const det = a * d - b * c;
      const largest = Math.max(Math.abs(a), Math.abs(b), Math.abs(c), Math.abs(d));
      const pivot = Math.abs(det) / (largest * largest);
      if (!(pivot >= this.leastPivot)) {
        this.leastPivot = pivot;
        this.leastPivotNode = node;
        if (!(pivot > 0)) return false;
      }
      inverse[4 * i] = d / det;
      inverse[4 * i + 1] = -b / det;
      inverse[4 * i + 2] = -c / det;
      inverse[4 * i + 3] = a / det;
    }
    return true;
  }

  /** Solves in place. @param x [nodes, 2]: the right side, then the solution; what is left out of the matrix stays as it is */
  solve(x: Float64Array): void {
    const { n, order, upperStart, upperColumn, lowerStart, lowerColumn } = this.plan;
    const { lower, upper, inverse, right } = this;
    for (let i = 0; i < n; i++) {
      const node = 2 * order[i]!;
      let r0 = x[node]!;
      let r1 = x[node + 1]!;
      for (let p = lowerStart[i]!; p < lowerStart[i + 1]!; p++) {
        const c = 2 * lowerColumn[p]!;
        const y0 = right[c]!;
        const y1 = right[c + 1]!;
        r0 -= lower[4 * p]! * y0 + lower[4 * p + 1]! * y1;
        r1 -= lower[4 * p + 2]! * y0 + lower[4 * p + 3]! * y1;
      }
      right[2 * i] = r0;
      right[2 * i + 1] = r1;
    }
    for (let i = n - 1; i >= 0; i--) {
      let r0 = right[2 * i]!;
      let r1 = right[2 * i + 1]!;
      for (let p = upperStart[i]!; p < upperStart[i + 1]!; p++) {
        const c = 2 * upperColumn[p]!;
        const y0 = right[c]!;
        const y1 = right[c + 1]!;
        r0 -= upper[4 * p]! * y0 + upper[4 * p + 1]! * y1;
        r1 -= upper[4 * p + 2]! * y0 + upper[4 * p + 3]! * y1;
      }
      const s0 = inverse[4 * i]! * r0 + inverse[4 * i + 1]! * r1;
      const s1 = inverse[4 * i + 2]! * r0 + inverse[4 * i + 3]! * r1;
      right[2 * i] = s0;
      right[2 * i + 1] = s1;
      x[2 * order[i]!] = s0;
      x[2 * order[i]! + 1] = s1;
    }
  }
}

function clear(array: Float64Array, at: number): void {
  array[at] = 0;
  array[at + 1] = 0;
  array[at + 2] = 0;
  array[at + 3] = 0;
}
