import { describe, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import type { Initialisation } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';

const widths = [31, 64, 48, 20];

function draw(scheme: Initialisation, seed: number): { weight: Float32Array; bias: Float32Array }[] {
  using network = createNetwork(mlp(widths, 'tanh'));
  initialise(network, rng(seed), scheme);
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  let offset = 0;
  return network.layers.map(({ inputs, outputs }) => {
    const weight = parameters.slice(offset, (offset += inputs * outputs));
    return { weight, bias: parameters.slice(offset, (offset += outputs)) };
  });
}

describe('initialise', () => {
  it('draws orthogonal weights with the gain of each layer', () => {
    for (const [l, { weight, bias }] of draw({ kind: 'orthogonal', outputGain: 0.01 }, 1).entries()) {
      const [inputs, outputs] = [widths[l]!, widths[l + 1]!];
      const gain = l === 2 ? 0.01 : Math.SQRT2;
      const tall = inputs >= outputs;
      const count = tall ? outputs : inputs;
      const at = (v: number, i: number): number => weight[tall ? i * outputs + v : v * outputs + i]! / gain;
      for (let a = 0; a < count; a++) {
        for (let b = 0; b <= a; b++) {
          let dot = 0;
          for (let i = 0; i < Math.max(inputs, outputs); i++) dot += at(a, i) * at(b, i);
          expect(dot).toBeCloseTo(a === b ? 1 : 0, 6);
        }
      }
      expect(bias.every((value) => value === 0)).toBe(true);
    }
  });

  it('draws PyTorch linear weights uniformly within ±1/√inputs, biases too', () => {
    for (const [l, { weight, bias }] of draw({ kind: 'torch-linear' }, 2).entries()) {
      const bound = 1 / Math.sqrt(widths[l]!);
      const values = [...weight, ...bias].map((value) => value / bound);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(Math.max(...values)).toBeGreaterThan(0.98);
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(3 * values.length));
      expect(Math.abs(variance - 1 / 3)).toBeLessThan(0.04);
    }
  });

  it('is a function of the seed', () => {
    const scheme = { kind: 'orthogonal', outputGain: 1 } as const;
    expect(draw(scheme, 3)).toEqual(draw(scheme, 3));
    expect(draw(scheme, 3)).not.toEqual(draw(scheme, 4));
  });
});
