import { ConfigError } from '../../core/errors.ts';
import { log } from './logarithm.ts';
import { MersenneTwister } from './mersenne-twister.ts';

const largestSeed = 0xffff_ffff;

/**
 * `numpy.random.RandomState`: the generator of NumPy before 1.17, whose streams NumPy has kept since. CityLearn draws everything random
 * with it. A distribution gives NumPy's numbers to the bit, but for about one logarithm in a thousand that is one bit off.
 */
export class RandomState {
  readonly #twister = new MersenneTwister();
  /** The second number of the last pair of normal ones; NaN: none. */
  #normal = Number.NaN;

  /** @throws {ConfigError} for a seed that NumPy refuses too. */
  constructor(seed: number | readonly number[]) {
    this.seed(seed);
  }

  /** @param seed a whole number below 2^32, or a list of them */
  seed(seed: number | readonly number[]): void {
    const words = typeof seed === 'number' ? [seed] : seed;
    if (words.length === 0 || words.some((word) => !Number.isInteger(word) || word < 0 || word > largestSeed))
      throw new ConfigError(`seed is ${JSON.stringify(seed)}, expected whole numbers from 0 to ${largestSeed}`);
    if (typeof seed === 'number') this.#twister.seedWord(seed);
    else this.#twister.seedWords(seed);
    this.#normal = Number.NaN;
  }

  /** Uniform in [0, 1). */
  randomSample(): number {
    return this.#twister.double();
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.#twister.double();
  }

  /** Standard normal, Marsaglia's polar method; every second number is kept from the one before. */
  standardNormal(): number {
    if (!Number.isNaN(this.#normal)) {
      const kept = this.#normal;
      this.#normal = Number.NaN;
      return kept;
    }
    for (;;) {
      const x = 2 * this.#twister.double() - 1;
      const y = 2 * this.#twister.double() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * log(square)) / square);
      this.#normal = scale * x;
      return scale * y;
    }
  }

  normal(mean: number, deviation: number): number {
    return mean + deviation * this.standardNormal();
  }

  exponential(scale: number): number {
    return -scale * log(1 - this.#twister.double());
  }

  /** Uniform among `low … high − 1`, by rejection of masked words. @param high at most low + 2^32 */
  randint(low: number, high: number): number {
    const last = high - low - 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || last < 0 || last > largestSeed)
      throw new ConfigError(`whole numbers from ${low} below ${high}, expected a range of 1 … 2^32 whole numbers`);
    if (last === 0) return low;
    const mask = largestSeed >>> Math.clz32(last);
    for (;;) {
      const drawn = (this.#twister.word() & mask) >>> 0;
      if (drawn <= last) return low + drawn;
    }
  }

  /** An index below `count`, each as likely, as `choice(count)` draws it. */
  choice(count: number): number {
    return this.randint(0, count);
  }

  /**
   * Successes among `n` trials, by inversion, as NumPy draws them where n·min(p, 1−p) ≤ 30.
   * @throws {ConfigError} for more, which NumPy draws with another algorithm (BTPE) that is not written here.
   */
  binomial(n: number, p: number): number {
    if (!Number.isSafeInteger(n) || n < 0 || !(p >= 0 && p <= 1))
      throw new ConfigError(`binomial(${n}, ${p}), expected a whole n ≥ 0 and a p in [0, 1]`);
    const rare = p <= 0.5 ? p : 1 - p;
    if (rare * n > 30)
      throw new ConfigError(`binomial(${n}, ${p}), expected n·min(p, 1 − p) ≤ 30: the BTPE algorithm is not simulated`);
    const successes = this.#inversion(n, rare);
    return p <= 0.5 ? successes : n - successes;
  }

  #inversion(n: number, p: number): number {
    const q = 1 - p;
    const none = Math.exp(n * log(q));
    const bound = Math.trunc(Math.min(n, n * p + 10 * Math.sqrt(n * p * q + 1)));
    let successes = 0;
    let probability = none;
    let u = this.#twister.double();
    while (u > probability) {
      successes++;
      if (successes > bound) {
        successes = 0;
        probability = none;
        u = this.#twister.double();
      } else {
        u -= probability;
        probability = ((n - successes + 1) * p * probability) / (successes * q);
      }
    }
    return successes;
  }

  /** Words that `save` writes. */
  get stateSize(): number {
    return MersenneTwister.stateSize + 1;
  }

  /** Writes the state into `target[at …]`. */
  save(target: Float64Array, at: number): void {
    this.#twister.save(target, at);
    target[at + MersenneTwister.stateSize] = this.#normal;
  }

  load(source: Float64Array, at: number): void {
    this.#twister.load(source, at);
    this.#normal = source[at + MersenneTwister.stateSize]!;
  }
}
