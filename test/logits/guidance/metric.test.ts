import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { adversarialAuroc, auroc } from '../../../logits/guidance/metric/adversary.ts';
import { centroidSimilarity } from '../../../logits/guidance/metric/centroid-similarity.ts';
import { kMeans } from '../../../logits/guidance/metric/k-means.ts';
import { manifold } from '../../../logits/guidance/metric/manifold.ts';
import { frontierArea, mauve } from '../../../logits/guidance/metric/mauve.ts';
import { repetition } from '../../../logits/guidance/metric/normalised-ngrams.ts';

const cloud = (count: number, centre: readonly number[], spread: number, seed: number): Float64Array[] => {
  const random = rng(seed);
  return Array.from({ length: count }, () => Float64Array.from(centre, (value) => value + spread * random.normal()));
};

describe('repetition', () => {
  it('counts in the set as one text, cut to a length', () => {
    // a b a b | a b: 3-grams aba bab aba bab, 2-grams ab ba ab ba ab, 4-grams abab baba abab
    const texts = [
      [1, 2, 1, 2],
      [1, 2],
    ];
    const found = repetition(texts, 6);
    expect(found.normalisedNgrams).toBeCloseTo(2 / 4, 12);
    expect(found.diversity).toBeCloseTo((2 / 5) * (2 / 4) * (2 / 3), 12);
    expect(repetition(texts, 4).normalisedNgrams).toBe(1);
    expect(repetition([[1], [2], [1]], 9).duplicates).toBeCloseTo(1 / 3, 12);
  });
});

describe('k-means', () => {
  it('finds clusters that lie apart, and the same again', () => {
    const rows = [...cloud(20, [0, 0], 0.1, 1), ...cloud(20, [5, 0], 0.1, 2), ...cloud(20, [0, 5], 0.1, 3)];
    const labels = kMeans(rows, 3, rng(1));
    for (let c = 0; c < 3; c++) expect(new Set(labels.subarray(20 * c, 20 * c + 20)).size).toBe(1);
    expect(new Set(labels).size).toBe(3);
    expect(kMeans(rows, 3, rng(1))).toEqual(labels);
    expect(kMeans([Float64Array.of(1), Float64Array.of(1), Float64Array.of(1)], 2, rng(1))).toHaveLength(3);
    expect(() => kMeans(rows, 61, rng(1))).toThrow(ShapeError);
  });
});

describe('the divergence frontier', () => {
  it('has area 1 of equal distributions and c·B(c + 1, c) = 1/252 of ones apart', () => {
    expect(frontierArea([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])).toBeCloseTo(1, 12);
    // y = λ⁵ over x = (1 − λ)⁵: 5·5!·4!/10!; 25 mixtures by trapezes.
    expect(frontierArea([1, 0], [0, 1])).toBeCloseTo(1 / 252, 3);
  });

  it('is symmetric, and falls as a mass moves: by the integral of its definition in 10⁵ steps', () => {
    const [p, q] = [
      [0.7, 0.2, 0.1],
      [0.3, 0.3, 0.4],
    ];
    const kl = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, k) => sum + value * Math.log(value / b[k]!), 0);
    let area = 0;
    let [x0, y0] = [0, 1];
    const n = 100_000;
    for (let i = n; i >= 0; i--) {
      const r = p.map((value, k) => (i / n) * value + (1 - i / n) * q[k]!);
      const [x, y] = [Math.exp(-5 * kl(q, r)), Math.exp(-5 * kl(p, r))];
      area += ((x - x0) * (y + y0)) / 2;
      [x0, y0] = [x, y];
    }
    area += ((1 - x0) * y0) / 2;
    expect(frontierArea(p, q)).toBeCloseTo(area, 2);
    expect(frontierArea(q, p)).toBeCloseTo(frontierArea(p, q), 10);
  });

  it('tells sets: high of one distribution, low of two', () => {
    const real = cloud(200, [0, 0], 1, 1);
    expect(mauve(real, cloud(200, [0, 0], 1, 2), rng(1))).toBeGreaterThan(0.85);
    expect(mauve(real, cloud(200, [6, 0], 1, 3), rng(1))).toBeLessThan(0.02);
    expect(mauve(real, real, rng(1))).toBeCloseTo(1, 10);
    expect(() => mauve([], real, rng(1))).toThrow(ShapeError);
  });
});

describe('neighbourhoods', () => {
  const line = (from: number, count: number): Float64Array[] =>
    Array.from({ length: count }, (_, i) => Float64Array.of(from + i));

  it('are all precise, recalled and inauthentic of a copy, and none of what lies elsewhere', () => {
    expect(manifold(line(0, 8), line(0, 8), 2)).toEqual({ precision: 1, recall: 1, authenticity: 0 });
    expect(manifold(line(0, 8), line(100, 8), 2)).toEqual({ precision: 0, recall: 0, authenticity: 1 });
  });

  it('are counted as by hand', () => {
    // Real 0…3, radius to the first neighbour 1. Synthetic 3.5 and 10, their radius 6.5.
    expect(manifold(line(0, 4), [Float64Array.of(3.5), Float64Array.of(10)], 1)).toEqual({
      precision: 0.5,
      recall: 1,
      authenticity: 0.5,
    });
    expect(() => manifold(line(0, 4), line(0, 4), 4)).toThrow(ShapeError);
  });
});

describe('the adversary', () => {
  it('is the share of pairs in order', () => {
    expect(auroc([3, 4], [1, 2])).toBe(1);
    expect(auroc([1, 2], [3, 4])).toBe(0);
    expect(auroc([1, 3], [2, 3])).toBeCloseTo((0 + 0 + 1 + 0.5) / 4, 12);
    expect(auroc([1, 1], [1])).toBe(0.5);
    expect(auroc([1, Number.NaN], [1])).toBeNaN();
  });

  it('tells what can be told on rows that it has not seen, and nothing else', () => {
    const real = cloud(150, [0, 0, 0], 1, 1);
    // d′ = 1.5: Φ(1.5/√2) = 0.856
    expect(adversarialAuroc(real, cloud(150, [1.5, 0, 0], 1, 2), rng(1))).toBeCloseTo(0.856, 1);
    expect(Math.abs(adversarialAuroc(real, cloud(150, [0, 0, 0], 1, 3), rng(1)) - 0.5)).toBeLessThan(0.1);
  });
});

describe('the similarity of centroids', () => {
  it('is the cosine of the means', () => {
    const rows = (...all: number[][]): Float64Array[] => all.map((row) => Float64Array.from(row));
    expect(centroidSimilarity(rows([1, 0], [3, 0]), rows([5, 0]))).toBeCloseTo(1, 12);
    expect(centroidSimilarity(rows([2, 0], [0, 2]), rows([1, 0]))).toBeCloseTo(Math.SQRT1_2, 12);
  });
});
