import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackendError, ShapeError, StateError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';
import { doubleRows, floatRows } from '../../nn/ascent.ts';
import type { Along, Ascent } from '../../nn/ascent.ts';
import { ascentKernel } from '../../nn/kernel/kernel.ts';
import { referenceAscent } from '../../nn/reference-ascent.ts';
import { wasmAscent } from '../../nn/wasm-ascent.ts';

const makers = { wasm: wasmAscent, reference: referenceAscent };
const names = [...doubleRows, 'size', 'rate', 'beta', ...floatRows, 'moved'] as const;

/** Numbers that tell implementations apart: zeros of both signs, subnormals, infinities, NaN. */
function odd(stream: Rng): number {
  const special = [0, -0, 1e-42, -1e-42, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1, -1];
  return stream.uniform() < 0.25 ? special[stream.int(special.length)]! : stream.normal();
}

/** The same random state in any implementation; boxes are around `clean`, some of them a single number. */
function scatter(ascent: Ascent, rows: number, features: number, seed: number): void {
  const stream = rng(seed);
  const b = ascent.reserve(rows, features);
  for (let i = 0; i < rows * features; i++) {
    const center = stream.uniform() < 0.05 ? Number.NaN : Math.fround(stream.normal());
    const reach = stream.uniform() < 0.2 ? 0 : stream.uniform();
    b.clean[i] = center;
    b.lower[i] = center - reach;
    b.upper[i] = center + reach;
    b.position[i] = center + reach * (2 * stream.uniform() - 1);
    b.point[i] = b.position[i]!;
    for (const name of ['held', 'last', 'gradient', 'lastGradient', 'direction'] as const) b[name][i] = odd(stream);
  }
  for (let j = 0; j < features; j++) b.size[j] = stream.uniform();
  for (let r = 0; r < rows; r++) {
    b.rate[r] = stream.uniform();
    b.beta[r] = odd(stream);
  }
}

/** Everything there is, as numbers: zeros keep their sign, a NaN is a NaN whatever its payload. */
const contents = (ascent: Ascent): Record<string, number[]> =>
  Object.fromEntries(names.map((name) => [name, [...ascent.buffers[name]]]));

const shape = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  features: fc.integer({ min: 1, max: 13 }),
  active: fc.integer({ min: 0, max: 9 }),
  seed: fc.nat(),
  along: fc.constantFrom<Along>('gradient', 'direction'),
});

describe('the inner loop of an attack', () => {
  it('has the same bits in WASM and in plain TypeScript, whatever the numbers', () => {
    fc.assert(
      fc.property(shape, ({ rows, features, active, seed, along }) => {
        const count = Math.min(rows, active);
        const [fast, plain] = Object.values(makers).map((make) => {
          const ascent = make();
          scatter(ascent, rows, features, seed);
          const results: unknown[] = [ascent.signStep(count, along)];
          ascent.buffers.held.set(ascent.buffers.position);
          results.push(ascent.signStep(count, along));
          ascent.blend(count, 0.75);
          results.push(contents(ascent));
          ascent.conjugate(count);
          const products = new Float64Array(rows);
          ascent.differenceProducts(count, along, products);
          results.push(contents(ascent), products);
          ascent[Symbol.dispose]();
          return results;
        });
        expect(fast).toEqual(plain);
      }),
      { numRuns: 200 },
    );
  });

  it.each(Object.entries(makers))(
    '%s: a step goes to the nearest point of the box, by sign and rate',
    (_name, make) => {
      using ascent = make();
      const b = ascent.reserve(2, 3);
      b.size.set([1, 0.5, 4]);
      b.rate.set([0.1, 0.5]);
      b.lower.fill(-1);
      b.upper.set([1, 1, 1, 1, 1, 0.25]);
      b.gradient.set([1e-30, -7, 0, Number.NaN, Number.POSITIVE_INFINITY, 3]);
      expect(ascent.signStep(2, 'gradient')).toBe(2);
      expect([...b.position]).toEqual([0.1, -0.05, 0, 0, 0.25, 0.25]);
      expect([...b.point]).toEqual([0.1, -0.05, 0, 0, 0.25, 0.25].map(Math.fround));
      b.gradient.set([0, 0, 0], 0);
      expect(ascent.signStep(2, 'gradient')).toBe(1);
      expect([...b.moved]).toEqual([0, 1]);
    },
  );

  it.each(Object.entries(makers))('%s: momentum and conjugate directions by hand', (_name, make) => {
    using ascent = make();
    const b = ascent.reserve(1, 2);
    b.lower.fill(-10);
    b.upper.set([10, 1]);
    b.held.set([1, 2]); // x
    b.last.set([0, 2]); // x'
    b.position.set([3, 4]); // z
    ascent.blend(1, 0.75);
    expect([...b.position]).toEqual([1 + 0.75 * 2 + 0.25 * 1, 1]);
    expect([...b.last]).toEqual([1, 2]);
    b.gradient.set([1, -2]);
    b.lastGradient.set([0.5, 1]);
    b.direction.set([2, 4]);
    const out = new Float64Array(1);
    ascent.differenceProducts(1, 'gradient', out);
    expect(out[0]).toBe(1 * 0.5 + -2 * -3);
    ascent.differenceProducts(1, 'direction', out);
    expect(out[0]).toBe(2 * 0.5 + 4 * -3);
    b.beta[0] = 0.5;
    ascent.conjugate(1);
    expect([...b.direction]).toEqual([2, 0]);
  });

  it('refuses a shape that is none and rows that it has no room for', () => {
    using ascent = wasmAscent();
    expect(() => ascent.reserve(-1, 2)).toThrow(ShapeError);
    expect(() => ascent.reserve(1.5, 2)).toThrow(ShapeError);
    expect(() => ascent.signStep(1, 'gradient')).toThrow(StateError);
    ascent.reserve(2, 2);
    expect(() => ascent.blend(3, 0.5)).toThrow(StateError);
  });

  it('has no room after a reserve that found no memory, and finds some again', () => {
    const before = ascentKernel().heap.used;
    {
      using ascent = wasmAscent();
      ascent.reserve(2, 2);
      expect(() => ascent.reserve(2 ** 20, 2 ** 20)).toThrow(BackendError);
      expect(() => ascent.signStep(1, 'gradient')).toThrow(StateError);
      expect(ascent.reserve(2, 2).point.length).toBe(4);
    }
    expect(ascentKernel().heap.used).toBe(before);
  });

  it('keeps its views alive while others grow the memory, and gives its room back', () => {
    const before = ascentKernel().heap.used;
    {
      using ascent = wasmAscent();
      ascent.reserve(3, 5).position.fill(7);
      using other = wasmAscent();
      other.reserve(5000, 60); // grows the memory: views of before are dead
      const { position } = ascent.reserve(3, 5);
      expect([...position]).toEqual(Array.from({ length: 15 }, () => 7));
    }
    expect(ascentKernel().heap.used).toBe(before);
  });
});
