import { describe, expect, it } from 'vitest';
import { neutral } from '../../logits/neutral.ts';
import type { ContinuousHead } from '../../logits/neutral.ts';
import { unitAction, unitActionSlope } from '../../logits/unit-action.ts';

const kinds = ['squashed-gaussian', 'gaussian', 'deterministic'] as const;
const ranges = [
  [-0.78125, 0.78125],
  [-0.25, 0.75],
  [-3, 1],
] as const;
const cases = kinds.flatMap((kind) =>
  ranges.map(([low, high]): ContinuousHead => ({ kind, low: [low], high: [high] })),
);

describe.each(cases.map((head) => [`${head.kind} on ${head.low[0]}…${head.high[0]}`, head] as const))(
  '%s',
  (_n, head) => {
    it('is idle at its neutral mean', () => {
      const u = unitAction(head, 0, neutral(head, 0));
      expect(head.low[0]! + u * (head.high[0]! - head.low[0]!)).toBeCloseTo(0, 12);
    });

    it('has the slope that central differences give', () => {
      for (const mean of [-2.3, -0.11, 0.013, 0.21, 0.62, 1.9]) {
        const h = 1e-6;
        const quotient = (unitAction(head, 0, mean + h) - unitAction(head, 0, mean - h)) / (2 * h);
        expect(unitActionSlope(head, 0, mean)).toBeCloseTo(quotient, 8);
      }
    });
  },
);

it('is 0 for a squashed mean and 0.5 for one on the unit scale, on the paper’s action range', () => {
  const [low, high] = [[-0.78125], [0.78125]];
  expect(neutral({ kind: 'squashed-gaussian', low, high }, 0)).toBe(0);
  expect(neutral({ kind: 'gaussian', low, high }, 0)).toBe(0.5);
  expect(neutral({ kind: 'deterministic', low, high }, 0)).toBe(0);
});

it('takes the middle of a range that has no idle point inside', () => {
  expect(neutral({ kind: 'gaussian', low: [0], high: [2] }, 0)).toBe(0.5);
  expect(neutral({ kind: 'deterministic', low: [1], high: [2] }, 0)).toBe(1.5);
});

it('keeps a slope deep in saturation', () => {
  const head: ContinuousHead = { kind: 'squashed-gaussian', low: [-1], high: [1] };
  expect(Math.fround(unitActionSlope(head, 0, 30))).toBeGreaterThan(0);
  expect(Math.fround(unitActionSlope(head, 0, -30))).toBeGreaterThan(0);
});
