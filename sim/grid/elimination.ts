/** In what order unknowns are eliminated, and where the factors then have entries: once for a topology, whatever its numbers. */
export interface Elimination {
  readonly n: number;
  /** [n] node at each step */
  readonly order: Int32Array;
  /** [nodes] step of each node, −1 where it is none of the unknowns */
  readonly position: Int32Array;
  /** Pattern of U by rows, columns ascending, without the diagonal. */
  readonly upperStart: Int32Array;
  readonly upperColumn: Int32Array;
  /** Pattern of L by rows, columns ascending, without the diagonal: the transpose of U's. */
  readonly lowerStart: Int32Array;
  readonly lowerColumn: Int32Array;
}

/**
 * Minimum degree: the node with the fewest neighbours goes next; its neighbours become neighbours of one another.
 * A radial feeder loses its leaves first and gets no fill.
 * @param rowStart @param column pattern of a symmetric matrix by rows  @param isUnknown [nodes] 0: left out
 * Source: Tinney and Walker (1967), scheme 2; specs/grid.md 2.3
 */
export function eliminate(rowStart: Int32Array, column: Int32Array, isUnknown: Uint8Array): Elimination {
  const nodes = rowStart.length - 1;
  const neighbours: number[][] = [];
  for (let i = 0; i < nodes; i++) {
    const row: number[] = [];
    if (isUnknown[i] === 1)
      for (let k = rowStart[i]!; k < rowStart[i + 1]!; k++) {
        const j = column[k]!;
        if (j !== i && isUnknown[j] === 1) row.push(j);
      }
    neighbours.push(row);
  }
  const queue = new DegreeQueue(nodes);
  let n = 0;
  for (let i = 0; i < nodes; i++) {
    if (isUnknown[i] !== 1) continue;
    queue.put(i, neighbours[i]!.length);
    n++;
  }
  const order = new Int32Array(n);
  const position = new Int32Array(nodes).fill(-1);
  const rows: number[][] = [];
  const mark = new Float64Array(nodes).fill(-1);
  for (let step = 0; step < n; step++) {
    const node = queue.takeLeast();
    order[step] = node;
    position[node] = step;
    const front = neighbours[node]!;
    rows.push(front);
    for (const u of front) {
      const own = neighbours[u]!;
      const before = own.length;
      own[own.indexOf(node)] = own[before - 1]!;
      own.pop();
      if (front.length > 1) {
        // Stamps are unique to the pair, so that the marks need no clearing.
        const stamp = step * nodes + u;
        for (const w of own) mark[w] = stamp;
        for (const w of front) if (w !== u && mark[w] !== stamp) own.push(w);
      }
      queue.move(u, before, own.length);
    }
    neighbours[node] = [];
  }
  return { n, order, position, ...factorPattern(rows, position, n) };
}

function factorPattern(
  rows: readonly (readonly number[])[],
  position: Int32Array,
  n: number,
): Pick<Elimination, 'upperStart' | 'upperColumn' | 'lowerStart' | 'lowerColumn'> {
  const upperStart = new Int32Array(n + 1);
  const lowerStart = new Int32Array(n + 1);
  for (let i = 0; i < n; i++) {
    const row = rows[i]!;
    upperStart[i + 1] = upperStart[i]! + row.length;
    for (const node of row) lowerStart[position[node]! + 1]!++;
  }
  for (let i = 0; i < n; i++) lowerStart[i + 1]! += lowerStart[i]!;
  // Each pattern is filled by the rows of the other in turn, so that its columns ascend without being sorted.
  const lowerColumn = new Int32Array(upperStart[n]!);
  const upperColumn = new Int32Array(upperStart[n]!);
  const next = lowerStart.slice(0, n);
  for (let i = 0; i < n; i++) for (const node of rows[i]!) lowerColumn[next[position[node]!]!++] = i;
  next.set(upperStart.subarray(0, n));
  for (let j = 0; j < n; j++)
    for (let k = lowerStart[j]!; k < lowerStart[j + 1]!; k++) upperColumn[next[lowerColumn[k]!]!++] = j;
  return { upperStart, upperColumn, lowerStart, lowerColumn };
}

/** Nodes by their degree, in doubly linked lists. Of equals the last that was put there comes first. */
class DegreeQueue {
  private readonly first: Int32Array;
  private readonly next: Int32Array;
  private readonly before: Int32Array;
  private least = 0;

  constructor(nodes: number) {
    this.first = new Int32Array(nodes + 1).fill(-1);
    this.next = new Int32Array(nodes).fill(-1);
    this.before = new Int32Array(nodes).fill(-1);
  }

  put(node: number, degree: number): void {
    const head = this.first[degree]!;
    this.next[node] = head;
    this.before[node] = -1;
    if (head >= 0) this.before[head] = node;
    this.first[degree] = node;
    if (degree < this.least) this.least = degree;
  }

  move(node: number, from: number, to: number): void {
    this.drop(node, from);
    this.put(node, to);
  }

  takeLeast(): number {
    while (this.first[this.least] === -1) this.least++;
    const node = this.first[this.least]!;
    this.drop(node, this.least);
    return node;
  }

  private drop(node: number, degree: number): void {
    const [before, next] = [this.before[node]!, this.next[node]!];
    if (before >= 0) this.next[before] = next;
    else this.first[degree] = next;
    if (next >= 0) this.before[next] = before;
  }
}
