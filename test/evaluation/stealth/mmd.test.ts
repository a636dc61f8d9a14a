import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { kernel } from '../../../nn/kernel/kernel.ts';
import type { Rng } from '../../../core/rng.ts';
import { blockMmd } from '../../../evaluation/stealth/block-mmd.ts';
import { differences, featureVariation } from '../../../evaluation/stealth/differences.ts';
import { kernelSums } from '../../../evaluation/stealth/kernel-sums.ts';
import { medianDistance } from '../../../evaluation/stealth/median-distance.ts';
import { points } from '../../../evaluation/stealth/points.ts';
import { publishedMmd, publishedSamples } from '../../../evaluation/stealth/published-mmd.ts';
import { plainFeatures } from '../../support/threat.ts';

function end<Result>(work: Generator<number, Result, void>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(1);
  }
}

const normals = (count: number, stream: Rng): Float32Array =>
  Float32Array.from({ length: count }, () => stream.normal());

/** AR(1) rows, `x_t = φ x_{t−1} + √(1−φ²) e_t`, unit variance. */
function autoregressive(steps: number, size: number, phi: number, stream: Rng): Float32Array {
  const x = normals(steps * size, stream);
  const fresh = Math.sqrt(1 - phi ** 2);
  for (let i = size; i < x.length; i++) x[i] = phi * x[i - size]! + fresh * x[i]!;
  return x;
}

/** TorchDrift 0.1.0 in plain float64, from its description alone: every matrix there, every permutation of rows. */
function torchDrift(x: Float32Array, y: Float32Array, size: number, permutations: number, stream: Rng) {
  const all = [...x, ...y];
  const count = all.length / size;
  const n = x.length / size;
  const distance = (i: number, j: number): number =>
    Math.hypot(...Array.from({ length: size }, (_, k) => all[i * size + k]! - all[j * size + k]!));
  const every = Array.from({ length: count * count }, (_, c) => distance(Math.floor(c / count), c % count));
  const bandwidth = every.toSorted((a, b) => a - b)[Math.floor((every.length - 1) / 2)]!;
  const k = every.map((d) => Math.exp((-0.5 * d * d) / bandwidth ** 2));
  const statistic = (order: readonly number[]): number => {
    const m = count - n;
    let [xx, yy, xy] = [0, 0, 0];
    for (let a = 0; a < count; a++)
      for (let b = 0; b < count; b++) {
        const value = k[order[a]! * count + order[b]!]!;
        if (a < n && b < n) xx += value;
        else if (a >= n && b >= n) yy += value;
        else if (a < n) xy += value;
      }
    return xx / (n * (n - 1)) + yy / (m * (m - 1)) - (2 * xy) / (n * m);
  };
  const order = Array.from({ length: count }, (_, i) => i);
  const observed = statistic(order);
  let above = 0;
  for (let p = 0; p < permutations; p++) {
    for (let i = count - 1; i > 0; i--) {
      const j = stream.int(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    if (statistic(order) > observed) above++;
  }
  return { bandwidth, observed, pValue: above / permutations };
}

describe('pairs of points', () => {
  it.each([2, 3, 17, 300, 1500])('the median distance of %i points is that of all of them sorted', (count) => {
    const rows = normals(count * 4, rng(count));
    for (const diagonal of [true, false]) {
      const all: number[] = [];
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < i; j++) {
          const squared = [0, 1, 2, 3].reduce((sum, k) => sum + (rows[i * 4 + k]! - rows[j * 4 + k]!) ** 2, 0);
          all.push(squared, squared);
        }
        if (diagonal) all.push(0);
      }
      const expected = Math.sqrt(Float64Array.from(all).sort()[Math.floor((all.length - 1) / 2)]!);
      if (expected === 0) expect(() => end(medianDistance(points(rows, 4), diagonal))).toThrow(DataError);
      else expect(end(medianDistance(points(rows, 4), diagonal))).toBeCloseTo(expected, 5);
    }
  });

  it('refuses points most of which are equal, and rows that are not numbers', () => {
    expect(() => end(medianDistance(points(new Float32Array(100), 2), false))).toThrow(
      /median distance of 50 points is 0/,
    );
    expect(() => points(Float32Array.of(1, 2, 3, Number.NaN), 2)).toThrow(/row 1, column 1 is NaN/);
  });

  it('kernel sums by row and by block are those of every pair', () => {
    const size = 3;
    const rows = normals(600 * size, rng(1));
    const starts = [0, 100, 101, 370, 600];
    const { rows: byRow, blocks } = end(kernelSums(points(rows, size), 1.3, starts));
    const k = (i: number, j: number): number =>
      Math.exp(
        -[0, 1, 2].reduce((sum, c) => sum + (rows[i * size + c]! - rows[j * size + c]!) ** 2, 0) / (2 * 1.3 ** 2),
      );
    for (const i of [0, 100, 255, 256, 599]) {
      let sum = 0;
      for (let j = 0; j < 600; j++) if (j !== i) sum += k(i, j);
      expect(byRow[i]).toBeCloseTo(sum, 4);
    }
    for (let a = 0; a < 4; a++)
      for (let b = 0; b < 4; b++) {
        let sum = 0;
        for (let i = starts[a]!; i < starts[a + 1]!; i++)
          for (let j = starts[b]!; j < starts[b + 1]!; j++) if (j !== i) sum += k(i, j);
        expect(blocks[a * 4 + b]! / Math.max(1, sum)).toBeCloseTo(sum === 0 ? 0 : 1, 5);
      }
  });
});

describe('the published test', () => {
  it('is TorchDrift: statistic and bandwidth of every pair, p within what chance allows, also of unequal samples', () => {
    for (const [n, m, shift] of [
      [40, 40, 0],
      [50, 30, 0.35],
      [30, 45, 0.5],
    ] as const) {
      const x = normals(n * 3, rng(n));
      const y = normals(m * 3, rng(100 + m)).map((value) => value + shift);
      const expected = torchDrift(x, y, 3, 1000, rng(1));
      const got = end(publishedMmd(x, y, 3, { permutations: 4000, rng: rng(2) }));
      expect(got.bandwidth).toBeCloseTo(expected.bandwidth, 5);
      expect(got.statistic).toBeCloseTo(expected.observed, 6);
      // four standard errors of the difference of two shares
      const error = Math.sqrt(Math.max(0.01, expected.pValue * (1 - expected.pValue)) * (1 / 1000 + 1 / 4000));
      expect(Math.abs(got.pValue - expected.pValue)).toBeLessThan(4 * error);
    }
  });

  it('gives 2·mean(k)/(n − 1) and p = 1 for a file compared with itself: the published ATLA row', () => {
    const n = 400;
    const x = normals(n * 5, rng(4));
    const { statistic, pValue, bandwidth } = end(publishedMmd(x, x, 5, { permutations: 500, rng: rng(1) }));
    const { blocks } = end(kernelSums(points(x, 5), bandwidth, [0, n]));
    expect(statistic).toBeCloseTo((2 * ((blocks[0]! + n) / n ** 2)) / (n - 1), 7);
    expect(pValue).toBe(1);
  });

  it('is blind by pairing: on paired rows with noise p is near 1, on unpaired ones it is anything', () => {
    const size = 4;
    const half = 200 * size;
    const paired: number[] = [];
    const unpaired: number[] = [];
    for (let seed = 0; seed < 8; seed++) {
      const clean = normals(2 * half, rng(seed));
      const noise = normals(2 * half, rng(seed).split('noise'));
      const attacked = clean.map((value, i) => value + 0.15 * noise[i]!);
      const p = (x: Float32Array, y: Float32Array): number =>
        end(publishedMmd(x, y, size, { permutations: 300, rng: rng(seed) })).pValue;
      paired.push(p(clean.subarray(0, half), attacked.subarray(0, half)));
      unpaired.push(p(clean.subarray(0, half), attacked.subarray(half)));
    }
    expect(Math.min(...paired)).toBeGreaterThan(0.9);
    expect(Math.min(...unpaired)).toBeLessThan(0.4);
    expect(unpaired.filter((value) => value > 0.9).length).toBeLessThan(5);
  });

  it('takes failed rows as the suffixes say', () => {
    const clean = Float32Array.of(1, 2, 3, 4, 5, 6);
    const attacked = Float32Array.of(10, 20, Number.NaN, Number.NaN, 50, 60);
    expect(publishedSamples(clean, attacked, 2, 'drop')).toEqual([clean, Float32Array.of(10, 20, 50, 60)]);
    expect(publishedSamples(clean, attacked, 2, 'fillna')).toEqual([clean, Float32Array.of(10, 20, 3, 4, 50, 60)]);
    expect(publishedSamples(clean, attacked, 2, 'notna')).toEqual([
      Float32Array.of(1, 2, 5, 6),
      Float32Array.of(10, 20, 50, 60),
    ]);
    expect(() =>
      publishedSamples(
        clean,
        clean.map(() => Number.NaN),
        2,
        'drop',
      ),
    ).toThrow(DataError);
  });
});

describe('the repaired test', () => {
  const size = 3;
  const days = 20;
  const p = (clean: Float32Array, attacked: Float32Array, seed: number, permutations = 199): number =>
    end(blockMmd(clean, attacked, size, { permutations, rng: rng(seed) })).pValue;

  it('holds its level on rows that depend on each other for days: p is uniform', { timeout: 120_000 }, () => {
    const runs = 200;
    const values = Array.from({ length: runs }, (_, seed) => {
      const clean = autoregressive(days * 24, size, 0.95, rng(seed).split('ar'));
      return p(clean, clean, seed);
    });
    // Binomial intervals of 99.9 %: 3.3 standard errors.
    for (const level of [0.05, 0.25, 0.5, 0.75]) {
      const share = values.filter((value) => value <= level).length / runs;
      expect(Math.abs(share - level)).toBeLessThan(3.3 * Math.sqrt((level * (1 - level)) / runs));
    }
  });

  it('where permutations of single rows cry wolf', { timeout: 60_000 }, () => {
    const runs = 40;
    let alarms = 0;
    for (let seed = 0; seed < runs; seed++) {
      const clean = autoregressive(days * 24, size, 0.95, rng(seed).split('ar'));
      const half = clean.length / 2;
      const test = publishedMmd(clean.subarray(0, half), clean.subarray(half), size, {
        permutations: 100,
        rng: rng(seed),
      });
      if (end(test).pValue < 0.05) alarms++;
    }
    expect(alarms / runs).toBeGreaterThan(0.5);
  });

  it('has the unbiased statistic of the two samples it made', () => {
    const clean = normals(240 * size, rng(1));
    const test = end(blockMmd(clean, clean, size, { permutations: 10, rng: rng(2) }));
    expect(test.sizes).toEqual([120, 120]);
    // E = 0 without an attack; the sd of MMD²_u at n = 120 is well under 0.01
    expect(Math.abs(test.statistic)).toBeLessThan(0.01);
    const moved = end(
      blockMmd(
        clean,
        clean.map((value) => value + 3),
        size,
        { permutations: 10, rng: rng(2) },
      ),
    );
    const k = (i: number, j: number, shift: number): number =>
      Math.exp(
        -[0, 1, 2].reduce((sum, c) => sum + (clean[i * size + c]! - clean[j * size + c]! - shift) ** 2, 0) /
          (2 * moved.bandwidth ** 2),
      );
    let [same, cross] = [0, 0];
    for (let i = 0; i < 240; i++)
      for (let j = 0; j < 240; j++) {
        if (i !== j) same += k(i, j, 0) / (240 * 239);
        cross += k(i, j, 3) / 240 ** 2;
      }
    expect(moved.statistic).toBeCloseTo(2 * same - 2 * cross, 1);
  });

  it('finds what moves the rows, and more of it with more rows', () => {
    const clean = autoregressive(60 * 24, size, 0.5, rng(3));
    expect(
      p(
        clean,
        clean.map((value) => value + 0.6),
        4,
        999,
      ),
    ).toBeLessThan(0.01);
    const noise = normals(clean.length, rng(5));
    const steps = differences(clean, size);
    const noisy = differences(
      clean.map((value, i) => value + 0.3 * noise[i]!),
      size,
    );
    expect(p(steps, noisy, 4, 999)).toBeLessThan(0.05); // first differences betray noise
  });

  it('refuses blocks under a day and fewer than five pairs of them', () => {
    const clean = normals(300 * size, rng(1));
    expect(() => end(blockMmd(clean, clean, size, { blockRows: 12, rng: rng(1) }))).toThrow(ConfigError);
    expect(() => end(blockMmd(clean, clean, size, { blockRows: 48, rng: rng(1) }))).toThrow(/3 pairs of blocks of 48/);
  });
});

it('feature variation is the mean step of each feature, with its ratio', () => {
  const clean = Float32Array.of(0, 1, 0.5, 1, 0.25, 1);
  const attacked = Float32Array.of(0, 1, 1, 1.5, 0, 1);
  const [first, second] = featureVariation(clean, attacked, plainFeatures(2));
  expect(first).toMatchObject({ clean: 0.375, attacked: 1, difference: 0.625 });
  expect(first!.ratio).toBeCloseTo(1 / 0.375, 12);
  expect(second).toMatchObject({ clean: 0, attacked: 0.5, ratio: null });
  expect(() => featureVariation(clean, clean.subarray(2), plainFeatures(2))).toThrow(
    /attacked has 4 values, expected 6/,
  );
});

it('broken off anywhere, a test gives back the kernel’s memory', () => {
  const stream = rng(6);
  const rows = Float32Array.from({ length: 240 * 3 }, () => stream.normal());
  const other = rows.map((value) => value + 0.1 * stream.normal());
  const begun = (yields: number): Generator<number, unknown, void> => {
    const work = publishedMmd(rows, other, 3, { permutations: 200, rng: rng(1) });
    for (let k = 0; k < yields; k++) work.next();
    return work;
  };
  begun(1).return(undefined as never); // the kernel makes room for the first time
  const before = kernel().heap.used;
  for (let yields = 1; yields < 14; yields++) begun(yields).return(undefined as never);
  expect(kernel().heap.used).toBe(before);
});
