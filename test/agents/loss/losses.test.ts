import { describe, expect, it } from 'vitest';
import { squashedGradient, squashedSample } from '../../../agents/loss/squashed-gaussian.ts';
import { rng } from '../../../core/rng.ts';
import { centralDifference } from '../../support/central-difference.ts';

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
    for (let i = 0; i < output.length; i++)
      expect(gradient[i]).toBeCloseTo(centralDifference(output, i, 1 / 128, loss), 3);
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
