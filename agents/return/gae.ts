/**
 * Generalised advantage estimates of a rollout of T steps in N lanes.
 *
 * `δₜ = rₜ + γ·v'ₜ − vₜ`, `Âₜ = δₜ + γλ·(1 − endₜ)·Âₜ₊₁`, return target `Âₜ + vₜ`. `v'ₜ` is the value of what step t led to: 0
 * where the physics ended the episode, the value of the final observation where the clock did.
 *
 * Source: Schulman et al. (2016), "High-Dimensional Continuous Control Using Generalized Advantage Estimation", eq. 16.
 * @param reward, value, nextValue, ended, advantage, target [T×N] step-major
 */
export function gae(
  steps: number,
  lanes: number,
  reward: Float32Array,
  value: Float32Array,
  nextValue: Float32Array,
  ended: Uint8Array,
  gamma: number,
  lambda: number,
  advantage: Float32Array,
  target: Float32Array,
): void {
  for (let lane = 0; lane < lanes; lane++) {
    let running = 0;
    for (let i = (steps - 1) * lanes + lane; i >= 0; i -= lanes) {
      const delta = reward[i]! + gamma * nextValue[i]! - value[i]!;
      running = delta + (ended[i] === 1 ? 0 : gamma * lambda * running);
      advantage[i] = running;
      target[i] = running + value[i]!;
    }
  }
}
