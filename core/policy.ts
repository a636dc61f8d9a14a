import type { Feature } from './space.ts';

/**
 * How a policy's raw outputs (its logits) become an action.
 *
 * - `categorical`: K logits; the action is `values[argmax]` (physical).
 * - `squashed-gaussian`: `mean ‖ logStd` [2A]; the mode is `low + (tanh(mean)+1)/2·(high−low)`.
 * - `gaussian`: `mean ‖ logStd` [2A] or mean [A]; the mode is `clip(mean)` on the unit scale, mapped to low…high.
 * - `deterministic`: [A], read as physical values and clipped.
 */
export type Head =
  | { readonly kind: 'categorical'; readonly values: readonly number[] }
  | {
      readonly kind: 'squashed-gaussian' | 'gaussian' | 'deterministic';
      readonly low: readonly number[];
      readonly high: readonly number[];
    };

export type Activation = 'linear' | 'relu' | 'tanh' | 'silu' | 'elu';

/** One dense layer: `y = activation(x·W + b)`, W stored [inputs × outputs] row-major. */
export interface LayerSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
}

/**
 * Frozen statistics in front of the first layer: it reads `clip((x − mean) / √(variance + epsilon), −clip, clip)`, per feature.
 * Source: `VecNormalize` of Stable-Baselines3.
 */
export interface Normaliser {
  /** [O] */
  readonly mean: readonly number[];
  /** [O] */
  readonly variance: readonly number[];
  readonly epsilon: number;
  readonly clip: number;
}

/** What `policy.json` holds beside the weights. */
export interface PolicyCard {
  readonly format: 'faultline-policy';
  readonly version: 1;
  readonly name: string;
  readonly observation: {
    readonly features: readonly Feature[];
    readonly normalisation: string;
    /** Absent: the first layer reads the features as they are. */
    readonly normaliser?: Normaliser | undefined;
  };
  readonly action: { readonly features: readonly Feature[] };
  readonly head: Head;
  readonly layers: readonly LayerSpec[];
  /** SHA-256 of policy.safetensors, hex. */
  readonly weightsSha256: string;
}

/** Number of raw outputs the head reads. */
export function headOutputs(head: Head): number {
  if (head.kind === 'categorical') return head.values.length;
  return head.kind === 'squashed-gaussian' || head.kind === 'gaussian' ? 2 * head.low.length : head.low.length;
}

/** Number of action components. */
export function headActions(head: Head): number {
  return head.kind === 'categorical' ? 1 : head.low.length;
}
