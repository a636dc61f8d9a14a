import type { VectorEnv } from '../core/environment.ts';
import type { Rng } from '../core/rng.ts';
import type { DecisionAccess } from '../core/victim.ts';

/** What each lane's episode came to. */
export interface Episodes {
  /** [N] undiscounted */
  readonly returns: Float64Array;
  /** [N] steps */
  readonly lengths: Float64Array;
}

/**
 * Plays one whole episode in every lane with a policy's deterministic decisions.
 *
 * One a lane, however long: counting the episodes that end first would count the short ones, which in some environments are
 * the bad ones and in others the good.
 */
export function playEpisodes(env: VectorEnv, policy: DecisionAccess, rng: Rng): Episodes {
  const { numEnvs } = env;
  const returns = new Float64Array(numEnvs);
  const lengths = new Float64Array(numEnvs);
  const ended = new Uint8Array(numEnvs);
  const action = new Float64Array(numEnvs * env.actionSpace.features.length);
  let { observation } = env.reset(rng);
  for (let open = numEnvs; open > 0;) {
    policy.decide(observation, numEnvs, action);
    const batch = env.step(action);
    observation = batch.observation;
    for (let lane = 0; lane < numEnvs; lane++) {
      if (ended[lane] === 1) continue;
      returns[lane]! += batch.reward[lane]!;
      lengths[lane]!++;
      if (batch.terminated[lane] === 0 && batch.truncated[lane] === 0) continue;
      ended[lane] = 1;
      open--;
    }
  }
  return { returns, lengths };
}
