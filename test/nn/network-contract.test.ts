import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError, StateError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { kernel } from '../../nn/kernel/kernel.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { distance, fill, uniform } from './random-network.ts';

const rows = 9;
const layers = mlp([6, 11, 5], 'tanh');

function parametersOf(network: Network): Float32Array {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  return parameters;
}

function train(network: Network, seed: number, steps: number, maxGradientNorm = 0): number {
  const data = rng(seed);
  const x = uniform(rows * network.inputs, data);
  const dOut = uniform(rows * network.outputs, data);
  let norm = 0;
  for (let step = 0; step < steps; step++) {
    network.forward(x, rows, new Float32Array(rows * network.outputs));
    network.backward(dOut, rows);
    norm = network.adam({ learningRate: 1e-2, maxGradientNorm });
  }
  return norm;
}

describe.each(['wasm', 'reference'] as const)('a %s network', (kind) => {
  it('gives back the parameters it was given', () => {
    using network = createNetwork(layers, kind);
    const parameters = uniform(network.size, rng(1));
    network.writeParameters(parameters);
    expect(parametersOf(network)).toEqual(parameters);
    expect(network.size).toBe(6 * 11 + 11 + 11 * 5 + 5);
  });

  it('makes RMSprop’s step, ε inside the root and v from 1, and keeps v where a checkpoint finds it', () => {
    using network = createNetwork(layers, kind);
    fill(network, 4);
    const x = uniform(2 * network.inputs, rng(5));
    const dOut = uniform(2 * network.outputs, rng(6));
    const gradient = new Float32Array(network.size);
    const expected = Float64Array.from(parametersOf(network));
    const v = new Float64Array(network.size).fill(1);
    for (const gradientScale of [1, 0.25]) {
      network.forward(x, 2, new Float32Array(2 * network.outputs));
      network.backward(dOut, 2);
      network.readGradients(gradient);
      expect(network.gradientNorm()).toBeCloseTo(Math.hypot(...gradient), 4);
      network.rmsprop({ learningRate: 0.1, alpha: 0.9, epsilon: 1e-5, gradientScale });
      gradient.forEach((g, i) => {
        v[i] = 0.9 * v[i]! + 0.1 * (g * gradientScale) ** 2;
        expected[i]! -= (0.1 * g * gradientScale) / Math.sqrt(v[i]! + 1e-5);
      });
    }
    parametersOf(network).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    const moments = new Float32Array(2 * network.size);
    expect(network.readAdam(moments)).toBe(2);
    moments.subarray(network.size).forEach((value, i) => expect(value).toBeCloseTo(v[i]!, 5));
  });

  it.each([{ learningRate: Number.NaN }, { learningRate: 0.1, epsilon: 0 }])('refuses RMSprop with %o', (step) => {
    using network = createNetwork(layers, kind);
    train(network, 1, 1);
    expect(() => network.rmsprop(step)).toThrow(ConfigError);
  });

  it('continues from a saved optimiser state as if nothing had happened', () => {
    using straight = createNetwork(layers, kind);
    using first = createNetwork(layers, kind);
    using second = createNetwork(layers, kind);
    fill(straight, 2);
    fill(first, 2);
    train(straight, 3, 6);
    train(first, 3, 3);
    const moments = new Float32Array(2 * first.size);
    const steps = first.readAdam(moments);
    expect(steps).toBe(3);
    second.writeParameters(parametersOf(first));
    second.writeAdam(moments, steps);
    train(second, 3, 3);
    expect(parametersOf(second)).toEqual(parametersOf(straight));
  });

  it('returns the gradient norm before clipping and makes the step of the clipped gradient', () => {
    using free = createNetwork(layers, kind);
    using clipped = createNetwork(layers, kind);
    fill(free, 4);
    fill(clipped, 4);
    const norm = train(free, 5, 1);
    expect(train(clipped, 5, 1, 0.1)).toBe(norm);
    expect(norm).toBeGreaterThan(1);
    const gradients = new Float32Array(free.size);
    free.readGradients(gradients);
    expect(Math.hypot(...gradients)).toBeCloseTo(norm, 5);
    const moments = new Float32Array(2 * free.size);
    clipped.readAdam(moments);
    // m = (1 − β₁)·g after one step, so its norm shows the clipped one.
    expect(Math.hypot(...moments.subarray(0, free.size)) / 0.1).toBeCloseTo(0.1, 5);
  });

  it('moves towards a source of either kind by tau', () => {
    for (const sourceKind of ['wasm', 'reference'] as const) {
      using network = createNetwork(layers, kind);
      using source = createNetwork(layers, sourceKind);
      fill(network, 6);
      fill(source, 7);
      const from = parametersOf(network);
      const to = parametersOf(source);
      network.lerpFrom(source, 0.25);
      expect(
        distance(
          parametersOf(network),
          from.map((value, i) => value + 0.25 * (to[i]! - value)),
        ),
      ).toBeLessThan(1e-7);
      const x = uniform(rows * 6, rng(8));
      const dX = new Float32Array(rows * 6);
      const check = (): Float32Array => {
        network.forward(x, rows, new Float32Array(rows * 5));
        network.backwardInput(new Float32Array(rows * 5).fill(1), rows, dX);
        return dX.slice();
      };
      const before = check();
      network.lerpFrom(source, 1); // the transposed weights must follow
      expect(distance(check(), before)).toBeGreaterThan(1e-3);
    }
  });

  it('takes scratch buffers that are too long, and batches that grow and shrink', () => {
    using network = createNetwork(layers, kind);
    fill(network, 9);
    const x = uniform(300 * 6, rng(10));
    const all = new Float32Array(300 * 5);
    network.forward(x, 300, all);
    const out = new Float32Array(20 * 5).fill(7);
    network.forward(x, 2, out);
    expect(out.subarray(0, 10)).toEqual(all.subarray(0, 10));
    expect(out.subarray(10).every((value) => value === 7)).toBe(true);
    network.forward(x, 0, out);
  });

  it('refuses what does not fit, by name', () => {
    using network = createNetwork(layers, kind);
    const x = new Float32Array(2 * 6);
    const out = new Float32Array(2 * 5);
    expect(() => network.forward(x, 3, out)).toThrow('forward: x has 12 values, expected at least 3×6');
    expect(() => network.forward(x, 2, out.subarray(1))).toThrow(ShapeError);
    network.forward(x, 2, out);
    expect(() => network.backwardInput(out, 1, x)).toThrow(StateError);
    expect(() => network.backward(out, 2, x.subarray(1))).toThrow('backward: dX has 11 values, expected at least 2×6');
    expect(() => network.writeParameters(new Float32Array(3))).toThrow('expected 137');
    expect(() => network.adam({ learningRate: Number.NaN })).toThrow(kind === 'wasm' ? StateError : ConfigError);
    network.backward(out, 2);
    expect(() => network.adam({ learningRate: Number.NaN })).toThrow(ConfigError);
    expect(() => network.adam({ learningRate: 1, epsilon: 0 })).toThrow(ConfigError);
    using other = createNetwork(mlp([6, 12, 5], 'tanh'), kind);
    expect(() => network.lerpFrom(other, 1)).toThrow('lerpFrom: the layers are 6-12-5, expected 6-11-5');
    expect(() => createNetwork([], kind)).toThrow('got no layers');
    expect(() => createNetwork(mlp([3, 0], 'relu'), kind)).toThrow('layer 0 has outputs 0');
    expect(() => createNetwork([...layers, { inputs: 6, outputs: 1, activation: 'relu' }], kind)).toThrow(
      'layer 2 reads 6 inputs, expected 5',
    );
  });
});

describe('Adam in WASM', () => {
  it('drops moments that have become too small to matter, and keeps NaN', () => {
    using network = createNetwork(mlp([1, 3], 'linear'));
    const { size } = network;
    const zero = new Float32Array(3);
    network.forward(zero, 1, zero.slice());
    network.backward(zero, 1);
    const moments = Float32Array.from({ length: 2 * size }, (_, i) => [1e-37, -1e-37, 1e-30, Number.NaN][i % 4]!);
    moments[size + 1] = 1e-37;
    network.writeAdam(moments, 9);
    network.adam({ learningRate: 1e-3 });
    network.readAdam(moments);
    expect([...moments.subarray(0, 4)]).toEqual([0, 0, Math.fround(Math.fround(0.9) * Math.fround(1e-30)), Number.NaN]);
    expect(moments[size + 1]).toBe(0);
  });
});

describe('a disposed WASM network', () => {
  it('has given all its memory back and can no longer be used', () => {
    const { heap } = kernel();
    const before = heap.used;
    const networks = Array.from({ length: 5 }, (_, i) => createNetwork(mlp([31, 40 + i, 20], 'silu')));
    for (const network of networks) train(network, 1, 1);
    expect(heap.used).toBeGreaterThan(before);
    for (const network of networks) network[Symbol.dispose]();
    networks[0]![Symbol.dispose]();
    expect(heap.used).toBe(before);
    expect(() => networks[0]!.forward(new Float32Array(31), 1, new Float32Array(20))).toThrow(StateError);
  });
});
