import { goalRows } from '../core/goal.ts';
import { headActions } from '../core/policy.ts';
import type { AsyncGradientAccess } from '../core/victim.ts';
import type { Tensorflow } from './backend/tensorflow.ts';
import { assertBatch } from './layers.ts';
import { chainStandardisation, standardisation, standardise } from './normalised-network.ts';
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
    assertBatch(x, rows, inputs, 'x', 'tensorVictim');
    const z = new Float32Array(rows * inputs);
    standardise(by, x, rows, inputs, z);
    return z;
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
    async logits(x, rows, out) {
      await tensors.forward(read(x, rows), rows, out);
    },
    async valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const z = read(x, rows);
      await tensors.gradient(
        z,
        rows,
        (logits, row, count, dLogits) => {
          objective.evaluate(
            head,
            logits,
            goalRows(goal, rows, row, count),
            count,
            value.subarray(row, row + count),
            dLogits,
          );
        },
        gradient,
      );
      if (by !== undefined) chainStandardisation(by, z, rows, inputs, gradient);
    },
    [Symbol.dispose]: () => tensors[Symbol.dispose](),
  };
}
