import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { generateSet } from '../../../logits/guidance/generate-set.ts';
import { NegativePool } from '../../../logits/guidance/pool.ts';
import { unsteered } from '../../../logits/guidance/setting.ts';
import { steer } from '../../../logits/guidance/steer.ts';
import { packedWindows } from '../../../logits/guidance/windows.ts';
import type { CausalModel } from '../../../nn/language/causal-model.ts';
import { generate } from '../../../nn/language/generate.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { nextLogP, tinyModel, tinyVocabulary } from './tiny-models.ts';

const { begin, end } = specialTokens;
let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const prompts = [
  { prompt: [begin, 5], negative: [begin, 6, 7, end] },
  { prompt: [begin], negative: [begin, 3, 4, 5, end, 9, end] },
];
const options = { maxTokens: 8, stop: [end] };

describe('steered generation', () => {
  it('is ordinary sampling from the expert at γ = η = 0, token by token, and asks no other model', async () => {
    using expert = await tinyModel(tf, 1);
    const silent: CausalModel = {
      vocabulary: tinyVocabulary,
      context: 24,
      decode: () => Promise.reject(new Error('asked')),
      [Symbol.dispose]: () => undefined,
    };
    for (const sampling of [{}, { topK: 4 }, { topP: 0.8, temperature: 0.7 }])
      expect(
        await steer(tf, { expert, base: silent }, prompts, unsteered, { ...options, ...sampling }, rng(3)),
      ).toEqual(
        await generate(
          expert,
          prompts.map(({ prompt }) => prompt),
          { ...options, ...sampling },
          rng(3),
        ),
      );
  });

  /** The likeliest text under the formula, every branch read as a whole at every token. */
  async function greedy(
    expert: Transformer,
    base: Transformer,
    { prompt, negative }: (typeof prompts)[number],
    [gamma, eta]: readonly [number, number],
    advance = true,
  ): Promise<number[]> {
    const made: number[] = [];
    while (made.length < options.maxTokens) {
      const [f, b, n] = await Promise.all([
        nextLogP(expert, [...prompt, ...made]),
        nextLogP(base, [...prompt, ...made]),
        nextLogP(expert, advance ? [...negative, ...made] : negative),
      ]);
      const s = f.map((value, k) => (1 + gamma) * value - gamma * b[k]! - eta * n[k]!);
      const token = s.indexOf(Math.max(...s));
      if (token === end) break;
      made.push(token);
    }
    return made;
  }

  it('follows the formula with every branch at the generated tokens; a negative branch that stood still would differ', async () => {
    using expert = await tinyModel(tf, 1);
    using base = await tinyModel(tf, 2);
    let differs = false;
    for (const weights of [
      [0, 0.9],
      [0.8, 0],
      [0.8, 0.6],
    ] as const) {
      const setting = { gamma: weights[0], eta: weights[1], rho: 0 };
      const made = await steer(tf, { expert, base }, prompts, setting, { ...options, temperature: 0 }, rng(3));
      for (const [row, prompt] of prompts.entries()) {
        expect(made[row]!.tokens).toEqual(await greedy(expert, base, prompt, weights));
        if (setting.eta > 0)
          differs ||= (await greedy(expert, base, prompt, weights, false)).join() !== made[row]!.tokens.join();
      }
    }
    expect(differs).toBe(true);
  });

  it('writes no token that the expert finds less than ρ times as probable as its best', async () => {
    using expert = await tinyModel(tf, 1);
    using base = await tinyModel(tf, 2);
    const setting = { gamma: 2, eta: 0.5, rho: 0.3 };
    const made = await steer(tf, { expert, base }, prompts, setting, options, rng(5));
    for (const [row, { tokens }] of made.entries())
      for (let t = 0; t < tokens.length; t++) {
        const f = await nextLogP(expert, [...prompts[row]!.prompt, ...tokens.slice(0, t)]);
        expect(f[tokens[t]!]!).toBeGreaterThan(Math.max(...f) + Math.log(0.3) - 1e-4);
      }
  });

  it('refuses a negative prompt that leaves no room, and models of two languages', async () => {
    using expert = await tinyModel(tf, 1, 10);
    const setting = { gamma: 0, eta: 0.1, rho: 0 };
    await expect(steer(tf, { expert, base: expert }, prompts, setting, options, rng(1))).rejects.toThrow(ConfigError);
    const other = { vocabulary: 4 } as CausalModel;
    await expect(steer(tf, { expert, base: other }, prompts, unsteered, options, rng(1))).rejects.toThrow(
      /vocabul|tokens/,
    );
  });

  it('leaves no tensor behind', async () => {
    using expert = await tinyModel(tf, 1);
    using base = await tinyModel(tf, 2);
    await expectNoLeakedTensors(async () => {
      await steer(tf, { expert, base }, prompts, { gamma: 0.5, eta: 0.5, rho: 0.1 }, options, rng(3));
    });
  });
});

describe('a set of texts', () => {
  const real = [[3, 4], [5], [6, 7, 8]];

  it('is the same again, other by seed, and its first batch does not depend on how many follow', async () => {
    using expert = await tinyModel(tf, 1);
    using base = await tinyModel(tf, 2);
    const make = (seed: number, count = 6): Promise<number[][]> =>
      generateSet(
        tf,
        { expert, base },
        real,
        { gamma: 0.3, eta: 0.4, rho: 0 },
        { count, maxTokens: 6, batch: 2, negatives: 3 },
        rng(seed),
      );
    const first = await make(1);
    expect(first).toHaveLength(6);
    expect(await make(1)).toEqual(first);
    expect(await make(2)).not.toEqual(first);
    expect((await make(1, 3)).slice(0, 2)).toEqual(first.slice(0, 2));
  });

  it('is sampled from the expert where nothing steers', async () => {
    using expert = await tinyModel(tf, 1);
    const made = await generateSet(
      tf,
      { expert, base: expert },
      real,
      unsteered,
      { count: 3, maxTokens: 6, batch: 3, topK: 5 },
      rng(4),
    );
    const plain = await generate(
      expert,
      [[begin], [begin], [begin]],
      { maxTokens: 6, topK: 5 },
      rng(4).split('tokens').split(0),
    );
    expect(made).toEqual(plain.map(({ tokens }) => tokens));
  });
});

describe('the negative pool', () => {
  it('draws each example once, as many as fit, in a packed window', () => {
    const pool = new NegativePool([[3], [4], [5]]);
    const drawn = pool.prompt(10, 100, rng(1));
    expect(drawn[0]).toBe(begin);
    expect(drawn.filter((token) => token === end)).toHaveLength(3);
    expect(new Set(drawn.filter((token) => token > end))).toEqual(new Set([3, 4, 5]));
    expect(pool.prompt(2, 100, rng(1)).filter((token) => token === end)).toHaveLength(2);
    expect(pool.prompt(10, 5, rng(1))).toHaveLength(5);
  });

  it('runs: what was generated is drawn too', () => {
    const pool = new NegativePool([[3]]);
    pool.add([[7], [8]]);
    expect(pool.size).toBe(3);
    expect(pool.prompt(3, 100, rng(1))).toEqual(expect.arrayContaining([3, 7, 8]));
    expect(() => new NegativePool([])).toThrow(ConfigError);
  });

  it('looks like the windows that a model learns from', () => {
    expect([...packedWindows([[3, 4], [5], [6, 7, 8]], 6)]).toEqual([
      [begin, 3, 4, end, 5, end],
      [begin, 6, 7, 8, end],
    ]);
    expect(() => [...packedWindows([[3, 4, 5]], 4)]).toThrow(/5|3 tokens/);
  });
});
