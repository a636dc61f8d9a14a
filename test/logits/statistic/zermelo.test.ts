import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, NonFiniteError, ShapeError } from '../../../core/errors.ts';
import { zermelo } from '../../../logits/statistic/zermelo.ts';

const size = fc.integer({ min: 2, max: 5 });
/** Everyone beat everyone at least once. */
const tables = size.chain((d) =>
  fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: d, maxLength: d }), { minLength: d, maxLength: d }),
);

/** `∂ log likelihood / ∂ ln w_i = Σ_j h_ij − (h_ij + h_ji) w_i/(w_i + w_j)`: 0 at the maximum, which is one since it is concave in ln w. */
function slopes(h: readonly (readonly number[])[], w: ArrayLike<number>): number[] {
  return h.map((row, i) =>
    row.reduce((total, won, j) => (i === j ? total : total + won - ((won + h[j]![i]!) * w[i]!) / (w[i]! + w[j]!)), 0),
  );
}

describe.each(['newman', 'zermelo'] as const)('%s', (iteration) => {
  it('ends where the likelihood has no slope, with geometric mean 1', () =>
    fc.assert(
      fc.property(tables, (h) => {
        const w = zermelo(h, { iteration });
        for (const slope of slopes(h, w)) expect(Math.abs(slope)).toBeLessThan(1e-6);
        expect(w.reduce((total, v) => total + Math.log(v), 0)).toBeCloseTo(0, 9);
      }),
      { numRuns: 40 },
    ));

  it('adds virtual wins as if they had been counted', () => {
    const w = zermelo([[0, 4], [0, 0]], { iteration, virtualWins: 0.5 }); // prettier-ignore
    expect(w[0]! / w[1]!).toBeCloseTo(9, 8);
  });

  it('adds games against one of strength 1', () =>
    fc.assert(
      fc.property(tables, (h) => {
        // The one of strength 1 is one more player; only ratios count.
        const withOne = [...h.map((row) => [...row, 1]), [...h.map(() => 1), 0]];
        const [w, all] = [zermelo(h, { iteration, virtualGames: 2 }), zermelo(withOne, { iteration })];
        for (let i = 1; i < h.length; i++) expect(w[i]! / w[0]!).toBeCloseTo(all[i]! / all[0]!, 6);
      }),
      { numRuns: 20 },
    ));
});

it('finds the strengths that consistent counts were made of', () => {
  const strengths = [0.5, 1, 2, 4];
  const h = strengths.map((a) => strengths.map((b) => (100 * a) / (a + b)));
  const w = zermelo(h);
  strengths.forEach((a, i) => expect(w[i]! / w[1]!).toBeCloseTo(a, 9));
});

it('refuses what has no finite strengths, and says what helps', () => {
  const unanimous = [[0, 4], [0, 0]]; // prettier-ignore
  expect(() => zermelo(unanimous)).toThrow(ConfigError);
  expect(() => zermelo(unanimous)).toThrow('give virtualWins or virtualGames');
  expect(zermelo(unanimous, { virtualGames: 2 }).every(Number.isFinite)).toBe(true);
  // Two who never met, each beaten by the third.
  expect(() => zermelo([[0, 0, 0], [0, 0, 0], [1, 1, 0]])).toThrow(ConfigError); // prettier-ignore
});

it('refuses counts that are none, and says when it has not converged', () => {
  expect(() => zermelo([[0, 1], [1]])).toThrow(ShapeError);
  expect(() => zermelo([[0, -1], [1, 0]])).toThrow('wins of 0 against 1 are -1'); // prettier-ignore
  expect(() => zermelo([[0, 1], [7, 0]], { maxIterations: 1 })).toThrow(NonFiniteError); // prettier-ignore
});
