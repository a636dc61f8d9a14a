import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../core/rng.ts';
import { createNetwork } from '../../nn/create-network.ts';
import { initialise } from '../../nn/initialise.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';

/** What a network gives for inputs of which a share is 0: logits and input gradients. */
function run(parameters: Float32Array, x: Float32Array, dOut: Float32Array, rows: number, widths: readonly number[]) {
  using network = createNetwork(mlp(widths, 'relu'));
  network.writeParameters(parameters);
  const out = new Float32Array(rows * network.outputs);
  const dX = new Float32Array(rows * network.inputs);
  network.forward(x, rows, out);
  network.backwardInput(dOut, rows, dX);
  return { out, dX };
}

/** As bits: zeros keep their sign. */
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe('products with zero are left out where that is faster', () => {
  const setting = fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 4 }),
    rows: fc.integer({ min: 2, max: 9 }),
    zeros: fc.constantFrom(0, 0.3, 0.7, 1),
    seed: fc.nat(),
  });

  it('and not a bit changes: a batch is its rows, whatever the share of zeros, signed ones and biases of −0 too', () => {
    fc.assert(
      fc.property(setting, ({ widths, rows, zeros, seed }) => {
        const stream = rng(seed);
        const parameters = parametersOf(widths, seed).map((value) => (stream.uniform() < 0.3 ? -0 : value));
        const sparse = (length: number): Float32Array =>
          Float32Array.from({ length }, () => (stream.uniform() < zeros ? [0, -0][stream.int(2)]! : stream.normal()));
        const [inputs, outputs] = [widths[0]!, widths.at(-1)!];
        const x = sparse(rows * inputs);
        const dOut = sparse(rows * outputs);
        // One row of nothing but zeros, in a batch that is dense else: alone, it adds no product at all to its biases.
        x.fill(-0, 0, inputs);
        dOut.fill(0, 0, outputs);
        const batch = run(parameters, x, dOut, rows, widths);
        for (let row = 0; row < rows; row++) {
          const one = run(
            parameters,
            x.slice(row * inputs, (row + 1) * inputs),
            dOut.slice(row * outputs, (row + 1) * outputs),
            1,
            widths,
          );
          expect(bits(one.out)).toEqual(bits(batch.out.slice(row * outputs, (row + 1) * outputs)));
          expect(bits(one.dX)).toEqual(bits(batch.dX.slice(row * inputs, (row + 1) * inputs)));
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('but 0 · %s is not left out', (bad) => {
    const widths = [3, 5, 2];
    const parameters = parametersOf(widths, 1);
    parameters[0] = bad;
    for (const rows of [1, 4]) {
      const { out } = run(parameters, new Float32Array(rows * 3), new Float32Array(rows * 2), rows, widths);
      expect(out.some(Number.isNaN)).toBe(true);
    }
  });

  it.each<[string, (network: Network) => unknown]>([
    ['rmsprop', (network) => network.rmsprop({ learningRate: 3e38 })],
    ['adam', (network) => network.adam({ learningRate: 1e38 })],
    [
      'lerpFrom',
      (network) => {
        using source = createNetwork(network.layers);
        network.lerpFrom(source, Number.POSITIVE_INFINITY);
      },
    ],
  ])('nor is it where %s has made weights infinite', (_name, overflow) => {
    using network = createNetwork(mlp([3, 1], 'linear'));
    network.writeParameters(Float32Array.of(1, 2, 3, 1)); // a bias of 0 would itself become NaN
    const out = new Float32Array(1);
    network.forward(Float32Array.of(1, 1, 1), 1, out);
    network.backward(Float32Array.of(10), 1);
    overflow(network);
    network.forward(new Float32Array(3), 1, out);
    expect(out[0]).toBeNaN();
  });

  it('wide layers are walked in blocks, in the same order', () => {
    const widths = [3000, 17, 1];
    const parameters = parametersOf(widths, 5);
    const stream = rng(6);
    const x = Float32Array.from({ length: 4 * 3000 }, () => stream.normal());
    const batch = run(parameters, x, new Float32Array(4).fill(1), 4, widths);
    for (let row = 0; row < 4; row++) {
      const one = run(parameters, x.slice(row * 3000, (row + 1) * 3000), Float32Array.of(1), 1, widths);
      expect(one.out[0]).toBe(batch.out[row]);
      expect(one.dX).toEqual(batch.dX.slice(row * 3000, (row + 1) * 3000));
    }
  });
});

function parametersOf(widths: readonly number[], seed: number): Float32Array {
  using network = createNetwork(mlp(widths, 'relu'));
  initialise(network, rng(seed), { kind: 'torch-linear' });
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  return parameters;
}
