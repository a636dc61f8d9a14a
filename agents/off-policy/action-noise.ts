import { z } from 'zod';
import type { Rng } from '../../core/rng.ts';
import type { State } from '../state.ts';
import { stateArray } from '../state.ts';

const deviation = z.number().positive().max(10);

/** Noise on the actions of a training, on the unit scale. */
export const actionNoiseOption = z
  .union([z.strictObject({ normal: deviation }), z.strictObject({ ou: deviation })])
  .nullable()
  .default(null)
  .describe(
    'Noise added to exploring actions on the scale [-1, 1]: {normal: σ}, or {ou: σ} that is correlated in time; null: none.',
  );

type ActionNoiseConfig = z.infer<typeof actionNoiseOption>;

/** Noise with a memory per lane. */
export interface ActionNoise {
  /** Adds noise and clips to [−1, 1]. @param action [N×A] */
  apply(rng: Rng, action: Float32Array): void;
  /** A lane's episode ended. */
  reset(lane: number): void;
  save(): State;
  restore(state: State): void;
}

/**
 * `normal`: independent `N(0, σ²)`. `ou`: an Ornstein–Uhlenbeck process, `n ← n − θ·n·dt + σ·√dt·N(0, 1)` with θ 0.15 and
 * dt 0.01, begun at 0 with each episode. Sources: `NormalActionNoise` and `OrnsteinUhlenbeckActionNoise` of Stable-Baselines3;
 * Uhlenbeck and Ornstein (1930).
 */
export function actionNoise(option: ActionNoiseConfig, lanes: number, actions: number): ActionNoise | undefined {
  if (option === null) return undefined;
  const [sigma, keep, spread] = 'normal' in option ? [option.normal, 0, 1] : [option.ou, 1 - 0.15 * 0.01, 0.1];
  const noise = new Float64Array(lanes * actions);
  return {
    apply(rng, action) {
      for (let i = 0; i < noise.length; i++) {
        noise[i] = keep * noise[i]! + sigma * spread * rng.normal();
        action[i] = Math.min(1, Math.max(-1, action[i]! + noise[i]!));
      }
    },
    reset: (lane) => void noise.fill(0, lane * actions, (lane + 1) * actions),
    save: () => ({ noise: noise.slice() }),
    restore: (state) => noise.set(stateArray(state, 'noise', 'Float64Array', noise.length)),
  };
}
