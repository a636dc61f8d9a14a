import { ConfigError } from '../../core/errors.ts';

/** How far the expert is pushed, and from what. */
export interface SteerSetting {
  /** γ: away from the base model, and so towards what fine-tuning changed. 0: not at all. */
  readonly gamma: number;
  /** η: away from what the expert would say after the negative prompt. 0: not at all. */
  readonly eta: number;
  /** ρ: only alternatives that the expert holds to be at least ρ times as probable as its most probable one. 0, the published setting: all. */
  readonly rho: number;
}

/** The released pipeline's default. */
export const publishedSetting: SteerSetting = { gamma: 0.2, eta: 0.6, rho: 0 };

/** Ordinary sampling from the expert. */
export const unsteered: SteerSetting = { gamma: 0, eta: 0, rho: 0 };

/** @throws {ConfigError} when a number is out of its range. */
export function assertSetting({ gamma, eta, rho }: SteerSetting): void {
  for (const [name, value] of Object.entries({ gamma, eta }))
    if (!(value >= 0 && value < Infinity)) throw new ConfigError(`steer: ${name} is ${value}, expected 0 or more`);
  if (!(rho >= 0 && rho <= 1)) throw new ConfigError(`steer: rho is ${rho}, expected 0 … 1`);
}
