/** A straight line through points, and how well it goes with them. */
export interface LineFit {
  readonly slope: number;
  /** Pearson's r. */
  readonly correlation: number;
}

/** Least squares of y on x, with an intercept; NaN where x does not vary. @param x [N]  @param y [N] */
export function lineFit(x: ArrayLike<number>, y: ArrayLike<number>): LineFit {
  const count = x.length;
  let [mx, my] = [0, 0];
  for (let n = 0; n < count; n++) {
    mx += x[n]! / count;
    my += y[n]! / count;
  }
  let [xx, xy, yy] = [0, 0, 0];
  for (let n = 0; n < count; n++) {
    xx += (x[n]! - mx) ** 2;
    xy += (x[n]! - mx) * (y[n]! - my);
    yy += (y[n]! - my) ** 2;
  }
  return { slope: xy / xx, correlation: xy / Math.sqrt(xx * yy) };
}
