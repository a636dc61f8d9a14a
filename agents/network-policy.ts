import type { Head } from '../core/policy.ts';
import { headActions } from '../core/policy.ts';
import type { Network } from '../nn/network.ts';
import { decodeAction } from '../nn/victim.ts';
import type { LearnedPolicy } from './learner.ts';
import type { ObservationStatistics } from './observation-statistics.ts';

/** What a policy needs of a network: its layers, its weights and what it computes. */
export type ReadableNetwork = Pick<Network, 'layers' | 'inputs' | 'outputs' | 'size' | 'forward' | 'readParameters'>;

/**
 * The mode of a policy head on a network that goes on learning: it reads the weights of the moment.
 * @param statistics what the network stands behind, for the policy's card
 */
export function networkPolicy(actor: ReadableNetwork, head: Head, statistics?: ObservationStatistics): LearnedPolicy {
  let logits = new Float32Array(actor.outputs);
  return {
    head,
    layers: actor.layers,
    observationSize: actor.inputs,
    actionSize: headActions(head),
    decide(x, rows, action) {
      if (logits.length !== rows * actor.outputs) logits = new Float32Array(rows * actor.outputs);
      actor.forward(x, rows, logits);
      decodeAction(head, logits, rows, action);
    },
    parameters() {
      const parameters = new Float32Array(actor.size);
      actor.readParameters(parameters);
      return parameters;
    },
    ...(statistics === undefined ? {} : { normaliser: () => statistics.freeze() }),
  };
}
