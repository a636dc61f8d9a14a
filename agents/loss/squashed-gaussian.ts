import type { Rng } from '../../core/rng.ts';

/** Bounds on the log standard deviation, as in SB3 and the authors' code. */
const logStdMin = -20;
const logStdMax = 2;
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * Reparametrised draw `a = tanh(u)`, `u = μ + σ·ε`, with `log π(a|x) = Σ_j log N(u_j; μ_j, σ_j) − log(1 − a_j²)`.
 *
 * `log(1 − tanh²u) = 2·(log 2 − u − softplus(−2u))` does not underflow.
 * Source: Haarnoja et al. (2018), "Soft Actor-Critic Algorithms and Applications", appendix C.
 * @param output [rows×2A] μ ‖ log σ  @param noise [rows×A] ε  @param action [rows×A]  @param logProb [rows]
 */
export function squashedSample(
  output: Float32Array,
  rows: number,
  actions: number,
  noise: Float32Array,
  action: Float32Array,
  logProb: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < actions; j++) {
      const logStd = clampLogStd(output[row * 2 * actions + actions + j]!);
      const epsilon = noise[row * actions + j]!;
      const u = output[row * 2 * actions + j]! + Math.exp(logStd) * epsilon;
      action[row * actions + j] = Math.tanh(u);
      sum += -0.5 * epsilon * epsilon - logStd - halfLogTwoPi - 2 * (Math.LN2 - u - softplus(-2 * u));
    }
    logProb[row] = sum;
  }
}

/**
 * Gradient of `mean(α·log π(a|x) − q(x, a))` through the reparametrised draw.
 *
 * With ε fixed, `∂log π/∂μ = 2a`, `∂log π/∂log σ = 2aσε − 1`, `∂a/∂μ = 1 − a²`, `∂a/∂log σ = (1 − a²)σε`; 0 on log σ
 * where it is clamped.
 * @param qGradient [rows×A] ∂q/∂a  @param gradient [rows×2A] ∂L/∂(μ ‖ log σ)
 */
export function squashedGradient(
  output: Float32Array,
  rows: number,
  actions: number,
  noise: Float32Array,
  action: Float32Array,
  qGradient: Float32Array,
  alpha: number,
  gradient: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < actions; j++) {
      const mean = row * 2 * actions + j;
      const raw = output[mean + actions]!;
      const logStd = clampLogStd(raw);
      const spread = Math.exp(logStd) * noise[row * actions + j]!;
      const a = action[row * actions + j]!;
      const pull = 2 * alpha * a - qGradient[row * actions + j]! * (1 - a * a);
      gradient[mean] = pull / rows;
      gradient[mean + actions] = raw === logStd ? (pull * spread - alpha) / rows : 0;
    }
  }
}

/** Fills with standard normal noise. */
export function drawNormal(rng: Rng, out: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) out[i] = rng.normal();
}

function clampLogStd(value: number): number {
  return Math.min(logStdMax, Math.max(logStdMin, value));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
