import type { Rng } from '../../core/rng.ts';
import { rngFromState } from '../../core/rng.ts';
import type { ActorCritic } from '../actor-critic/model.ts';
import type { Method } from '../actor-critic/on-policy.ts';
import { OnPolicyLearner } from '../actor-critic/on-policy.ts';
import type { Rollout } from '../actor-critic/rollout.ts';
import { shuffle } from '../../core/shuffle.ts';
import type { Learner, LearnerSpaces, Metrics } from '../learner.ts';
import { clippedSurrogate } from '../loss/clipped-surrogate.ts';
import { MetricMeans } from '../metric-means.ts';
import { scheduled } from '../schedule.ts';
import type { State } from '../state.ts';
import { stateArray } from '../state.ts';
import type { PpoConfig } from './config.ts';

/**
 * Proximal policy optimisation: `n_epochs` passes of shuffled minibatches over each rollout, with a surrogate that does not reward
 * leaving the policy that made it.
 *
 * Sources: Schulman et al. (2017), "Proximal Policy Optimization Algorithms"; details as Stable-Baselines3 1.8, see docs/learners.md.
 */
export function ppo(config: PpoConfig, spaces: LearnerSpaces, rng: Rng): Learner {
  const rows = config.n_steps * spaces.numEnvs;
  return new OnPolicyLearner(
    {
      name: 'ppo',
      config,
      rows: Math.min(config.batch_size, rows),
      method: (model, own) => new Ppo(config, model, rows, own.split('shuffle')),
    },
    spaces,
    rng,
  );
}

class Ppo implements Method {
  readonly #config: PpoConfig;
  readonly #model: ActorCritic;
  readonly #order: Int32Array;
  #shuffle: Rng;

  constructor(config: PpoConfig, model: ActorCritic, rows: number, rng: Rng) {
    this.#config = config;
    this.#model = model;
    this.#order = Int32Array.from({ length: rows }, (_, row) => row);
    this.#shuffle = rng;
  }

  update(rollout: Rollout, progress: number): Metrics {
    const { n_epochs: epochs, batch_size: size, target_kl: targetKl, normalize_advantage: normalise } = this.#config;
    const learningRate = scheduled(this.#config.learning_rate, progress);
    const clip = scheduled(this.#config.clip_range, progress);
    const clipValue = this.#config.clip_range_vf === null ? Infinity : scheduled(this.#config.clip_range_vf, progress);
    const { batch } = this.#model;
    const means = new MetricMeans();
    update: for (let epoch = 0; epoch < epochs; epoch++) {
      shuffle(this.#order, this.#shuffle);
      for (let from = 0; from < rollout.rows; from += size) {
        batch.gather(rollout, this.#order, from, Math.min(size, rollout.rows - from));
        if (normalise) batch.standardiseAdvantage();
        const stats = this.#model.step(
          ({ logProb: before, advantage, size: rows }, logProb, slope) => {
            const { loss, kl, clipped } = clippedSurrogate(logProb, before, advantage, rows, clip, slope);
            // As SB3: the step that would go on from a policy too far is not made.
            if (targetKl !== null && kl > 1.5 * targetKl) return undefined;
            return { policyLoss: loss, approxKl: kl, clipFraction: clipped };
          },
          { clipValue, optimise: (part, gradientScale) => part.adam({ learningRate, epsilon: 1e-5, gradientScale }) },
        );
        if (stats === undefined) break update;
        means.add(stats);
      }
    }
    return { ...means.means(), learningRate };
  }

  save(): State {
    return { shuffle: this.#shuffle.state, order: this.#order.slice() };
  }

  restore(state: State): void {
    this.#shuffle = rngFromState(stateArray(state, 'shuffle', 'Uint32Array', 8));
    this.#order.set(stateArray(state, 'order', 'Int32Array', this.#order.length));
  }
}
