import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { rng, rngFromState } from '../../core/rng.ts';

describe('rng', () => {
  it('gives the same numbers on every machine (frozen)', () => {
    const stream = rng(42);
    expect([stream.uniform(), stream.uniform(), stream.normal(), stream.int(1000)]).toMatchInlineSnapshot(`
      [
        0.016567923303196452,
        0.6829252233531521,
        0.0699677534539595,
        249,
      ]
    `);
  });

  it('agrees with the published xoshiro128++ from its own state', () => {
    // Blackman and Vigna's next(), with BigInt arithmetic as the independent formulation.
    const stream = rng(7);
    const s = Array.from(stream.state.slice(4), BigInt);
    const mask = 0xffff_ffffn;
    const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    const next = (): bigint => {
      const result = (rotl((s[0]! + s[3]!) & mask, 7n) + s[0]!) & mask;
      const t = (s[1]! << 9n) & mask;
      s[2]! ^= s[0]!;
      s[3]! ^= s[1]!;
      s[1]! ^= s[2]!;
      s[0]! ^= s[3]!;
      s[2]! ^= t;
      s[3] = rotl(s[3]!, 11n);
      return result;
    };
    for (let i = 0; i < 1000; i++) {
      const expected = (Number(next() >> 5n) * 67_108_864 + Number(next() >> 6n)) / 2 ** 53;
      expect(stream.uniform()).toBe(expected);
    }
  });

  it('a split stream does not depend on what its parent drew', () => {
    const quiet = rng(1);
    const busy = rng(1);
    for (let i = 0; i < 100; i++) busy.normal();
    expect(busy.split('attack').uniform()).toBe(quiet.split('attack').uniform());
    expect(quiet.split('attack').uniform()).not.toBe(quiet.split('weather').uniform());
    expect(quiet.split('1').uniform()).not.toBe(quiet.split(1).uniform());
    expect(quiet.split('a').split('b').uniform()).not.toBe(quiet.split('ab').uniform());
  });

  it('resumes from its serialised state, splits included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 50 }), (seed, draws) => {
        const stream = rng(seed);
        for (let i = 0; i < draws; i++) stream.uniform();
        const copy = rngFromState(JSON.parse(JSON.stringify(Array.from(stream.state))) as number[]);
        expect(copy.normal()).toBe(stream.normal());
        expect(copy.split('x').uniform()).toBe(stream.split('x').uniform());
      }),
    );
  });

  it('has the moments it claims', () => {
    const stream = rng(3);
    const n = 200_000;
    let sum = 0;
    let squares = 0;
    let uniform = 0;
    const counts = Array.from({ length: 7 }, () => 0);
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      sum += x;
      squares += x * x;
      uniform += stream.uniform();
      counts[stream.int(7)]!++;
    }
    expect(Math.abs(sum / n)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(squares / n - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(uniform / n - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    const chiSquare = counts.reduce((total, count) => total + (count - n / 7) ** 2 / (n / 7), 0);
    expect(chiSquare).toBeLessThan(22.5); // chi²(6), p = 0.001
  });

  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => rng(seed)).toThrow(/seed is .*expected an integer/);
  });

  it('refuses a bad range and a bad state', () => {
    expect(() => rng(1).int(0)).toThrow(/expected an integer in \[1, 2\^32\]/);
    expect(() => rngFromState([1, 2])).toThrow(/2 words, expected 8/);
  });
});
