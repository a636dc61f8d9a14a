import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Activation } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { mlp } from '../../nn/layers.ts';
import type { Network } from '../../nn/network.ts';
import { referenceNetwork } from '../../nn/reference-network.ts';
import { wasmNetwork } from '../../nn/wasm-network.ts';
import { distance, fill, passes, randomCase, uniform } from './random-network.ts';

// A relu whose sum is 0 to within rounding may fall on either side, so the cases are drawn from fixed seeds.
const tolerance = 1e-5;

describe('the WASM network', () => {
  it('gives what the reference gives, forwards and backwards', () => {
    fc.assert(
      fc.property(randomCase, ({ layers, rows, seed }) => {
        using wasm = wasmNetwork(layers);
        using reference = referenceNetwork(layers);
        fill(wasm, seed);
        fill(reference, seed);
        const data = rng(seed).split('data');
        const x = uniform(rows * wasm.inputs, data);
        const dOut = uniform(rows * wasm.outputs, data);
        const got = passes(wasm, x, dOut, rows);
        const expected = passes(reference, x, dOut, rows);
        for (const name of Object.keys(expected))
          expect(distance(got[name]!, expected[name]!), name).toBeLessThan(tolerance);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

const functions: Record<Activation, (z: tf.Tensor) => tf.Tensor> = {
  linear: (z) => z,
  relu: tf.relu,
  tanh: tf.tanh,
  silu: (z) => tf.mul(z, tf.sigmoid(z)),
  elu: tf.elu,
};

function tfParameters(network: Network): tf.Variable[] {
  const plain = new Float32Array(network.size);
  network.readParameters(plain);
  let offset = 0;
  const take = (shape: number[]): tf.Variable => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.variable(tf.tensor(plain.slice(offset, (offset += size)), shape));
  };
  return network.layers.flatMap(({ inputs, outputs }) => [take([inputs, outputs]), take([outputs])]);
}

function tfForward(network: Network, parameters: readonly tf.Tensor[], x: tf.Tensor): tf.Tensor {
  return network.layers.reduce(
    (h, { activation }, l) => functions[activation](h.matMul(parameters[2 * l]!).add(parameters[2 * l + 1]!)),
    x,
  );
}

function concat(tensors: readonly tf.Tensor[]): Float32Array {
  return Float32Array.from(tensors.flatMap((tensor) => [...tensor.dataSync()]));
}

describe.each([
  ['wasm', wasmNetwork],
  ['reference', referenceNetwork],
])('TensorFlow.js and the %s network', (_name, make) => {
  beforeAll(async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
  });

  it('agree on outputs, input gradients and parameter gradients', () => {
    fc.assert(
      fc.property(randomCase, ({ layers, rows, seed }) => {
        using network = make(layers);
        fill(network, seed);
        const data = rng(seed).split('data');
        const x = uniform(rows * network.inputs, data);
        const dOut = uniform(rows * network.outputs, data);
        const got = passes(network, x, dOut, rows);
        tf.engine().startScope();
        const parameters = tfParameters(network);
        const input = tf.tensor2d(x, [rows, network.inputs]);
        const weight = tf.tensor2d(dOut, [rows, network.outputs]);
        const y = tfForward(network, parameters, input);
        const inputGradient = tf.grad((at) => tfForward(network, parameters, at).mul(weight).sum())(input);
        const { grads } = tf.variableGrads(() => tfForward(network, parameters, input).mul(weight).sum(), parameters);
        expect(distance(got['y']!, y.dataSync()), 'y').toBeLessThan(tolerance);
        expect(distance(got['dX']!, inputGradient.dataSync()), 'dX').toBeLessThan(tolerance);
        const gradients = concat(parameters.map(({ name }) => grads[name]!));
        expect(distance(got['gradients']!, gradients), 'gradients').toBeLessThan(tolerance);
        tf.engine().endScope();
        tf.disposeVariables();
      }),
      { numRuns: 15, seed: 11 },
    );
  });

  it.each(['relu', 'tanh'] as const)('make the same five Adam steps (%s)', (activation) => {
    const rows = 33;
    using network = make(mlp([31, 48, 40, 6], activation));
    fill(network, 3);
    const data = rng(4);
    const x = uniform(rows * network.inputs, data);
    const target = uniform(rows * network.outputs, data);
    tf.engine().startScope();
    const parameters = tfParameters(network);
    const input = tf.tensor2d(x, [rows, network.inputs]);
    const wanted = tf.tensor2d(target, [rows, network.outputs]);
    const optimizer = tf.train.adam(3e-3, 0.9, 0.999, 1e-5);
    const y = new Float32Array(target.length);
    const learned = new Float32Array(network.size);
    for (let step = 0; step < 5; step++) {
      network.forward(x, rows, y);
      network.backward(
        y.map((value, i) => (2 * (value - target[i]!)) / rows),
        rows,
      );
      network.adam({ learningRate: 3e-3, epsilon: 1e-5 });
      optimizer.minimize(
        () => tfForward(network, parameters, input).sub(wanted).square().sum().div(rows).asScalar(),
        false,
        parameters,
      );
    }
    network.readParameters(learned);
    expect(distance(learned, concat(parameters))).toBeLessThan(tolerance);
    tf.engine().endScope();
    tf.disposeVariables();
  });
});
