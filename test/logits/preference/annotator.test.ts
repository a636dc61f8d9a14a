import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { preference, winMatrix } from '../../../logits/preference/annotator.ts';
import type { Annotator } from '../../../logits/preference/annotator.ts';
import { compare } from '../../../logits/preference/pairs.ts';

/** Responses are their own utility. */
const honest = (noise: number, lapse = 0): Annotator<null, number> => ({ utilities: (_x, ys) => ys, noise, lapse });

const share = (annotator: Annotator<null, number>, responses: readonly number[], votes: number): number =>
  winMatrix([annotator], null, responses, votes, rng(1))[0]![1]! / votes;

describe('an annotator', () => {
  it.each([
    [1, 0, 0.8, -0.4],
    [0.5, 0, 0.3, 0.1],
    [2, 0.3, 1, -2],
  ])('prefers as Bradley and Terry have it: noise %f, lapse %f', (noise, lapse, a, b) => {
    const p = (1 - lapse) / (1 + Math.exp(-(a - b) / noise)) + lapse / 2;
    const votes = 20_000;
    // Four standard deviations of a share.
    expect(Math.abs(share(honest(noise, lapse), [a, b], votes) - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / votes));
  });

  it('without noise names the better one always, and either of equals', () => {
    expect(share(honest(0), [0.1, 0], 50)).toBe(1);
    expect(preference({ noise: 0 }, 0)).toBe(0.5);
  });

  it('is sure far out, and never NaN', () => {
    expect(preference({ noise: 1e-3 }, 1e4)).toBe(1);
    expect(preference({ noise: 1e-3 }, -1e4)).toBe(0);
  });

  it('refuses what is no noise, no lapse, no panel', () => {
    expect(() => preference({ noise: -1 }, 0)).toThrow(ConfigError);
    expect(() => preference({ lapse: 1.5 }, 0)).toThrow(ConfigError);
    expect(() => winMatrix([], null, [1, 2], 3, rng(1))).toThrow(ConfigError);
    expect(() => winMatrix([honest(1)], null, [1, 2], 0, rng(1))).toThrow(ConfigError);
  });
});

describe('a panel', () => {
  it('gives h votes on every pair, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), (h, members) => {
        const panel = Array.from({ length: members }, (_, i) => honest(0.5 + i));
        const wins = winMatrix(panel, null, [0, 1, -1], h, rng(h));
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) expect(wins[i]![j]! + wins[j]![i]!).toBe(i === j ? 0 : h);
      }),
    );
  });

  it('is asked in turn: two of opposite minds and no noise are at odds', () => {
    const contrary: Annotator<null, number> = { utilities: (_x, ys) => ys.map((y) => -y), noise: 0 };
    const wins = winMatrix([honest(0), contrary], null, [1, 0], 10, rng(1));
    expect(wins).toEqual([
      [0, 5],
      [5, 0],
    ]);
  });

  it('that is larger than h is drawn from', () => {
    const contrary: Annotator<null, number> = { utilities: (_x, ys) => ys.map((y) => -y), noise: 0 };
    const first = Array.from(
      { length: 200 },
      (_, n) => winMatrix([honest(0), contrary], null, [1, 0], 1, rng(n))[0]![1]!,
    );
    const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
    expect(mean).toBeGreaterThan(0.35);
    expect(mean).toBeLessThan(0.65);
  });
});

describe('labels', () => {
  const labelling = { annotators: 9, pairs: 'extremes', virtualWins: 0.5 } as const;

  it('are finite where all are of one mind', () => {
    const { pairs, responses } = compare([honest(0)], null, [0, 3, 1, 2], labelling, rng(1));
    expect(responses).toEqual([3, 0]);
    expect(pairs[0]!.target).toBeGreaterThan(0);
    expect(pairs[0]!.target).toBeLessThan(20);
  });

  it('of two responses are the logit of the counts: (7 + ½)/(2 + ½)', () => {
    const votes = [7, 2];
    // Utility differences of an annotator without noise who changes his mind: 7 for the first, then 2 for the second.
    let asked = 0;
    const counted: Annotator<null, number> = { utilities: () => (asked++ < votes[0]! ? [1, 0] : [0, 1]), noise: 0 };
    const panel = Array.from({ length: 9 }, () => counted);
    const { pairs } = compare(panel, null, [0, 1], labelling, rng(1));
    expect(pairs[0]).toMatchObject({ i: 0, j: 1 });
    expect(pairs[0]!.target).toBeCloseTo(Math.log(7.5 / 2.5), 9);
  });

  it('tell the difference of utilities, the better the more vote on it', () => {
    const utilities = [0.9, -0.2, 0.4, -1.1];
    const errors = [10, 10_000].map((annotators) => {
      const { pairs, responses } = compare(
        [honest(1)],
        null,
        utilities,
        { ...labelling, annotators, pairs: 'all' },
        rng(5),
      );
      return Math.max(...pairs.map(({ i, j, target }) => Math.abs(target - (responses[i]! - responses[j]!))));
    });
    expect(errors[1]).toBeLessThan(0.1);
    expect(errors[0]).toBeGreaterThan(errors[1]!);
  });

  it('of all pairs name the stronger one first, each pair once', () => {
    const { pairs } = compare([honest(1)], null, [0, 1, 2, 3], { ...labelling, pairs: 'all' }, rng(3));
    expect(new Set(pairs.map(({ i, j }) => [i, j].toSorted((a, b) => a - b).join())).size).toBe(6);
    expect(pairs.every(({ target }) => target >= 0)).toBe(true);
  });

  it('need two responses', () => {
    expect(() => compare([honest(1)], null, [1], labelling, rng(1))).toThrow(ConfigError);
  });
});
