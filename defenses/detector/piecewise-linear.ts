/** A function through knots, straight between them and beyond the last ones. */
export interface PiecewiseLinear {
  at(x: number): number;
  slope(x: number): number;
}

/**
 * Straight lines between the means of bins of equally many points, and through equal points their mean.
 * @param bins at most so many
 */
export function piecewiseLinear(x: ArrayLike<number>, y: ArrayLike<number>, bins: number): PiecewiseLinear {
  const order = Array.from({ length: x.length }, (_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const knots: number[] = [];
  const values: number[] = [];
  const most = Math.max(1, Math.ceil(order.length / bins));
  for (let from = 0; from < order.length;) {
    let to = Math.min(order.length, from + most);
    while (to < order.length && x[order[to]!] === x[order[to - 1]!]) to++; // equal points stay together
    let [sumX, sumY] = [0, 0];
    for (let k = from; k < to; k++) {
      sumX += x[order[k]!]!;
      sumY += y[order[k]!]!;
    }
    const knot = sumX / (to - from);
    if (knots.length === 0 || knot > knots.at(-1)!) {
      knots.push(knot);
      values.push(sumY / (to - from));
    }
    from = to;
  }
  const last = knots.length - 1;
  const segment = (at: number): number => {
    let [low, high] = [0, Math.max(0, last - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (at >= knots[middle]!) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const slopeOf = (k: number): number => (last < 1 ? 0 : (values[k + 1]! - values[k]!) / (knots[k + 1]! - knots[k]!));
  return {
    at(point) {
      const k = segment(point);
      return values[k]! + slopeOf(k) * (point - knots[k]!);
    },
    slope: (point) => slopeOf(segment(point)),
  };
}
