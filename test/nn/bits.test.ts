import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../core/sha256.ts';
import { rng } from '../../core/rng.ts';
import { mlp } from '../../nn/layers.ts';
import { wasmNetwork } from '../../nn/wasm-network.ts';
import { bits, fill, layersOf, passes, randomCase, uniform } from './random-network.ts';

describe('the bits of the WASM network', () => {
  it('do not depend on how rows are batched', () => {
    fc.assert(
      fc.property(randomCase, fc.integer({ min: 1, max: 97 }), ({ layers, rows, seed }, part) => {
        using whole = wasmNetwork(layers);
        using split = wasmNetwork(layers);
        fill(whole, seed);
        fill(split, seed);
        const data = rng(seed).split('data');
        const { inputs, outputs } = whole;
        const x = uniform(rows * inputs, data);
        const dOut = uniform(rows * outputs, data);
        const together = passes(whole, x, dOut, rows);
        for (const size of [1, Math.min(part, rows)]) {
          for (let row = 0; row < rows; row += size) {
            const count = Math.min(size, rows - row);
            const alone = passes(
              split,
              x.slice(row * inputs, (row + count) * inputs),
              dOut.slice(row * outputs, (row + count) * outputs),
              count,
            );
            const end = row + count;
            expect(bits(alone['y']!)).toEqual(bits(together['y']!.slice(row * outputs, end * outputs)));
            expect(bits(alone['dX']!)).toEqual(bits(together['dX']!.slice(row * inputs, end * inputs)));
            expect(bits(alone['dXalone']!)).toEqual(bits(alone['dX']!));
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  it('are those of float32 sums in order, without fused multiply-add, also over chunks of rows', () => {
    const rows = 203; // three chunks, and every tile of rows
    const [inputs, outputs] = [37, 29];
    using network = wasmNetwork(layersOf([inputs, outputs], ['linear']));
    fill(network, 5);
    const data = rng(6);
    const x = uniform(rows * inputs, data);
    const dOut = uniform(rows * outputs, data);
    const parameters = new Float32Array(network.size);
    network.readParameters(parameters);
    const round = Math.fround;

    const y = new Float32Array(rows * outputs);
    const dX = new Float32Array(rows * inputs);
    const gradients = new Float32Array(network.size);
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < outputs; o++) {
        const at = row * outputs + o;
        y[at] = parameters[inputs * outputs + o]!;
        for (let i = 0; i < inputs; i++) {
          y[at] = round(y[at]! + round(x[row * inputs + i]! * parameters[i * outputs + o]!));
          dX[row * inputs + i] = round(dX[row * inputs + i]! + round(dOut[at]! * parameters[i * outputs + o]!));
          const w = i * outputs + o;
          gradients[w] = round(gradients[w]! + round(x[row * inputs + i]! * dOut[at]!));
        }
        gradients[inputs * outputs + o] = round(gradients[inputs * outputs + o]! + dOut[at]!);
      }
    }
    const got = passes(network, x, dOut, rows);
    expect(bits(got['y']!)).toEqual(bits(y));
    expect(bits(got['dX']!)).toEqual(bits(dX));
    expect(bits(got['gradients']!)).toEqual(bits(gradients));
  });

  it('are the recorded ones after training, on any machine', () => {
    using network = wasmNetwork(mlp([31, 64, 64, 20], 'tanh'));
    fill(network, 1);
    const data = rng(2);
    const x = uniform(130 * 31, data);
    const dOut = uniform(130 * 20, data);
    const y = new Float32Array(130 * 20);
    for (let step = 0; step < 3; step++) {
      network.forward(x, 130, y);
      network.backward(dOut, 130);
      network.adam({ learningRate: 1e-3, maxGradientNorm: 0.5 });
    }
    network.forward(x, 130, y);
    expect(sha256Hex(new Uint8Array(y.buffer))).toBe(
      '3b7b7bcaacec3eaac7e84067d9e86c9714a458df1bcdcfce28f7e726bc82feaa',
    );
  });
});
