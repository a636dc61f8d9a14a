import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { nearestBin } from '../../../logits/nearest-bin.ts';
import { argMax } from '../../../logits/row.ts';
import { binned } from '../../../logits/scaling-law/binned.ts';
import { differencesOf } from '../../../logits/scaling-law/error-curve.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import { spreadOf, tempered } from '../../../logits/scaling-law/tempered.ts';
import { unitAction } from '../../../logits/unit-action.ts';
import type { ContinuousHead } from '../../../logits/neutral.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Network } from '../../../nn/network.ts';
import { centralDifference } from '../../support/central-difference.ts';
import { doubleNetwork } from './double-network.ts';

const heads = (['squashed-gaussian', 'gaussian', 'deterministic'] as const).map((kind): ContinuousHead => ({
  kind,
  low: [-2],
  high: [3],
}));

function means(seed: number): Network {
  const made = createNetwork(mlp([3, 8, 2], 'tanh')); // μ and a spread that is not read
  initialise(made, rng(seed), { kind: 'orthogonal', outputGain: 0.4 });
  return made;
}

const rowsOf = (seed: number, rows: number): Float32Array => {
  const random = rng(seed).split('x');
  return Float32Array.from({ length: 3 * rows }, () => random.normal());
};

describe('a continuous head read as bins', () => {
  it('has its largest logit at the bin nearest to the action, and three bins are never equally near', async () => {
    for (const head of heads) {
      using net = means(1);
      const x = rowsOf(1, 200);
      const z = await logitsOf(binned(net, head, 5), x);
      const raw = await logitsOf(net, x);
      const centres = [0, 0.25, 0.5, 0.75, 1];
      for (let row = 0; row < 200; row++)
        expect(argMax(z, 5 * row, 5)).toBe(nearestBin(centres, unitAction(head, 0, raw[2 * row]!)));
      const [, third] = differencesOf(z, 5, 2);
      expect(Math.min(...third!)).toBeGreaterThanOrEqual(0.5 - 1e-5);
    }
  });

  it('has the gradient that differences of its definition in float64 give', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(500), fc.constantFrom(...heads), async (seed, head) => {
        using net = means(seed);
        const double = doubleNetwork(net);
        const x = rowsOf(seed, 1);
        const dOut = Float32Array.from({ length: 4 }, (_, k) => Math.sin(seed + 2 * k));
        const response = binned(net, head, 4);
        await response.forward(x, 1, new Float32Array(4));
        const dX = new Float32Array(3);
        await response.backwardInput(dOut, 1, dX);
        const point = Float64Array.from(x);
        const u = (): number => unitAction(head, 0, double.forward(point)[0]!);
        if (head.kind !== 'squashed-gaussian' && (u() < 1e-3 || u() > 1 - 1e-3)) return; // at a clip
        const value = (): number => dOut.reduce((sum, g, k) => sum - (g / 2) * (3 * u() - k) ** 2, 0);
        for (let i = 0; i < 3; i++) {
          const wanted = centralDifference(point, i, 1e-5, value);
          expect(Math.abs(dX[i]! - wanted)).toBeLessThan(1e-4 * Math.max(1, Math.abs(wanted)));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses several components, and one bin', () => {
    using net = means(1);
    expect(() => binned(net, { kind: 'gaussian', low: [0, 0], high: [1, 1] }, 5)).toThrow(ConfigError);
    expect(() => binned(net, heads[0]!, 1)).toThrow('1 bins');
  });
});

describe('a tempered response', () => {
  it('is z/τ with its gradient, and τ the mean spread of a row', async () => {
    using net = means(2);
    const x = rowsOf(2, 50);
    const z = await logitsOf(net, x);
    const spread = await spreadOf(net, x);
    const wanted = Array.from({ length: 50 }, (_, row) => Math.abs(z[2 * row]! - z[2 * row + 1]!) / 2);
    expect(spread).toBeCloseTo(wanted.reduce((sum, value) => sum + value, 0) / 50, 6);
    const cold = tempered(net, spread);
    const zCold = await logitsOf(cold, x.subarray(0, 6));
    zCold.forEach((value, i) => expect(value).toBeCloseTo(z[i]! / spread, 5));
    const [plain, scaled] = [new Float32Array(6), new Float32Array(6)];
    await cold.backwardInput(Float32Array.of(1, 0, 0.5, -1), 2, scaled);
    net.backwardInput(Float32Array.of(1, 0, 0.5, -1), 2, plain);
    scaled.forEach((value, i) => expect(value).toBeCloseTo(plain[i]! / spread, 4));
    expect(() => tempered(net, 0)).toThrow(ConfigError);
  });
});
