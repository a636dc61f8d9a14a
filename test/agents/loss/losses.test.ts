import { describe, expect, it } from 'vitest';
import { clippedSurrogate } from '../../../agents/loss/clipped-surrogate.ts';
import { squashedGradient, squashedSample } from '../../../agents/loss/squashed-gaussian.ts';
import { rng } from '../../../core/rng.ts';

/** Central difference of a function of one float32 entry. */
function slope(array: Float32Array, index: number, of: () => number, step = 1 / 128): number {
  const kept = array[index]!;
  array[index] = kept + step;
  const above = of();
  array[index] = kept - step;
  const below = of();
  array[index] = kept;
  return (above - below) / (2 * step);
}

describe('clippedSurrogate', () => {
  const rows = 40;
  const bins = 5;
  const draw = rng(11);
  const logits = Float32Array.from({ length: rows * bins }, () => draw.normal());
  const action = Int32Array.from({ length: rows }, () => draw.int(bins));
  const advantage = Float32Array.from({ length: rows }, () => draw.normal());
  const oldLogProb = Float32Array.from({ length: rows }, () => -1.6 + 0.5 * draw.normal());

  function run(z: Float32Array) {
    const gradient = new Float32Array(rows * bins);
    const stats = clippedSurrogate(z.slice(), rows, bins, action, oldLogProb, advantage, 0.2, 0.05, gradient);
    return { ...stats, gradient };
  }

  it('has the gradient of its loss', () => {
    const { gradient, clipped } = run(logits);
    expect(clipped).toBeGreaterThan(0.2);
    expect(clipped).toBeLessThan(1);
    // A step over the kink of the clip is not a slope: the largest of 200 differences may be one, the median not.
    const errors = [...gradient].map((g, i) => Math.abs(g - slope(logits, i, () => run(logits).loss)));
    errors.sort((a, b) => a - b);
    expect(errors[Math.floor(0.95 * errors.length)]).toBeLessThan(2e-4);
  });

  it('gives no gradient to a row that was clipped, and all of it to one that was not', () => {
    const z = Float32Array.of(2, 0);
    const gradient = new Float32Array(2);
    const probability = 1 / (1 + Math.exp(-2));
    const at = (old: number, a: number): number[] => {
      clippedSurrogate(
        z.slice(),
        1,
        2,
        Int32Array.of(0),
        Float32Array.of(Math.log(old)),
        Float32Array.of(a),
        0.2,
        0,
        gradient,
      );
      return [...gradient];
    };
    expect(at(probability / 1.5, 1)).toEqual([0, 0]);
    const ratio = 1.1;
    expect(at(probability / ratio, 1)[0]).toBeCloseTo(-ratio * (1 - probability), 5);
    expect(at(probability / 1.5, -1)[0]).toBeCloseTo(1.5 * (1 - probability), 5);
  });

  it('reports the entropy of a uniform policy and no divergence from itself', () => {
    const gradient = new Float32Array(4);
    const old = Float32Array.of(Math.log(0.25));
    const stats = clippedSurrogate(
      new Float32Array(4),
      1,
      4,
      Int32Array.of(2),
      old,
      Float32Array.of(1),
      0.2,
      0,
      gradient,
    );
    expect(stats.entropy).toBeCloseTo(Math.log(4), 6);
    expect(stats.kl).toBeCloseTo(0, 6);
  });
});

describe('squashed Gaussian', () => {
  const rows = 16;
  const actions = 2;
  const draw = rng(12);
  const output = Float32Array.from({ length: rows * 2 * actions }, () => 0.7 * draw.normal());
  const noise = Float32Array.from({ length: rows * actions }, () => draw.normal());
  const weight = Float32Array.from({ length: rows * actions }, () => draw.normal());

  function loss(): number {
    const action = new Float32Array(rows * actions);
    const logProb = new Float32Array(rows);
    squashedSample(output, rows, actions, noise, action, logProb);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += 0.3 * logProb[row]!;
    for (let i = 0; i < action.length; i++) sum -= weight[i]! * action[i]!; // q(x, a) = w·a
    return sum / rows;
  }

  it('has the gradient of mean(α log π − q) for a linear q', () => {
    const action = new Float32Array(rows * actions);
    squashedSample(output, rows, actions, noise, action, new Float32Array(rows));
    const gradient = new Float32Array(output.length);
    squashedGradient(output, rows, actions, noise, action, weight, 0.3, gradient);
    for (let i = 0; i < output.length; i++) expect(gradient[i]).toBeCloseTo(slope(output, i, loss), 3);
  });

  it('has a density that integrates to 1', () => {
    const n = 4000;
    let integral = 0;
    for (let i = 0; i < n; i++) {
      const a = -1 + (2 * (i + 0.5)) / n;
      const [mean, logStd] = [0.4, -0.5];
      const logProb = new Float32Array(1);
      squashedSample(
        Float32Array.of(mean, logStd),
        1,
        1,
        Float32Array.of((Math.atanh(a) - mean) / Math.exp(logStd)),
        new Float32Array(1),
        logProb,
      );
      integral += (Math.exp(logProb[0]!) * 2) / n;
    }
    expect(integral).toBeCloseTo(1, 3);
  });

  it('stays finite far out, and clamps the deviation', () => {
    const logProb = new Float32Array(2);
    const action = new Float32Array(2);
    squashedSample(Float32Array.of(40, -30, -40, 30), 2, 1, Float32Array.of(1, 1), action, logProb);
    expect(action[0]).toBe(1);
    expect(logProb.every(Number.isFinite)).toBe(true);
    const gradient = new Float32Array(4);
    squashedGradient(
      Float32Array.of(40, -30, -40, 30),
      2,
      1,
      Float32Array.of(1, 1),
      action,
      Float32Array.of(1, 1),
      0.1,
      gradient,
    );
    expect([gradient[1], gradient[3]]).toEqual([0, 0]);
  });
});
