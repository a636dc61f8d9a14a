import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../core/errors.ts';
import type { Normaliser } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { mlp } from '../../nn/layers.ts';
import { normalisedNetwork, standardisation } from '../../nn/normalised-network.ts';
import { loadPolicy, policyFiles, savePolicy } from '../../nn/policy.ts';
import { plainFeatures } from '../support/threat.ts';
import { fill, uniform } from './random-network.ts';

const layers = mlp([4, 6, 2], 'tanh');

/** Mean, variance and clip of random statistics; the clip is small enough to bite. */
const statistics = fc.record({
  mean: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 }),
  variance: fc.array(fc.double({ min: 0.05, max: 4, noNaN: true }), { minLength: 4, maxLength: 4 }),
  epsilon: fc.constantFrom(1e-8, 0.1),
  clip: fc.double({ min: 0.5, max: 10, noNaN: true }),
});

const standardised = (x: Float32Array, { mean, variance, epsilon, clip }: Normaliser): number[] =>
  [...x].map((value, i) => {
    const z = (value - mean[i % 4]!) / Math.sqrt(variance[i % 4]! + epsilon);
    return Math.min(clip, Math.max(-clip, z));
  });

describe('a network behind frozen statistics', () => {
  it('reads the standardised, clipped observation', () => {
    fc.assert(
      fc.property(statistics, fc.nat(), (normaliser, seed) => {
        using plain = createNetwork(layers);
        fill(plain, seed);
        const x = uniform(12, rng(seed)).map((value) => 4 * value);
        const expected = new Float32Array(6);
        plain.forward(Float32Array.from(standardised(x, normaliser)), 3, expected);
        using inner = createNetwork(layers);
        fill(inner, seed);
        const network = normalisedNetwork(inner, standardisation(normaliser));
        const out = new Float32Array(6);
        network.forward(x, 3, out);
        out.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
      }),
      { numRuns: 40 },
    );
  });

  it('passes the derivative through, 0 where it clips', () => {
    const normaliser = { mean: [0.5, -1, 0, 2], variance: [0.25, 4, 1, 0.01], epsilon: 1e-8, clip: 1.5 };
    using network = normalisedNetwork(createNetwork(layers, 'reference'), standardisation(normaliser));
    fill(network, 3);
    const x = Float32Array.of(0.6, -2, 9, 2.05); // the third is clipped
    const dOut = Float32Array.of(0.7, -0.4);
    const loss = (point: Float32Array): number => {
      const out = new Float32Array(2);
      network.forward(point, 1, out);
      return 0.7 * out[0]! - 0.4 * out[1]!;
    };
    const dX = new Float32Array(4);
    network.forward(x, 1, new Float32Array(2));
    network.backward(dOut, 1, dX);
    const dX2 = new Float32Array(4);
    network.backwardInput(dOut, 1, dX2);
    expect(dX2).toEqual(dX);
    for (let i = 0; i < 4; i++) {
      const h = 1e-2;
      const moved = (by: number): number => loss(x.map((value, j) => (j === i ? value + by : value)));
      expect(dX[i]).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 2);
    }
    expect(dX[2]).toBe(0);
  });

  it('standardises the first inputs only where there are more: a critic’s actions stay as they are', () => {
    using inner = createNetwork(mlp([3, 2], 'linear'));
    fill(inner, 1);
    const by = standardisation({ mean: [1], variance: [3], epsilon: 1, clip: 10 });
    const network = normalisedNetwork(inner, by);
    const out = new Float32Array(2);
    network.forward(Float32Array.of(5, 7, -9), 1, out);
    const expected = new Float32Array(2);
    inner.forward(Float32Array.of(2, 7, -9), 1, expected);
    expect(out).toEqual(expected);
    expect(() => network.forward(new Float32Array(2), 1, out)).toThrow(ShapeError);
  });

  it('is what a policy with statistics on its card loads as, and what it saves', () => {
    const normaliser = { mean: [0.1, 0.2, 0.3, 0.4], variance: [1, 2, 3, 4], epsilon: 1e-8, clip: 10 };
    const description = {
      name: 'p',
      observation: { features: plainFeatures(4), normalisation: 'fixed', normaliser },
      action: { features: plainFeatures(1) },
      head: { kind: 'categorical', values: [-1, 1] } as const,
      layers,
    };
    const parameters = uniform(4 * 6 + 6 + 6 * 2 + 2, rng(8));
    const files = policyFiles(description, parameters);
    using policy = loadPolicy(files.card, files.weights, 'p');
    expect(savePolicy(policy)).toEqual(files);
    using plain = createNetwork(layers);
    plain.writeParameters(parameters);
    const [out, expected] = [new Float32Array(2), new Float32Array(2)];
    const x = Float32Array.of(0.9, 0.1, 0.5, 0.7);
    policy.network.forward(x, 1, out);
    plain.forward(Float32Array.from(standardised(x, normaliser)), 1, expected);
    out.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    for (const wrong of [
      { ...normaliser, mean: [1] },
      { ...normaliser, variance: [0, 1, 1, 1], epsilon: 0 },
      { ...normaliser, clip: 0 },
      { ...normaliser, variance: [-1, 1, 1, 1] },
    ])
      expect(() =>
        policyFiles({ ...description, observation: { ...description.observation, normaliser: wrong } }, parameters),
      ).toThrow(/normaliser/);
  });
});
