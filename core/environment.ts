import type { Box } from './space.ts';
import type { Rng } from './rng.ts';
import type { Channel } from './telemetry.ts';

/** Views on buffers that the environment owns; valid until the next `step` or `reset`. */
export interface StepBatch {
  /** [N×O] normalised, after same-step autoreset. */
  readonly observation: Float32Array;
  /** [N×O] what an episode ended on, in the lanes where one just ended. */
  readonly finalObservation: Float32Array;
  /** [N] */
  readonly reward: Float64Array;
  /** [N] 1 where the physics ended the episode. */
  readonly terminated: Uint8Array;
  /** [N] 1 where the clock ended it: bootstrap the value. */
  readonly truncated: Uint8Array;
}

/** What an operator or a grid attack may do to the plant while it runs. */
export type Disturbance = { readonly type: 'load'; readonly env: number; readonly kw: number; readonly steps: number };

/**
 * What comes of an action before the physics sees it, where that is all that the physics sees of it: critics had better judge the few numbers
 * of the effect than the many of the action. Differentiable; both on the unit scale [−1, 1].
 */
export interface ActionEffect {
  /** E, numbers of an effect. */
  readonly size: number;
  /** [N×E] of the environment's last step. */
  readonly last: Float32Array;
  /** @param x [B×O]  @param action [B×A]  @param effect [B×E] */
  of(x: Float32Array, action: Float32Array, rows: number, effect: Float32Array): void;
  /** `dAction = dEffect · ∂effect/∂action`. @param dEffect [B×E]  @param dAction [B×A] */
  backward(x: Float32Array, action: Float32Array, rows: number, dEffect: Float32Array, dAction: Float32Array): void;
}

/** N lanes in lockstep over one physics; N = 1 is just a size. */
export interface VectorEnv extends Disposable {
  readonly numEnvs: number;
  readonly observationSpace: Box;
  /** Physical action components, float64 so that a recorded trajectory replays to the last bit. */
  readonly actionSpace: Box;
  /** Absent: an action is what the physics sees. */
  readonly effect?: ActionEffect | undefined;
  reset(rng: Rng): StepBatch;
  /** @param action [N×A] physical (not normalised) actions; the physics clips, the environment does not. */
  step(action: Float64Array): StepBatch;
  disturb(disturbance: Disturbance): void;
  /** True state of one lane for telemetry only, in the order of `probeChannels`. */
  probe(env: number, out: Float64Array): void;
  readonly probeChannels: readonly Channel[];
  /** The whole state of all lanes, so that a training resumes bit-exactly; absent: its episodes start anew. */
  snapshot?(): Float64Array;
  /** Continues from the snapshot of an environment made alike. */
  restore?(snapshot: Float64Array): void;
}
