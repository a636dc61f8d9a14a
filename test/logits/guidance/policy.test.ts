import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { policyGuidance } from '../../../logits/guidance/policy.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { moduleContract } from '../module-contract.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const linear = (weights: readonly number[]): LogitModel<Tensor> => ({
  k: 3,
  logits: (x) => tf.tidy(() => tf.matMul(x as Tensor2D, tf.tensor2d([...weights], [2, 3]))),
});
const expertWeights = [1, -1, 0.5, 0.3, 2, -0.7];
const unsafe = Float32Array.of(1, 0, 0, -1, 0.5, 0.5);
const softmax = (z: readonly number[]): number[] => {
  const e = z.map(Math.exp);
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
};
const logits = (x: readonly number[], w: readonly number[]): number[] =>
  [0, 1, 2].map((k) => x[0]! * w[k]! + x[1]! * w[3 + k]!);

describe('guidance of a policy', () => {
  moduleContract(() => ({
    tf,
    base: linear(expertWeights),
    x: tf.tensor2d([0.3, -0.7, 1.1, 0.4], [2, 2]),
    at: (strength) =>
      Promise.resolve(
        policyGuidance(tf, {
          setting: { gamma: strength, eta: strength, rho: 0 },
          base: linear([0.2, 0.1, -0.4, 1, 0, 0.5]),
          unsafe,
        }) as never,
      ),
  }));

  it.each([Infinity, 0.6])('is the formula in float64, unsafe contexts counting within %s', (bandwidth) => {
    const baseWeights = [0.2, 0.1, -0.4, 1, 0, 0.5];
    const [gamma, eta] = [0.5, 0.4];
    using module = policyGuidance(tf, {
      setting: { gamma, eta, rho: 0 },
      base: linear(baseWeights),
      unsafe,
      bandwidth,
    });
    const x = [0.3, -0.7];
    const guided = tf.tidy(() => [
      ...module
        .wrap(linear(expertWeights))
        .logits(tf.tensor2d([x]))
        .dataSync(),
    ]);
    const contexts = [0, 1, 2].map((u) => [unsafe[2 * u]!, unsafe[2 * u + 1]!]);
    const near = softmax(contexts.map(([a, b]) => -((x[0]! - a!) ** 2 + (x[1]! - b!) ** 2) / (2 * bandwidth ** 2)));
    const there = contexts.map((u) => softmax(logits(u, expertWeights)));
    const [f, b] = [softmax(logits(x, expertWeights)), softmax(logits(x, baseWeights))];
    guided.forEach((value, k) => {
      const mixed = near.reduce((sum, w, u) => sum + w * there[u]![k]!, 0);
      expect(value).toBeCloseTo((1 + gamma) * Math.log(f[k]!) - gamma * Math.log(b[k]!) - eta * Math.log(mixed), 4);
    });
  });

  it('has nothing to learn, and reports how it moves away from the unsafe contexts', async () => {
    using module = policyGuidance(tf, {
      setting: { gamma: 0, eta: 0.8, rho: 0 },
      base: linear(expertWeights),
      unsafe: Float32Array.of(3, 0, 3, 0),
    });
    const x = tf.tensor2d([0.3, 0, 0.5, 0.1], [2, 2]);
    expect(await module.fit({ x, expert: linear(expertWeights) }, rng(1))).toEqual({ learned: 'nothing' });
    const { unsafe: mass, agreement, divergence, entropy } = await module.report({ x, expert: linear(expertWeights) });
    x.dispose();
    expect(mass!.steered).toBeLessThan(mass!.expert);
    expect(agreement).toBeLessThanOrEqual(1);
    expect(divergence).toBeGreaterThan(0);
    expect(entropy.steered).not.toBeCloseTo(entropy.expert, 4);
  });

  it('refuses η without contexts, and a base of other actions', () => {
    const base = linear(expertWeights);
    expect(() => policyGuidance(tf, { setting: { gamma: 0, eta: 1, rho: 0 }, base })).toThrow(ConfigError);
    expect(() => policyGuidance(tf, { setting: { gamma: 0, eta: 1, rho: 0 }, base, unsafe, bandwidth: 0 })).toThrow(
      ConfigError,
    );
    using module = policyGuidance(tf, { setting: { gamma: 1, eta: 0, rho: 0 }, base });
    expect(() => module.wrap({ k: 4, logits: (x) => x })).toThrow(ShapeError);
  });
});
