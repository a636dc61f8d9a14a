import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { margin } from '../../../logits/margin.ts';
import { differencesOf, errorsOf } from '../../../logits/scaling-law/error-curve.ts';
import { scalingLaw } from '../../../logits/scaling-law/law.ts';
import { logitResponse, prefactor } from '../../../logits/scaling-law/linear-response.ts';
import { pgd, signs, signStep } from '../../../logits/scaling-law/sign-attack.ts';
import { cdfExponent } from '../../../logits/statistic/cdf-exponent.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Network } from '../../../nn/network.ts';
import { doubleNetwork } from './double-network.ts';

const widths = [5, 16, 4];

function network(seed: number): Network {
  const made = createNetwork(mlp(widths, 'tanh'));
  initialise(made, rng(seed), { kind: 'orthogonal', outputGain: 2 });
  return made;
}

const normals = (seed: number, count: number): Float32Array => {
  const random = rng(seed).split('x');
  return Float32Array.from({ length: count }, () => random.normal());
};

/** Two logits ±w·x/2 of one input, so that x is the log odds over w. */
function halfLine(weight: number): Network {
  const line = createNetwork([{ inputs: 1, outputs: 2, activation: 'linear' }]);
  line.writeParameters(Float32Array.of(weight / 2, -weight / 2, 0, 0));
  return line;
}

describe('signs', () => {
  it('are those of the derivative in float64, of either loss', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), async (seed) => {
        using net = network(seed);
        const double = doubleNetwork(net);
        const x = normals(seed, 15);
        const labels = [0, 3, 1];
        for (const loss of [crossEntropy, margin]) {
          const s = await signs(net, x, labels, loss);
          for (const [row, label] of labels.entries()) {
            const point = Float64Array.from(x.subarray(row * 5, row * 5 + 5));
            const slope = double.gradient(point, (z, g) => loss(z, 0, 4, label, g));
            for (let i = 0; i < 5; i++)
              if (Math.abs(slope[i]!) > 1e-4) expect(s[row * 5 + i]).toBe(Math.sign(slope[i]!));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('do not fade where the softmax is sure', async () => {
    using line = halfLine(400);
    expect(await signs(line, Float32Array.of(1, -1), [0, 1], crossEntropy)).toEqual(Float32Array.of(-1, 1));
  });

  it('name shapes that do not fit', async () => {
    using line = halfLine(1);
    await expect(signs(line, Float32Array.of(1, 2), [0], crossEntropy)).rejects.toThrow(ShapeError);
    await expect(signs(line, new Float32Array(0), [], crossEntropy)).rejects.toThrow('at least one');
  });
});

describe('pgd', () => {
  it('stays in the ball, and in one step of ε is the fast gradient sign', async () => {
    using net = network(3);
    const x = normals(3, 50);
    const labels = Int32Array.from({ length: 10 }, (_, row) => row % 4);
    const shown = await pgd(net, x, labels, crossEntropy, 0.3);
    expect(Math.max(...shown.map((value, i) => Math.abs(value - x[i]!)))).toBeLessThanOrEqual(0.3 + 1e-6);
    const once = await pgd(net, x, labels, crossEntropy, 0.3, { steps: 1, stepSize: 1 });
    const fast = new Float32Array(x.length);
    signStep(x, await signs(net, x, labels, crossEntropy), 0.3, fast);
    for (let i = 0; i < x.length; i++) expect(once[i]).toBeCloseTo(fast[i]!, 5);
  });

  it('refuses steps that are none', async () => {
    using net = network(3);
    await expect(pgd(net, normals(3, 5), [0], crossEntropy, 0.3, { steps: 0 })).rejects.toThrow(ConfigError);
  });
});

describe('logitResponse', () => {
  it('is the directional derivative in float64', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), async (seed) => {
        using net = network(seed);
        const double = doubleNetwork(net);
        const x = normals(seed, 10);
        const s = normals(seed + 1, 10).map(Math.sign);
        const v = await logitResponse(net, x, s);
        for (let row = 0; row < 2; row++) {
          const cut = (a: Float32Array): Float64Array => Float64Array.from(a.subarray(row * 5, row * 5 + 5));
          for (let k = 0; k < 4; k++) {
            const slope = double.gradient(cut(x), (_z, g) => g.fill(0).fill(1, k, k + 1));
            const along = slope.reduce((sum, value, i) => sum + value * cut(s)[i]!, 0);
            expect(Math.abs(v[row * 4 + k]! - along)).toBeLessThan(2e-3 * Math.max(1, Math.abs(along)));
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('errors and differences', () => {
  const table = fc.array(fc.array(fc.float({ noNaN: true, min: -9, max: 9 }), { minLength: 5, maxLength: 5 }), {
    minLength: 1,
    maxLength: 8,
  });

  it('count the rows whose class has sunk to rank j or below', () => {
    fc.assert(
      fc.property(table, fc.nat(4), (rows, top) => {
        const z = Float32Array.from(rows.flat());
        const got = errorsOf(
          z,
          rows.map(() => top),
          5,
          3,
        );
        const rank = (row: readonly number[]): number => row.filter((value) => value > row[top]!).length + 1;
        expect(got).toEqual([2, 3, 4].map((j) => rows.filter((row) => rank(row) >= j).length / rows.length));
      }),
    );
  });

  it('rise with j and do not see constants or the order of classes', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const [d2, d3] = differencesOf(Float32Array.from(rows.flat()), 5, 3);
        const moved = rows.flatMap((row) => row.toReversed());
        const again = differencesOf(Float32Array.from(moved), 5, 3);
        for (const row of rows.keys()) {
          expect(d2![row]).toBeGreaterThanOrEqual(0);
          expect(d3![row]).toBeGreaterThanOrEqual(d2![row]!);
          expect(again[0]![row]).toBe(d2![row]);
        }
      }),
    );
  });

  it('of independent uniform logits have the exponents j − 1', () => {
    const random = rng(1);
    const z = Float32Array.from({ length: 20_000 * 10 }, () => random.uniform());
    const exponents = differencesOf(z, 10, 3).map((values) => cdfExponent(values).exponent);
    expect(Math.abs(exponents[0]! - 1)).toBeLessThan(0.15);
    expect(Math.abs(exponents[1]! - 2)).toBeLessThan(0.25);
    expect(exponents[2]).toBeGreaterThan(2.2); // 3, from the few that are so near
  });
});

describe('scalingLaw', () => {
  it('of a line is known: the error is the share of points within ε, the prefactor their density', async () => {
    using line = halfLine(3);
    const random = rng(2);
    const x = Float32Array.from({ length: 8000 }, () => 2 * random.uniform() - 1);
    const law = await scalingLaw(line, x, { pgdRows: 4000 });
    expect(Math.abs(law.prefactor.value - 1)).toBeLessThan(0.15); // of 240 points
    expect(Math.abs(law.differences[0]!.exponent - 1)).toBeLessThan(0.15);
    for (const [at, epsilon] of law.epsilons.entries()) {
      const share = x.filter((value) => Math.abs(value) < epsilon).length / x.length;
      expect(law.fgsm.measured[0]![at]).toBeCloseTo(share, 3);
      expect(law.fgsm.predicted![0]![at]).toBeCloseTo(share, 3);
    }
    for (const curve of [law.fgsm, law.stepLeastLikely, law.pgd])
      expect(Math.abs(curve.fits[0]!.exponent - 1)).toBeLessThan(0.15);
  });

  it('of an untrained network has slopes near j − 1, and is predicted without an attack', async () => {
    using net = createNetwork(mlp([20, 32, 10], 'tanh'));
    initialise(net, rng(5), { kind: 'orthogonal', outputGain: 1 });
    const law = await scalingLaw(net, normals(5, 20 * 6000), { pgdRows: 500, points: 7 });
    expect(Math.abs(law.fgsm.fits[0]!.exponent - 1)).toBeLessThan(0.15);
    expect(Math.abs(law.differences[1]!.exponent - 2)).toBeLessThan(0.35);
    for (const [at, measured] of law.fgsm.measured[0]!.entries()) {
      if (measured < 5e-3 || measured > 0.05) continue;
      expect(law.fgsm.predicted![0]![at]! / measured).toBeCloseTo(1, 1);
      expect((law.prefactor.value * law.epsilons[at]!) / measured).toBeGreaterThan(1 / 1.5);
      expect((law.prefactor.value * law.epsilons[at]!) / measured).toBeLessThan(1.5);
    }
  });

  it('counts a runner-up that moves away as 0 in the prefactor', () => {
    const a = prefactor(Float32Array.of(1, 0, 1, 0.5), Float32Array.of(0, 2, 0, -4), 2, 1);
    expect(a).toEqual({ density: 1, susceptibility: 1, meanSusceptibility: 1, value: 1, meanField: 1 });
  });

  it('has for its prefactor the slope of the error at 0, where χ depends on Δ and the mean field is wrong', () => {
    const rows = 10_000;
    const z = new Float32Array(2 * rows);
    const v = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      const difference = (10 * (row + 0.5)) / rows; // even over 0…10
      z[2 * row] = difference;
      v[2 * row + 1] = difference < 1 ? 1 : 10;
    }
    const a = prefactor(z, v, 2);
    const epsilon = 0.05; // nothing beyond Δ = 1 changes
    const error = errorsOf(
      z.map((value, i) => value + epsilon * v[i]!),
      new Int32Array(rows),
      2,
      1,
    )[0]!;
    expect(error).toBeCloseTo(0.005, 4);
    expect(a.value * epsilon).toBeCloseTo(error, 4);
    expect(a.meanField / a.value).toBeCloseTo(9.1, 1);
  });

  it('attacks by PGD rows from everywhere, not the first', async () => {
    using line = halfLine(1);
    // The first half of the rows is far from the boundary, the second near it.
    const random = rng(4);
    const x = Float32Array.from({ length: 4000 }, (_, row) => (row < 2000 ? 50 : 2 * random.uniform() - 1));
    const law = await scalingLaw(line, x, { pgdRows: 1000 });
    for (const [at, error] of law.pgd.measured[0]!.entries())
      if (Number.isFinite(error)) expect(Math.abs(error / law.fgsm.measured[0]![at]! - 1)).toBeLessThan(0.35);
    expect(law.pgd.measured[0]!.filter(Number.isFinite).length).toBeGreaterThan(4);
  });

  it('runs PGD only where its errors can be fitted', async () => {
    using net = network(7);
    const law = await scalingLaw(net, normals(7, 5 * 2000), { pgdRows: 400 });
    for (const [at, error] of law.pgd.measured[0]!.entries()) {
      const outside = law.fgsm.measured[0]![at]! > 0.15 || law.fgsm.measured[0]![at]! < 5 / 400;
      expect(Number.isNaN(error)).toBe(outside);
    }
    expect(law.pgd.measured[0]!.some(Number.isFinite)).toBe(true);
    expect(law.pgd.fits[0]!.points).toBeGreaterThan(2);
  });

  it('refuses logits without a response, and one logit', async () => {
    using flat = halfLine(0);
    await expect(scalingLaw(flat, Float32Array.of(1, 2))).rejects.toThrow(ConfigError);
    using single = createNetwork([{ inputs: 1, outputs: 1, activation: 'linear' }]);
    await expect(scalingLaw(single, Float32Array.of(1, 2))).rejects.toThrow('at least 2');
  });
});
