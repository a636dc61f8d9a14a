/** Length of the state, 32-bit words. */
const length = 624;
const shift = 397;

/**
 * MT19937: 32-bit words of period 2^19937 − 1. Source: Matsumoto and Nishimura (1998), "Mersenne Twister", with the initialisations of
 * their revision of 2002.
 */
export class MersenneTwister {
  readonly #words = new Uint32Array(length);
  #at = length;

  /** From one 32-bit word, as `init_genrand` does. */
  seedWord(seed: number): void {
    const words = this.#words;
    words[0] = seed;
    for (let i = 1; i < length; i++) {
      const before = words[i - 1]!;
      words[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
    this.#at = length;
  }

  /** From any number of 32-bit words, as `init_by_array` does. */
  seedWords(key: ArrayLike<number>): void {
    const words = this.#words;
    this.seedWord(19650218);
    let i = 1;
    let j = 0;
    for (let k = Math.max(length, key.length); k > 0; k--) {
      const before = words[i - 1]!;
      words[i] = (words[i]! ^ Math.imul(before ^ (before >>> 30), 1664525)) + key[j]! + j;
      if (++i === length) {
        words[0] = words[length - 1]!;
        i = 1;
      }
      if (++j === key.length) j = 0;
    }
    for (let k = length - 1; k > 0; k--) {
      const before = words[i - 1]!;
      words[i] = (words[i]! ^ Math.imul(before ^ (before >>> 30), 1566083941)) - i;
      if (++i === length) {
        words[0] = words[length - 1]!;
        i = 1;
      }
    }
    words[0] = 0x80000000;
    this.#at = length;
  }

  /** The next word, in [0, 2^32). */
  word(): number {
    if (this.#at === length) this.#twist();
    let y = this.#words[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform in [0, 1), 53 bits of two words. */
  double(): number {
    const high = this.word() >>> 5;
    return (high * 0x400_0000 + (this.word() >>> 6)) / 0x20_0000_0000_0000;
  }

  /** Words that `save` writes. */
  static readonly stateSize = length + 1;

  /** Writes the state into `target[at …]`. */
  save(target: Float64Array, at: number): void {
    target.set(this.#words, at);
    target[at + length] = this.#at;
  }

  load(source: Float64Array, at: number): void {
    for (let i = 0; i < length; i++) this.#words[i] = source[at + i]!;
    this.#at = source[at + length]!;
  }

  #twist(): void {
    const words = this.#words;
    for (let i = 0; i < length; i++) {
      const next = i + 1 === length ? 0 : i + 1;
      const far = i + shift < length ? i + shift : i + shift - length;
      const y = (words[i]! & 0x80000000) | (words[next]! & 0x7fffffff);
      words[i] = words[far]! ^ (y >>> 1) ^ ((y & 1) * 0x9908b0df);
    }
    this.#at = 0;
  }
}
