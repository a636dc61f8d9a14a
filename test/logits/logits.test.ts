import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../../logits/cross-entropy.ts';
import { dlr, groupedDlr } from '../../logits/dlr.ts';
import { groupedMargin } from '../../logits/grouped-margin.ts';
import { logSideProbability } from '../../logits/log-side-probability.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { margin } from '../../logits/margin.ts';
import type { Floats } from '../../logits/row.ts';

const size = 6;
/** Signs are not sorted by position, and one bin is idle: groups must come from the values. */
const values = [0.3, -0.2, 0, 0.1, -0.5, 0.4];

type Row = (z: Floats, at: number, gradient: Floats) => number;
const functions: Record<string, Row> = {
  'cross-entropy': (z, at, g) => crossEntropy(z, at, size, 2, g),
  margin: (z, at, g) => margin(z, at, size, 2, g),
  dlr: (z, at, g) => dlr(z, at, size, 2, g),
  'grouped margin, charge': (z, at, g) => groupedMargin(z, at, values, 1, g),
  'grouped margin, discharge': (z, at, g) => groupedMargin(z, at, values, -1, g),
  'grouped margin, idle': (z, at, g) => groupedMargin(z, at, values, 0, g),
  'grouped DLR': (z, at, g) => groupedDlr(z, at, values, 1, g),
  'log side probability': (z, at, g) => logSideProbability(z, at, values, -1, g),
};

const rows = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: size, maxLength: size });
/** Logits far enough from ties that a small difference quotient crosses no kink: shuffled, with gaps of at least 0.01. */
const untied = fc
  .tuple(
    fc.array(fc.double({ min: 0.01, max: 4, noNaN: true }), { minLength: size, maxLength: size }),
    fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: size }),
  )
  .map(([gaps, order]) => {
    let z = -6;
    const rising = gaps.map((gap) => (z += gap));
    return order.map((at) => rising[at]!);
  });

describe.each(Object.entries(functions))('%s', (_name, run) => {
  it('has the gradient that central differences give, and writes only its row', () => {
    fc.assert(
      fc.property(untied, (logits) => {
        const z = Float64Array.from([7, ...logits, 7]);
        const gradient = new Float64Array(size + 2).fill(9);
        run(z, 1, gradient);
        expect([gradient[0], gradient[size + 1]]).toEqual([9, 9]);
        const scratch = new Float64Array(size + 2);
        const h = 1e-5;
        for (let i = 1; i <= size; i++) {
          const up = Float64Array.from(z);
          const down = Float64Array.from(z);
          up[i]! += h;
          down[i]! -= h;
          const quotient = (run(up, 1, scratch) - run(down, 1, scratch)) / (2 * h);
          expect(Math.abs(quotient - gradient[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(gradient[i]!)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does not see a shift of all logits', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: -20, max: 20, noNaN: true }), (logits, c) => {
        const a = new Float64Array(size);
        const b = new Float64Array(size);
        const before = run(Float64Array.from(logits), 0, a);
        fc.pre(new Set(logits.map((z) => z + c)).size === new Set(logits).size); // rounding made a tie
        const after = run(
          Float64Array.from(logits, (z) => z + c),
          0,
          b,
        );
        expect(Math.abs(after - before)).toBeLessThan(1e-6 * Math.max(1, Math.abs(before)));
        expect(b.reduce((sum, v) => sum + v, 0)).toBeCloseTo(0, 5); // what a shift moves
      }),
      { numRuns: 60 },
    );
  });

  it('stays finite on huge, tiny and equal logits', () => {
    for (const logits of [
      [1e30, -1e30, 1e30, 0, 5, -1e30],
      [1e4, -1e4, 3e4, 0, 1, 2],
      [0, 0, 0, 0, 0, 0],
      [-1000, -1000, -1000, -1000, -1000, -1000],
      [3, 3, 1, 3, 3, 3],
      [1e-40, 0, -1e-40, 2e-40, 0, 0],
    ]) {
      const z = Float32Array.from(logits);
      const gradient = new Float32Array(size);
      expect(Number.isFinite(run(z, 0, gradient))).toBe(true);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });
});

it.each(['dlr', 'grouped DLR'])('%s does not see the scale of the logits', (name) => {
  const run = functions[name]!;
  fc.assert(
    fc.property(untied, fc.constantFrom(0.01, 0.1, 10, 100), (logits, c) => {
      const scratch = new Float64Array(size);
      const before = run(Float64Array.from(logits), 0, scratch);
      const after = run(
        Float64Array.from(logits, (z) => c * z),
        0,
        scratch,
      );
      expect(after).toBeCloseTo(before, 6);
    }),
    { numRuns: 40 },
  );
});

describe('log softmax', () => {
  it('is normalised, in place too, and agrees with the definition', () => {
    fc.assert(
      fc.property(rows, (logits) => {
        const z = Float64Array.from(logits);
        const total = logits.reduce((sum, v) => sum + Math.exp(v), 0);
        logSoftmax(z, 0, size, z);
        expect(z.reduce((sum, v) => sum + Math.exp(v), 0)).toBeCloseTo(1, 12);
        z.forEach((v, i) => expect(v).toBeCloseTo(logits[i]! - Math.log(total), 10));
      }),
    );
  });

  it('does not overflow', () => {
    const z = Float64Array.from([1e300, 1e300]);
    logSoftmax(z, 0, 2, z);
    expect([...z]).toEqual([-Math.LN2, -Math.LN2]);
  });
});

it('takes groups from the sign of the actions, not from the position of the bins', () => {
  const gradient = new Float64Array(4);
  // Interleaved: charge bins are 0 and 2.
  expect(groupedMargin(Float64Array.from([1, 5, 3, 4]), 0, [0.1, -0.1, 0.2, -0.2], 1, gradient)).toBe(3 - 5);
  expect([...gradient]).toEqual([0, -1, 1, 0]);
});

it('gives the published margins on logits worked by hand', () => {
  const z = Float64Array.from([2, 7, 4, 1]);
  const gradient = new Float64Array(4);
  expect(margin(z, 0, 4, 1, gradient)).toBe(-3);
  expect(margin(z, 0, 4, 2, gradient)).toBe(3);
  expect(dlr(z, 0, 4, 1, gradient)).toBeCloseTo(-3 / 5, 12);
  expect(margin(Float64Array.from([-5, -1, -3]), 0, 3, 1, gradient)).toBe(-2); // all negative: no zero in the maximum
});
