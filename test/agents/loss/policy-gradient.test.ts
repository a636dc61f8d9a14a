import { describe, expect, it } from 'vitest';
import { categoricalGradient, categoricalLogProb, sampleBin } from '../../../agents/loss/categorical.ts';
import { clippedSurrogate } from '../../../agents/loss/clipped-surrogate.ts';
import { gaussianGradient, gaussianLogProb } from '../../../agents/loss/diagonal-gaussian.ts';
import { rng } from '../../../core/rng.ts';
import { centralDifference } from '../../support/central-difference.ts';

describe('the clipped surrogate', () => {
  const at = (ratio: number, advantage: number) => {
    const slope = new Float64Array(1);
    const old = Float64Array.of(-1.5);
    const stats = clippedSurrogate(
      Float64Array.of(-1.5 + Math.log(ratio)),
      old,
      Float32Array.of(advantage),
      1,
      0.2,
      slope,
    );
    return { ...stats, slope: slope[0]! };
  };

  it.each([
    // ratio, advantage, loss = −min(rÂ, clip(r)Â), slope = −rÂ or 0
    [1, 2, -2, -2],
    [1.1, 2, -2.2, -2.2],
    [1.5, 2, -2.4, 0],
    [1.5, -2, 3, 3],
    [0.5, 2, -1, -1],
    [0.5, -2, 1.6, 0],
  ])('ratio %d with advantage %d: loss %d, slope %d', (ratio, advantage, loss, slope) => {
    expect(at(ratio, advantage).loss).toBeCloseTo(loss, 12);
    expect(at(ratio, advantage).slope).toBeCloseTo(slope, 12);
  });

  it('estimates the divergence by (r − 1) − log r and counts what left the clip', () => {
    const old = Float64Array.of(-1, -1, -1);
    const now = Float64Array.of(-1, -1 + Math.log(2), -1 + Math.log(1.1));
    const stats = clippedSurrogate(now, old, Float32Array.of(1, 1, 1), 3, 0.2, new Float64Array(3));
    expect(stats.kl).toBeCloseTo((1 - Math.log(2) + 0.1 - Math.log(1.1)) / 3, 12);
    expect(stats.clipped).toBeCloseTo(1 / 3, 12);
  });
});

describe('a categorical policy', () => {
  const rows = 6;
  const bins = 5;
  const draw = rng(11);
  const logits = Float32Array.from({ length: rows * bins }, () => draw.normal());
  const action = Float32Array.from({ length: rows }, () => draw.int(bins));
  const slope = Float64Array.from({ length: rows }, () => draw.normal());
  const run = () => {
    const logProbs = logits.slice();
    const logProb = new Float64Array(rows);
    const entropy = new Float64Array(rows);
    categoricalLogProb(logProbs, rows, bins, action, logProb, entropy);
    return { logProbs, logProb, entropy };
  };

  it('has the entropy of a uniform choice, and of a certain one', () => {
    const entropy = new Float64Array(2);
    const z = Float32Array.of(3, 3, 3, 3, 100, 0, 0, 0);
    const logProb = new Float64Array(2);
    categoricalLogProb(z, 2, 4, Float32Array.of(2, 0), logProb, entropy);
    expect(entropy[0]).toBeCloseTo(Math.log(4), 6);
    expect(entropy[1]).toBeCloseTo(0, 6);
    expect(logProb[0]).toBeCloseTo(-Math.log(4), 6);
    expect(logProb[1]).toBeCloseTo(0, 6);
  });

  it('has the gradient of its loss', () => {
    const loss = (): number => {
      const { logProb, entropy } = run();
      return logProb.reduce((sum, value, row) => sum + (slope[row]! * value - 0.3 * entropy[row]!) / rows, 0);
    };
    const { logProbs, entropy } = run();
    const gradient = new Float32Array(rows * bins);
    categoricalGradient(logProbs, rows, bins, action, slope, entropy, 0.3, gradient);
    for (let i = 0; i < gradient.length; i++)
      expect(gradient[i]).toBeCloseTo(centralDifference(logits, i, 1 / 128, loss), 4);
  });

  it('draws a bin by where u falls', () => {
    const logProbs = Float32Array.of(0, 0.2, 0.5, 0.3).map(Math.log);
    expect([0, 0.1, 0.25, 0.69, 0.71, 0.999999].map((u) => sampleBin(logProbs, 0, 4, u))).toEqual([1, 1, 2, 2, 3, 3]);
  });
});

describe('a Gaussian policy', () => {
  const rows = 5;
  const actions = 3;
  const draw = rng(12);
  const normal = (): Float64Array => Float64Array.from({ length: rows * actions }, () => draw.normal());
  const mean = normal();
  const logDeviation = normal().map((value) => 0.5 * value);
  const action = normal();
  const slope = Float64Array.from({ length: rows }, () => draw.normal());
  const run = () => {
    const logProb = new Float64Array(rows);
    const entropy = new Float64Array(rows);
    gaussianLogProb(mean, logDeviation.map(Math.exp), action, rows, actions, logProb, entropy);
    return { logProb, entropy };
  };

  it('has the density and entropy of independent normals', () => {
    const logProb = new Float64Array(1);
    const entropy = new Float64Array(1);
    gaussianLogProb(Float64Array.of(0, 1), Float64Array.of(1, 2), Float64Array.of(0, 3), 1, 2, logProb, entropy);
    // log N(0; 0, 1) + log N(3; 1, 2)
    expect(logProb[0]).toBeCloseTo(-0.9189385332046727 + (-0.5 - Math.log(2) - 0.9189385332046727), 12);
    expect(entropy[0]).toBeCloseTo(2 * 1.4189385332046727 + Math.log(2), 12);
  });

  it('has the gradient of its loss', () => {
    const loss = (): number => {
      const { logProb, entropy } = run();
      return logProb.reduce((sum, value, row) => sum + (slope[row]! * value - 0.3 * entropy[row]!) / rows, 0);
    };
    const dMean = new Float64Array(mean.length);
    const dLogDeviation = new Float64Array(mean.length);
    gaussianGradient(mean, logDeviation.map(Math.exp), action, rows, actions, slope, 0.3, dMean, dLogDeviation);
    for (let i = 0; i < mean.length; i++) {
      expect(dMean[i]).toBeCloseTo(centralDifference(mean, i, 1e-5, loss), 7);
      expect(dLogDeviation[i]).toBeCloseTo(centralDifference(logDeviation, i, 1e-5, loss), 7);
    }
  });
});
