import type { Head } from '../core/policy.ts';
import { headActions } from '../core/policy.ts';
import type { Network } from '../nn/network.ts';
import { decodeAction } from '../nn/victim.ts';
import type { LearnedPolicy } from './learner.ts';

/** The mode of a policy head on a network that goes on learning: it reads the weights of the moment. */
export function networkPolicy(actor: Network, head: Head): LearnedPolicy {
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
  };
}
