import type { Rng } from '../../core/rng.ts';
import type { ActorCritic, StepOptions } from '../actor-critic/model.ts';
import type { Method } from '../actor-critic/on-policy.ts';
import { OnPolicyLearner } from '../actor-critic/on-policy.ts';
import type { Rollout } from '../actor-critic/rollout.ts';
import type { Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { scheduled } from '../schedule.ts';
import type { State } from '../state.ts';
import type { A2cConfig } from './config.ts';

/**
 * Advantage actor-critic: one gradient step on each short rollout, `L = −mean Â·log π(a|x)` for the policy.
 *
 * Sources: Mnih et al. (2016), "Asynchronous Methods for Deep Reinforcement Learning", in its synchronous form; details as
 * Stable-Baselines3 1.8, see docs/learners.md.
 */
export function a2c(config: A2cConfig, spaces: LearnerSpaces, rng: Rng): Learner {
  const rows = config.n_steps * spaces.numEnvs;
  return new OnPolicyLearner(
    { name: 'a2c', config, rows, method: (model) => new A2c(config, model, rows) },
    spaces,
    rng,
  );
}

class A2c implements Method {
  readonly #config: A2cConfig;
  readonly #model: ActorCritic;
  readonly #order: Int32Array;

  constructor(config: A2cConfig, model: ActorCritic, rows: number) {
    this.#config = config;
    this.#model = model;
    this.#order = Int32Array.from({ length: rows }, (_, row) => row);
  }

  update(rollout: Rollout, progress: number): Metrics {
    const { use_rms_prop: rmsprop, rms_prop_eps: epsilon } = this.#config;
    const learningRate = scheduled(this.#config.learning_rate, progress);
    const { batch } = this.#model;
    batch.gather(rollout, this.#order, 0, rollout.rows);
    if (this.#config.normalize_advantage) batch.standardiseAdvantage();
    const optimise: StepOptions['optimise'] = rmsprop
      ? (part, gradientScale) => part.rmsprop({ learningRate, epsilon, gradientScale })
      : (part, gradientScale) => part.adam({ learningRate, epsilon: 1e-5, gradientScale });
    const stats = this.#model.step(
      ({ advantage, size }, logProb, slope) => {
        let loss = 0;
        for (let row = 0; row < size; row++) {
          slope[row] = -advantage[row]!;
          loss -= (advantage[row]! * logProb[row]!) / size;
        }
        return { policyLoss: loss };
      },
      { clipValue: Infinity, optimise },
    );
    return { ...stats, learningRate };
  }

  save(): State {
    return {};
  }

  restore(): void {}
}
