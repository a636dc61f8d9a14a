import type { Head } from '../core/policy.ts';
import { headActions } from '../core/policy.ts';
import { argMax } from '../logits/row.ts';
import type { Network } from '../nn/network.ts';
import type { LearnedPolicy } from './learner.ts';

type CategoricalHead = Extract<Head, { readonly kind: 'categorical' }>;
interface SquashedHead {
  readonly kind: 'squashed-gaussian';
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** The mode of a policy head on a network that goes on learning: it reads the weights of the moment. */
export function networkPolicy(actor: Network, head: CategoricalHead | SquashedHead): LearnedPolicy {
  const actions = headActions(head);
  const outputs = actor.outputs;
  let scratch = new Float32Array(outputs);
  return {
    head,
    layers: actor.layers,
    observationSize: actor.inputs,
    actionSize: actions,
    decide(x, rows, action) {
      if (scratch.length < rows * outputs) scratch = new Float32Array(rows * outputs);
      actor.forward(x, rows, scratch);
      for (let row = 0; row < rows; row++) {
        const at = row * outputs;
        if ('values' in head) action[row] = head.values[argMax(scratch, at, outputs)]!;
        else
          for (let j = 0; j < actions; j++)
            action[row * actions + j] = fromUnit(Math.tanh(scratch[at + j]!), head.low[j]!, head.high[j]!);
      }
    },
    parameters() {
      const parameters = new Float32Array(actor.size);
      actor.readParameters(parameters);
      return parameters;
    },
  };
}

/** The physical value of an action on the unit scale [−1, 1]. */
export function fromUnit(unit: number, low: number, high: number): number {
  return low + ((unit + 1) / 2) * (high - low);
}
