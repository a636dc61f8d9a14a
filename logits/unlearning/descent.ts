import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { FlatAdam } from '../../nn/language/flat-adam.ts';
import type { AdamOptions } from '../../nn/language/flat-adam.ts';
import type { Parameters } from '../../nn/language/parameters.ts';
import { rateFactor } from '../../nn/language/rate-schedule.ts';
import type { RateSchedule } from '../../nn/language/rate-schedule.ts';

export interface DescentOptions extends AdamOptions {
  readonly steps: number;
  readonly learningRate: number;
  readonly schedule?: RateSchedule | undefined;
  /** Called after so many steps, and after the last; the weights are whole then. */
  readonly every?: number | undefined;
  readonly onCheckpoint?: ((step: number) => Promise<void>) | undefined;
}

/** What a training cost. */
export interface TrainingCost {
  readonly steps: number;
  /** Trainable parameters. */
  readonly parameters: number;
}

/**
 * Moves parameters down a loss by Adam. It does not stop where the loss has none (gradient ascent), since the weights stay finite, and
 * ends early where they do not.
 * @param loss scalar of a step from 0, differentiated by `parameters`
 */
export async function descend(
  tf: Tensorflow,
  parameters: Parameters,
  loss: (step: number) => Tensor,
  options: DescentOptions,
): Promise<TrainingCost> {
  const { steps, learningRate, schedule = {}, every = steps, onCheckpoint } = options;
  for (const [name, value] of Object.entries({ steps, every }))
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`unlearning: ${name} is ${value}, expected a positive integer`);
  if (!(learningRate > 0)) throw new ConfigError(`unlearning: learningRate is ${learningRate}, expected above 0`);
  using adam = new FlatAdam(tf, parameters, options);
  let norm: Scalar | undefined;
  for (let step = 0; step < steps; step++) {
    const { value, grads } = tf.valueAndGrads(() => loss(step) as Scalar)([...parameters.tensors]);
    norm?.dispose();
    norm = adam.step(grads, learningRate * rateFactor(schedule, step, steps));
    tf.dispose([value, ...grads]);
    if ((step + 1) % every === 0 || step + 1 === steps) {
      const [size] = await norm.data();
      if (!Number.isFinite(size)) {
        norm.dispose();
        return { steps: step + 1, parameters: parameters.size };
      }
      await onCheckpoint?.(step + 1);
    }
  }
  norm?.dispose();
  return { steps, parameters: parameters.size };
}
