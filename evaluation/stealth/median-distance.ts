import { DataError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { pairTiles, shareBefore, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

/** Pairs that the bracket is found from. */
const samples = 100_000;
/** Of no more pairs than these, all are kept. */
const few = 1_000_000;

/**
 * Median distance between the points without holding all n² of them: a sample of pairs brackets it, one pass over all pairs counts what
 * lies below the bracket and keeps what lies in it.
 * @param diagonal whether each point's distance 0 from itself counts, as in `torch.cdist(x, x).median()`, the lower of two medians
 * @returns yields the share done
 * @throws {DataError} when there are fewer than two points, or half of them are equal: no bandwidth comes of that.
 */
export function* medianDistance(points: Points, diagonal: boolean): Generator<number, number, void> {
  const { count } = points;
  if (count < 2) throw new DataError(`a median distance of ${count} points, expected at least 2`);
  const pairs = (count * (count - 1)) / 2;
  // The matrix holds n zeros on its diagonal and every other distance twice.
  const rank = Math.floor((diagonal ? Math.floor((count * count - 1) / 2) - count : pairs - 1) / 2);
  const nothing = new DataError(
    `the median distance of ${count} points is 0: they are too few, or most of them are equal`,
  );
  if (rank < 0) throw nothing;
  const sample = pairs > few ? samplePairs(points).sort() : new Float64Array(0);
  for (let reach = 0.006; ; reach *= 4) {
    const edge = (share: number): number => {
      const at = Math.floor(share * sample.length);
      if (at < 0) return Number.NEGATIVE_INFINITY;
      return at >= sample.length ? Number.POSITIVE_INFINITY : sample[at]!;
    };
    const low = sample.length === 0 ? Number.NEGATIVE_INFINITY : edge(rank / pairs - reach);
    const found = yield* select(points, rank, low, edge(rank / pairs + reach));
    if (found === 0) throw nothing;
    if (found !== undefined) return Math.sqrt(found);
  }
}

/** The squared distance of rank `rank` if it lies in [low, high]. */
function* select(points: Points, rank: number, low: number, high: number): Generator<number, number | undefined, void> {
  const { squares } = points;
  let kept = new Float64Array(1 << 17);
  let size = 0;
  let below = 0;
  for (const tile of pairTiles(points)) {
    const { top, rows, left, columns, stride, products } = tile;
    if (size + rows * columns > kept.length) {
      const wider = new Float64Array(2 * kept.length + rows * columns);
      wider.set(kept);
      kept = wider;
    }
    for (let r = 0; r < rows; r++) {
      const own = squares[top + r]!;
      for (let c = Math.max(0, top + r + 1 - left); c < columns; c++) {
        const distance = Math.max(0, own + squares[left + c]! - 2 * products[r * stride + c]!);
        if (distance < low) below++;
        else if (distance <= high) kept[size++] = distance;
      }
    }
    yield shareBefore(points, tile);
  }
  const at = rank - below;
  return at < 0 || at >= size ? undefined : kept.subarray(0, size).sort()[at]!;
}

/** Squared distances of pairs drawn at random. Which they are decides the place of the bracket, never the median. */
function samplePairs(points: Points): Float64Array {
  const stream = rng(0).split('median-distance');
  return Float64Array.from({ length: samples }, () => {
    const i = stream.int(points.count);
    return squaredDistance(points, i, (i + 1 + stream.int(points.count - 1)) % points.count);
  });
}
