import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { neuralCollapse } from '../../../logits/statistic/neural-collapse.ts';
import { symmetricEigen } from '../../../logits/statistic/symmetric-eigen.ts';

describe('eigenvectors of a symmetric matrix', () => {
  it('are orthonormal and put the matrix together again', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 9 }), (seed, n) => {
        const random = rng(seed);
        const a = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
        const { values, vectors } = symmetricEigen(a, n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            let [product, again] = [0, 0];
            for (let k = 0; k < n; k++) {
              product += vectors[i * n + k]! * vectors[j * n + k]!;
              again += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
            }
            expect(product).toBeCloseTo(i === j ? 1 : 0, 10);
            expect(again).toBeCloseTo(a[i * n + j]!, 10);
          }
      }),
      { numRuns: 30 },
    );
  });

  it('are known for two by two', () => {
    const { values } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect([...values].toSorted((a, b) => a - b)).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)]);
  });
});

/** C classes of `each` rows around the corners of a simplex, and the head that collapse would have. */
function simplex(classes: number, each: number, noise: number, seed = 1) {
  const random = rng(seed);
  const h = new Float32Array(classes * each * classes);
  const labels = new Int32Array(classes * each);
  const weight = new Float32Array(classes * classes);
  for (let row = 0; row < labels.length; row++) {
    const y = row % classes;
    labels[row] = y;
    for (let d = 0; d < classes; d++)
      h[row * classes + d] = 3 * ((d === y ? 1 : 0) - 1 / classes) + 1 + noise * random.normal();
  }
  for (let c = 0; c < classes; c++)
    for (let d = 0; d < classes; d++) weight[d * classes + c] = (d === c ? 1 : 0) - 1 / classes;
  return { h, labels, weight, bias: new Float32Array(classes) };
}

describe('neural collapse', () => {
  it('is 0 in all measures at a simplex with its own head', () => {
    const { h, labels, weight, bias } = simplex(5, 4, 0);
    for (const value of Object.values(neuralCollapse(h, labels, weight, bias))) expect(value).toBeCloseTo(0, 5);
  });

  it('has the variability that two classes on a line have by hand', () => {
    // μ = ±2, deviations ±1: Σ_W = 1, Σ_B = 4, so tr/C = 1/8.
    const h = Float32Array.of(1, 3, -1, -3);
    const labels = Int32Array.of(0, 0, 1, 1);
    const { variability, norms, duality, disagreement } = neuralCollapse(
      h,
      labels,
      Float32Array.of(1, -1),
      new Float32Array(2),
    );
    expect(variability).toBeCloseTo(1 / 8, 6);
    expect(norms).toBeCloseTo(0, 6);
    expect(duality).toBeCloseTo(0, 6);
    expect(disagreement).toBe(0);
    const against = neuralCollapse(h, labels, Float32Array.of(-1, 1), new Float32Array(2));
    expect(against.duality).toBeCloseTo(2, 6);
    expect(against.disagreement).toBe(1);
  });

  it('has the variability of the pseudo-inverse by definition: features that are turned or stretched do not change it', () => {
    const { h, labels, weight, bias } = simplex(4, 30, 0.4);
    const stretched = h.map((value, i) => value * [1, 2, 5, 0.3][i % 4]!);
    const wanted = neuralCollapse(h, labels, weight, bias).variability;
    expect(wanted).toBeGreaterThan(0.01);
    // Rank 3 in 4 dimensions: only stretching along the span of the means is free, so compare in the span.
    const flat = (rows: Float32Array): Float32Array =>
      Float32Array.from(
        { length: (rows.length / 4) * 3 },
        (_, i) => rows[Math.floor(i / 3) * 4 + (i % 3)]! - rows[Math.floor(i / 3) * 4 + 3]!,
      );
    const head = new Float32Array(12).map((_, i) => weight[i]!);
    expect(neuralCollapse(flat(h), labels, head, bias).variability).toBeCloseTo(
      neuralCollapse(
        flat(h).map((value, i) => value * [1, 2, 5][i % 3]!),
        labels,
        head,
        bias,
      ).variability,
      6,
    );
    expect(neuralCollapse(stretched, labels, weight, bias).norms).toBeGreaterThan(0.3);
  });

  it('grows in every measure with noise', () => {
    const [little, much] = [0.1, 1].map((noise) => {
      const { h, labels, weight, bias } = simplex(5, 40, noise);
      return neuralCollapse(h, labels, weight, bias);
    });
    for (const [name, value] of Object.entries(little!))
      expect(much![name as keyof typeof much]).toBeGreaterThanOrEqual(value);
    expect(much!.variability).toBeGreaterThan(50 * little!.variability);
  });

  it('names what does not fit', () => {
    const { h, labels, weight, bias } = simplex(3, 2, 0);
    expect(() => neuralCollapse(h, labels.fill(0), weight, bias)).toThrow('no row has label 1');
    expect(() => neuralCollapse(h.subarray(1), labels, weight, bias)).toThrow(ShapeError);
    expect(() => neuralCollapse(h, labels, new Float32Array(3), new Float32Array(1))).toThrow(ShapeError);
  });
});
