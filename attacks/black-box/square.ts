import type { RowSearch } from './lane.ts';

/** Of 10 000 iterations: after each of these the share is halved. */
const halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000] as const;

/** The share of the features that a proposal of iteration `i` of `n` changes: `start`, halved nine times. Source: square.py of the attack's authors, `p_selection`. */
export function shareAt(start: number, i: number, n: number): number {
  const at = Math.floor((i / n) * 10_000);
  let share = start;
  for (let k = 0; k < halvings.length && at > halvings[k]!; k++) share /= 2;
  return share;
}

/**
 * Square attack on vectors: from a random corner of the threat set's box, set a random block of features to their ends and keep what
 * scores higher. Blocks shrink by the authors' schedule. `coordinates`: features anywhere, each with a sign of its own; `contiguous`:
 * neighbours in the order of the observation, with one sign.
 */
export function square(start: number, blocks: 'coordinates' | 'contiguous'): (size: number) => RowSearch {
  return (size) => {
    const at = new Float32Array(size);
    const order = new Int32Array(size);

    return function* (lane) {
      const { free, movable, low, high, rng } = lane;
      const iterations = lane.left - 1;
      at.set(lane.clean);
      for (let f = 0; f < movable; f++) at[free[f]!] = (rng.uniform() < 0.5 ? low : high)[free[f]!]!;
      lane.project(at);
      lane.points(1).set(at);
      yield 1;
      let current = lane.value[0]!;
      let best = lane.cleanValue;
      if (current > best) {
        best = current;
        lane.propose(0);
      }
      for (let f = 0; f < movable; f++) order[f] = free[f]!;
      for (let i = 0; i < iterations; i++) {
        const width = Math.min(movable, Math.max(1, Math.round(shareAt(start, i, iterations) * movable)));
        const first = blocks === 'contiguous' ? rng.int(movable - width + 1) : 0;
        const point = lane.points(1);
        point.set(at);
        let up = rng.uniform() < 0.5;
        let moves = false;
        for (let w = 0; w < width; w++) {
          if (blocks === 'coordinates') {
            const other = w + rng.int(movable - w);
            [order[w], order[other]] = [order[other]!, order[w]!];
            if (w > 0) up = rng.uniform() < 0.5;
          }
          const j = blocks === 'coordinates' ? order[w]! : free[first + w]!;
          point[j] = (up ? high : low)[j]!;
          moves ||= point[j] !== at[j];
        }
        // A proposal that changes nothing would be a query for nothing: its opposite changes all of the block.
        if (!moves) {
          for (let w = 0; w < width; w++) {
            const j = blocks === 'coordinates' ? order[w]! : free[first + w]!;
            point[j] = point[j] === high[j] ? low[j]! : high[j]!;
          }
        }
        lane.project(point);
        yield 1;
        const value = lane.value[0]!;
        if (!(value > current)) continue;
        current = value;
        at.set(point);
        if (value > best) {
          best = value;
          lane.propose(0);
        }
      }
    };
  };
}
