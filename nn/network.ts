import type { LayerSpec } from '../core/policy.ts';

/** Hyperparameters of one Adam step. Source: Kingma and Ba (2015). */
export interface AdamStep {
  readonly learningRate: number;
  readonly beta1?: number; // 0.9
  readonly beta2?: number; // 0.999
  readonly epsilon?: number; // 1e-8 (SB3's PPO uses 1e-5)
  /** Clip the global gradient norm to this first (over this network only); 0 or absent: no clipping. */
  readonly maxGradientNorm?: number;
  /** Multiplies the gradient instead, for a norm clipped over several networks; absent: 1. */
  readonly gradientScale?: number;
}

/** Hyperparameters of one RMSprop step, `v ← αv + (1−α)g²`, `θ ← θ − rate·g / √(v + ε)`: ε inside the root, as TensorFlow and SB3's A2C have it. */
export interface RmspropStep {
  readonly learningRate: number;
  readonly alpha?: number; // 0.99
  readonly epsilon?: number; // 1e-5
  /** As in `AdamStep`. */
  readonly gradientScale?: number;
}

/**
 * A dense network on float32 batches with hand-chained derivatives. Two implementations share this signature: WASM SIMD
 * and plain TypeScript (the readable reference). Row results do not depend on how rows are batched.
 *
 * Shapes: I inputs, K outputs; matrices row-major. `forward` keeps its activations until the next `forward`, and the two
 * backward functions refer to those rows.
 */
export interface Network extends Disposable {
  readonly layers: readonly LayerSpec[];
  readonly inputs: number;
  readonly outputs: number;
  /** Number of trainable parameters. */
  readonly size: number;
  /** @param x [rows×I]  @param out [rows×K] */
  forward(x: Float32Array, rows: number, out: Float32Array): void;
  /** @param dOut [rows×K]  @param dX [rows×I] gradient with respect to the input of the last `forward` */
  backwardInput(dOut: Float32Array, rows: number, dX: Float32Array): void;
  /** Parameter gradients of the last `forward`, replacing what was held; with `dX`, the input gradient too. */
  backward(dOut: Float32Array, rows: number, dX?: Float32Array): void;
  /** One Adam step on the held gradients; returns their global norm before clipping. */
  adam(step: AdamStep): number;
  /** One RMSprop step on the held gradients; `v` is kept where Adam keeps its second moment. A fresh network's v is 1, as in TensorFlow. */
  rmsprop(step: RmspropStep): void;
  /** Euclidean norm of the held gradients, 0 without any. */
  gradientNorm(): number;
  /** Polyak: `θ ← θ + tau·(θ_source − θ)`; the source has the same layers. */
  lerpFrom(source: Network, tau: number): void;
  /** Copies parameters out, in order W₀ b₀ W₁ b₁ …; W is [inputs×outputs] row-major. */
  readParameters(out: Float32Array): void;
  writeParameters(parameters: Float32Array): void;
  /** Copies the held parameter gradients out, same order. */
  readGradients(out: Float32Array): void;
  /** Optimiser state for resumable training: first and second moments [2×size] and the step count. */
  readAdam(moments: Float32Array): number;
  writeAdam(moments: Float32Array, steps: number): void;
}
