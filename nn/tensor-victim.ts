import { headActions } from '../core/policy.ts';
import type { AsyncGradientAccess } from '../core/victim.ts';
import type { Tensorflow } from './backend/tensorflow.ts';
import { standardisation } from './normalised-network.ts';
import type { Policy } from './policy.ts';
import { tensorNetwork } from './tensor-network.ts';
import { decodeAction } from './victim.ts';

/** White-box access to a policy on the current tensor backend, for large batches; the weights are copied. */
export function tensorVictim(
  tf: Tensorflow,
  policy: Policy,
  maxTensorBytes?: number,
): AsyncGradientAccess & Disposable {
  const { network, card } = policy;
  const { head } = card;
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  const tensors = tensorNetwork(tf, network.layers, maxTensorBytes);
  tensors.writeParameters(parameters);
  const { normaliser } = card.observation;
  const by = normaliser === undefined ? undefined : standardisation(normaliser);
  const { inputs, outputs } = network;

  /** What the first layer reads: the observation, or its standardised copy. */
  const read = (x: Float32Array, rows: number): Float32Array => {
    if (by === undefined) return x;
    const z = new Float32Array(rows * inputs);
    for (let i = 0; i < z.length; i++) {
      const value = (x[i]! - by.mean[i % inputs]!) * by.scale[i % inputs]!;
      z[i] = Math.max(-by.clip, Math.min(by.clip, value));
    }
    return z;
  };
  /** The derivative through the standardisation; 0 where it clips. */
  const chain = (z: Float32Array, rows: number, gradient: Float32Array): void => {
    if (by === undefined) return;
    const limit = Math.fround(by.clip);
    for (let i = 0; i < rows * inputs; i++)
      gradient[i] = Math.abs(z[i]!) >= limit ? 0 : gradient[i]! * by.scale[i % inputs]!;
  };

  return {
    observationSize: inputs,
    actionSize: headActions(head),
    logitsSize: outputs,
    head,
    async decide(x, rows, action) {
      const logits = new Float32Array(rows * outputs);
      await tensors.forward(read(x, rows), rows, logits);
      decodeAction(head, logits, rows, action);
    },
    logits: (x, rows, out) => tensors.forward(read(x, rows), rows, out),
    async valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const z = read(x, rows);
      await tensors.gradient(
        z,
        rows,
        (logits, row, count, dLogits) => {
          const part = {
            clean: goal.clean.subarray(row * outputs, (row + count) * outputs),
            side: goal.side.subarray(row, row + count),
          };
          objective.evaluate(head, logits, part, count, value.subarray(row, row + count), dLogits);
        },
        gradient,
      );
      chain(z, rows, gradient);
    },
    [Symbol.dispose]: () => tensors[Symbol.dispose](),
  };
}
