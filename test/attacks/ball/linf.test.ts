import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ThreatModel } from '../../../core/attack.ts';
import { rng } from '../../../core/rng.ts';
import { linfBall } from '../../../attacks/ball/linf.ts';
import { firstOutside } from '../../../attacks/ball/outside.ts';
import { exactlyWithin } from '../../support/exact.ts';
import { threatOf } from '../../support/threat.ts';

const float = fc.float({ min: -2, max: 2, noNaN: true });
const epsilon = fc.oneof(
  fc.constantFrom(0, 0.05, 0.03, 0.00048, 0.00012, 1e-9, 1e-40, 3, 1e30),
  fc.float({ min: 0, max: 1, noNaN: true }),
);
const feature = fc.record({ x: float, epsilon, proposal: fc.oneof(float, fc.double(), fc.constant(Number.NaN)) });
const features = fc.array(feature, { minLength: 1, maxLength: 12 });

function projected(x: Float32Array, threat: ThreatModel, proposal: readonly number[]): Float32Array {
  const ball = linfBall();
  const position = Float64Array.from(proposal);
  ball.around(x, 1, threat);
  ball.project(position);
  return Float32Array.from(position);
}

const bits = (values: Float32Array): number[] => [...new Uint32Array(Float32Array.from(values).buffer)];

describe('projection on box ∩ L-inf ball', () => {
  it('lands inside, in exact arithmetic', () => {
    fc.assert(
      fc.property(features, (rows) => {
        const x = Float32Array.from(rows, (f) => f.x);
        const threat = threatOf(rows.map((f) => f.epsilon));
        const point = projected(
          x,
          threat,
          rows.map((f) => f.proposal),
        );
        expect(firstOutside(x, point, 1, threat)).toBe(-1);
        point.forEach((value, j) => {
          expect(exactlyWithin(value, x[j]!, threat.epsilon[j]!)).toBe(true);
          expect(value).toBeGreaterThanOrEqual(Math.min(0, x[j]!));
          expect(value).toBeLessThanOrEqual(Math.max(1, x[j]!));
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('is idempotent, to the bit', () => {
    fc.assert(
      fc.property(features, (rows) => {
        const x = Float32Array.from(rows, (f) => f.x);
        const threat = threatOf(rows.map((f) => f.epsilon));
        const once = projected(
          x,
          threat,
          rows.map((f) => f.proposal),
        );
        expect(bits(projected(x, threat, [...once]))).toEqual(bits(once));
      }),
      // A number that only float64 tells from 0, above a clean −0 at the end of its box.
      { examples: [[[{ x: -0, epsilon: 0.05, proposal: 5e-324 }]]] },
    );
  });

  it('is nearest: no float32 of the set is closer', () => {
    fc.assert(
      fc.property(feature, ({ x: clean, epsilon: e, proposal }) => {
        fc.pre(!Number.isNaN(proposal));
        const x = Float32Array.of(clean);
        const threat = threatOf([e]);
        const [value] = projected(x, threat, [proposal]) as unknown as [number];
        const towards = Float32Array.of(value);
        const step = new Int32Array(towards.buffer);
        if (value === proposal || value === 0) return;
        step[0]! += value < proposal === value > 0 ? 1 : -1; // the neighbour on the proposal's side
        if (Math.abs(towards[0]! - proposal) < Math.abs(value - proposal)) {
          const neighbourIsInside =
            exactlyWithin(towards[0]!, x[0]!, threat.epsilon[0]!) &&
            towards[0]! >= Math.min(0, x[0]!) &&
            towards[0]! <= Math.max(1, x[0]!);
          // Within half an ulp of the proposal the rounding of the result decides, not the set.
          expect(neighbourIsInside && Math.fround(proposal) !== value).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves a masked feature alone to the bit, −0 included', () => {
    const x = Float32Array.of(-0, 0, 0.3, 1.7, Number.NaN, Number.POSITIVE_INFINITY);
    const threat = threatOf([0, 0, 0, 0, 0, 0]);
    expect(bits(projected(x, threat, [0, -0, 9, -9, 1, 1]))).toEqual(bits(x));
    expect(bits(projected(x, threat, [1, 1, Number.NaN, 0, 0, 0]))).toEqual(bits(x));
  });

  it('does not trust fl(x + ε): ends an ulp outside are drawn in', () => {
    let nudged = 0;
    const stream = rng(3);
    for (let i = 0; i < 2000; i++) {
      const x = Float32Array.of(stream.uniform());
      const threat = threatOf([0.05], -10, 10);
      const naive = Math.fround(x[0]! + threat.epsilon[0]!);
      const [end] = projected(x, threat, [100]) as unknown as [number];
      expect(exactlyWithin(end, x[0]!, threat.epsilon[0]!)).toBe(true);
      if (end < naive) nudged++;
    }
    expect(nudged).toBeGreaterThan(100); // the naive end is wrong often
  });

  it('lets a clean value outside its box move inwards only', () => {
    const x = Float32Array.of(-0.02, 1.25);
    const threat = threatOf([0.05, 0.5]);
    const low = projected(x, threat, [-9, -9]);
    const high = projected(x, threat, [9, 9]);
    expect(low[0]).toBe(x[0]);
    expect(high[0]).toBeCloseTo(0.03, 6);
    expect(low[1]).toBeCloseTo(0.75, 6);
    expect(high[1]).toBe(x[1]);
  });

  it('counts proposals that are not numbers and answers with the clean value', () => {
    const ball = linfBall();
    const x = Float32Array.of(0.2, 0.4, 0.6);
    ball.around(x, 1, threatOf([0.1, 0.1, 0]));
    const point = Float32Array.of(Number.NaN, 0.45, Number.NaN);
    expect(ball.project(point)).toBe(2);
    expect([...point]).toEqual([x[0], Math.fround(0.45), x[2]]);
  });
});

it('the judge finds what a broken projection leaves outside', () => {
  const x = Float32Array.of(0.5, 0.5);
  const threat = threatOf([0.05, 0]);
  expect(firstOutside(x, Float32Array.of(0.5501, 0.5), 1, threat)).toBe(0);
  expect(firstOutside(x, Float32Array.of(0.5, 0.50000006), 1, threat)).toBe(1);
  expect(firstOutside(x, Float32Array.of(Number.NaN, 0.5), 1, threat)).toBe(0);
  expect(firstOutside(x, Float32Array.of(0.52, 0.5), 1, threat)).toBe(-1);
});

it('samples uniformly in the set', () => {
  const ball = linfBall();
  ball.around(Float32Array.of(0.5, 0.99, 0.3), 1, threatOf([0.1, 0.1, 0]));
  const draws = Array.from({ length: 4000 }, (_, i) => {
    const point = new Float64Array(3);
    ball.sample(0, rng(5).split(i), point);
    return point;
  });
  const mean = (j: number): number => draws.reduce((sum, d) => sum + d[j]!, 0) / draws.length;
  expect(mean(0)).toBeCloseTo(0.5, 2);
  expect(mean(1)).toBeCloseTo((0.89 + 1) / 2, 2); // the box cuts the ball
  expect(new Set(draws.map((d) => d[2])).size).toBe(1);
  expect(ball.free(0)).toBe(true);
  expect(ball.free(2)).toBe(false);
});
