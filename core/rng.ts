import { ShapeError } from './errors.ts';

/**
 * A splittable, seeded generator. Streams split by name are independent of how much their parent has drawn,
 * so a new attack never moves the weather.
 */
export interface Rng {
  /** A new stream named below this one; the same name always gives the same stream. */
  split(name: string | number): Rng;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, below). */
  int(below: number): number;
  /** [8] the stream's identity (4 words) and its position (4 words); `rngFromState` resumes it bit-exactly. */
  readonly state: Uint32Array;
}

/**
 * xoshiro128++ streams, keyed by MurmurHash3 x86 128 of (parent key, name).
 *
 * Sources: Blackman and Vigna (2021), "Scrambled Linear Pseudorandom Number Generators"; Appleby, MurmurHash3.
 *
 * @throws {ShapeError} when the seed is not an integer in [0, 2^53).
 */
export function rng(seed: number): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ShapeError(`seed is ${seed}, expected an integer in [0, 2^53)`);
  const words = new Uint32Array([seed >>> 0, Math.floor(seed / 0x1_0000_0000), 0x6661756c, 0x746c696e]);
  return stream(murmur128(new Uint8Array(words.buffer), 0));
}

/** Resumes a stream from its serialised state [8]. */
export function rngFromState(state: ArrayLike<number>): Rng {
  if (state.length !== 8) throw new ShapeError(`rng state has ${state.length} words, expected 8`);
  const words = Uint32Array.from(state);
  return new Xoshiro128(words.slice(0, 4), words.slice(4, 8));
}

function stream(key: Uint32Array): Rng {
  const position = murmur128(new Uint8Array(key.buffer, key.byteOffset, 16), 0x9e3779b9);
  if (position.every((word) => word === 0)) position[0] = 1; // the one state xoshiro cannot leave
  return new Xoshiro128(key, position);
}

class Xoshiro128 implements Rng {
  readonly #key: Uint32Array;
  readonly #s: Uint32Array;

  constructor(key: Uint32Array, position: Uint32Array) {
    this.#key = key;
    this.#s = position;
  }

  get state(): Uint32Array {
    const state = new Uint32Array(8);
    state.set(this.#key, 0);
    state.set(this.#s, 4);
    return state;
  }

  split(name: string | number): Rng {
    const text = new TextEncoder().encode(typeof name === 'number' ? `#${name}` : name);
    const bytes = new Uint8Array(16 + text.length);
    bytes.set(new Uint8Array(this.#key.buffer, this.#key.byteOffset, 16), 0);
    bytes.set(text, 16);
    return stream(murmur128(bytes, text.length));
  }

  uniform(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** Box and Muller (1958), cosine branch; the sine branch is dropped so that the state has no hidden cache. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Unbiased: rejects the tail of the 32-bit range. */
  int(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 0x1_0000_0000)
      throw new ShapeError(`int(${below}): expected an integer in [1, 2^32]`);
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % below);
    for (;;) {
      const word = this.#next();
      if (word < limit) return word % below;
    }
  }

  #next(): number {
    const s = this.#s;
    const s0 = s[0]!;
    const s3 = s[3]!;
    const sum = (s0 + s3) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + s0) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s0;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    const x = s[3]!;
    s[3] = (x << 11) | (x >>> 21);
    return result;
  }
}

/** MurmurHash3 x86 128 (Appleby, public domain algorithm), written for little-endian byte input. Returns [4]. */
function murmur128(bytes: Uint8Array, seed: number): Uint32Array {
  const c = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
  let h1 = seed;
  let h2 = seed;
  let h3 = seed;
  let h4 = seed;
  const blocks = Math.floor(bytes.length / 16);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < blocks; i++) {
    const at = i * 16;
    h1 ^= mix(view.getUint32(at, true), c[0], 15, c[1]);
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= mix(view.getUint32(at + 4, true), c[1], 16, c[2]);
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= mix(view.getUint32(at + 8, true), c[2], 17, c[3]);
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= mix(view.getUint32(at + 12, true), c[3], 18, c[0]);
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const tail = new Uint8Array(16);
  tail.set(bytes.subarray(blocks * 16));
  const rest = new DataView(tail.buffer);
  const left = bytes.length - blocks * 16;
  if (left > 12) h4 ^= mix(rest.getUint32(12, true), c[3], 18, c[0]);
  if (left > 8) h3 ^= mix(rest.getUint32(8, true), c[2], 17, c[3]);
  if (left > 4) h2 ^= mix(rest.getUint32(4, true), c[1], 16, c[2]);
  if (left > 0) h1 ^= mix(rest.getUint32(0, true), c[0], 15, c[1]);
  h1 ^= bytes.length;
  h2 ^= bytes.length;
  h3 ^= bytes.length;
  h4 ^= bytes.length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h3 = finalMix(h3);
  h4 = finalMix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return new Uint32Array([h1, h2 + h1, h3 + h1, h4 + h1]);
}

function mix(k: number, first: number, rotation: number, second: number): number {
  return Math.imul(rotl(Math.imul(k, first), rotation), second);
}

function rotl(x: number, r: number): number {
  return (x << r) | (x >>> (32 - r));
}

function finalMix(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
