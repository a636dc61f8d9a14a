import { ConfigError } from '../../core/errors.ts';

/** The learning rate's course: up in `warmUp` steps, then constant, straight down to 0, or down half a cosine. */
export interface RateSchedule {
  readonly kind?: 'constant' | 'linear' | 'cosine' | undefined;
  readonly warmUp?: number | undefined;
}

/** Factor on the learning rate in a step from 0 of `steps`. @throws {ConfigError} when the warm-up is not within them. */
export function rateFactor({ kind = 'constant', warmUp = 0 }: RateSchedule, step: number, steps: number): number {
  if (!(Number.isInteger(warmUp) && warmUp >= 0 && warmUp <= steps))
    throw new ConfigError(`schedule: warmUp is ${warmUp}, expected 0 … ${steps} steps`);
  if (step < warmUp) return (step + 1) / warmUp;
  if (kind === 'constant') return 1;
  const left = (steps - step) / Math.max(1, steps - warmUp);
  return kind === 'linear' ? left : 0.5 * (1 - Math.cos(Math.PI * left));
}
