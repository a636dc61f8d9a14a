/** A complex matrix [n, n] by rows. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The inverse of a complex matrix, by Gauss and Jordan with partial pivoting. */
export function inverted({ re, im }: Complex, n: number): Complex {
  const [ar, ai] = [re.slice(), im.slice()];
  const out: Complex = { re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) out.re[i * n + i] = 1;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    const size = (r: number): number => Math.hypot(ar[r * n + c]!, ai[r * n + c]!);
    for (let r = c + 1; r < n; r++) if (size(r) > size(pivot)) pivot = r;
    for (const matrix of [ar, ai, out.re, out.im])
      for (let j = pivot === c ? n : 0; j < n; j++) {
        const kept = matrix[c * n + j]!;
        matrix[c * n + j] = matrix[pivot * n + j]!;
        matrix[pivot * n + j] = kept;
      }
    const [pr, pi] = [ar[c * n + c]!, ai[c * n + c]!];
    const p2 = pr * pr + pi * pi;
    for (const [mr, mi] of [
      [ar, ai],
      [out.re, out.im],
    ] as const)
      for (let j = 0; j < n; j++) {
        const [xr, xi] = [mr[c * n + j]!, mi[c * n + j]!];
        mr[c * n + j] = (xr * pr + xi * pi) / p2;
        mi[c * n + j] = (xi * pr - xr * pi) / p2;
      }
    for (let r = 0; r < n; r++) {
      const [fr, fi] = [ar[r * n + c]!, ai[r * n + c]!];
      if (r === c || (fr === 0 && fi === 0)) continue;
      for (const [mr, mi] of [
        [ar, ai],
        [out.re, out.im],
      ] as const)
        for (let j = 0; j < n; j++) {
          const [xr, xi] = [mr[c * n + j]!, mi[c * n + j]!];
          mr[r * n + j]! -= fr * xr - fi * xi;
          mi[r * n + j]! -= fr * xi + fi * xr;
        }
    }
  }
  return out;
}
