import type { Rng } from '../../core/rng.ts';
import type { Kernel } from '../lockstep-env.ts';
import { raw } from './raw-feature.ts';

/** Steps of an episode, as in Stable-Baselines3's `IdentityEnv`. */
const horizon = 100;

/**
 * Says which of K choices is wanted, one-hot, and pays 1 for the action that names it, else 0; the next wish is drawn anew.
 * The action is a number in 0 … K−1, rounded. The optimum is 100 an episode, chance is 100/K. Never terminates.
 *
 * Source: `IdentityEnv` of Stable-Baselines3 (its discrete observation is one-hot to the network, too).
 */
export function identityDiscrete(choices: number): Kernel {
  return {
    features: Array.from({ length: choices }, (_, choice) => raw(`wants ${choice}`, '1')),
    actions: [{ name: 'choice', unit: '1', low: 0, high: choices - 1 }],
    state: [{ name: 'wanted', unit: '1' }],
    horizon,
    init(state, rng) {
      state[0] = rng.int(choices);
    },
    observe(state, out) {
      out.fill(0);
      out[state[0]!] = 1;
    },
    advance(state, action, rng) {
      const hit = Math.round(action[0]!) === state[0] ? 1 : 0;
      state[0] = rng.int(choices);
      return hit;
    },
  };
}

/**
 * Shows `size` numbers, uniform in ±1, and wants them back: reward `−Σ (aᵢ − xᵢ)²`, the actions clipped to ±1; the next numbers
 * are drawn anew. The optimum is 0 an episode; doing nothing costs 1/3 a step and component. Never terminates.
 *
 * Source: `IdentityEnvBox` of Stable-Baselines3, with a reward that says how far off an action was.
 */
export function identityContinuous(size: number): Kernel {
  const names = Array.from({ length: size }, (_, i) => (size === 1 ? 'wanted' : `wanted ${i}`));
  const draw = (state: Float64Array, rng: Rng): void => {
    for (let i = 0; i < size; i++) state[i] = 2 * rng.uniform() - 1;
  };
  return {
    features: names.map((name) => raw(name, '1')),
    actions: names.map((_, i) => ({ name: size === 1 ? 'answer' : `answer ${i}`, unit: '1', low: -1, high: 1 })),
    state: names.map((name) => ({ name, unit: '1' })),
    horizon,
    init: draw,
    observe(state, out) {
      out.set(state);
    },
    advance(state, action, rng) {
      let cost = 0;
      for (let i = 0; i < size; i++) cost += (Math.min(1, Math.max(-1, action[i]!)) - state[i]!) ** 2;
      draw(state, rng);
      return -cost;
    },
  };
}
