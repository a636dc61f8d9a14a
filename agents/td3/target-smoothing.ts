import type { Rng } from '../../core/rng.ts';

/**
 * Smooths target actions in place: `a ← clip(a + clip(N(0, σ²), −c, c), −1, 1)`.
 *
 * Source: Fujimoto et al. (2018), "Addressing Function Approximation Error in Actor-Critic Methods", section 5.3.
 */
export function smoothTargets(action: Float32Array, sigma: number, clip: number, rng: Rng): void {
  for (let i = 0; i < action.length; i++) {
    const noise = Math.min(clip, Math.max(-clip, sigma * rng.normal()));
    action[i] = Math.min(1, Math.max(-1, action[i]! + noise));
  }
}
