import { ConfigError } from '../../core/errors.ts';
import { MersenneTwister } from './mersenne-twister.ts';

/** CPython's `random.Random`: CityLearn draws initial states of charge and seeds that nobody gave from its global one. */
export class PythonRandom {
  readonly #twister = new MersenneTwister();

  /** As `random.seed(seed)`. @param seed whole, of at most 2^53 in size; its sign is ignored, as there */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed))
      throw new ConfigError(`seed is ${seed}, expected a whole number below 2^53 in size`);
    const size = Math.abs(seed);
    const high = Math.floor(size / 0x1_0000_0000);
    this.#twister.seedWords(high === 0 ? [size] : [size % 0x1_0000_0000, high]);
  }

  /** Uniform in [0, 1). */
  random(): number {
    return this.#twister.double();
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.#twister.double();
  }

  /** Uniform among `low … high`, both included, by rejection of the highest bits of a word. @param high below low + 2^32 */
  randint(low: number, high: number): number {
    const count = high - low + 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || count < 1 || count > 0xffff_ffff)
      throw new ConfigError(`whole numbers from ${low} to ${high}, expected a range of 1 … 2^32 − 1 whole numbers`);
    const bits = 32 - Math.clz32(count);
    for (;;) {
      const drawn = this.#twister.word() >>> (32 - bits);
      if (drawn < count) return low + drawn;
    }
  }
}
