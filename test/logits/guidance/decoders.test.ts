import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { beamSearch } from '../../../logits/guidance/beam.ts';
import { contrastiveSearch } from '../../../logits/guidance/contrastive-search.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
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
const prompts = [[begin, 5], [begin], [begin, 9, 9, end]];

describe('the states of a transformer', () => {
  it('are what its head reads', async () => {
    using model = await tinyModel(tf, 1);
    const batch = tokenBatch(prompts.map((tokens) => ({ tokens })));
    const [read, wanted] = tf.tidy(() => [
      tf.matMul(model.states(batch).reshape([-1, 8]), model.base.matrix('embedding.weight').transpose()).dataSync(),
      model.logits(batch).dataSync(),
    ]);
    read.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
  });
});

describe('beam search', () => {
  /** Log-probability a token of every continuation of at most two tokens. */
  async function all(model: Transformer, prompt: readonly number[]): Promise<{ tokens: number[]; score: number }[]> {
    const out: { tokens: number[]; score: number }[] = [];
    const first = await nextLogP(model, prompt);
    for (let a = 0; a < tinyVocabulary; a++) {
      if (a === end) {
        out.push({ tokens: [], score: first[a]! });
        continue;
      }
      const second = await nextLogP(model, [...prompt, a]);
      for (let b = 0; b < tinyVocabulary; b++)
        out.push({ tokens: b === end ? [a] : [a, b], score: (first[a]! + second[b]!) / 2 });
    }
    return out;
  }

  it('finds the best of all continuations where it keeps them all', async () => {
    using model = await tinyModel(tf, 1);
    const found = await beamSearch(model, prompts, { width: tinyVocabulary ** 2, temperature: 1, maxTokens: 2 });
    for (const [row, prompt] of prompts.entries()) {
      const best = (await all(model, prompt)).reduce((a, b) => (b.score > a.score ? b : a));
      expect(found[row]).toEqual(best.tokens);
    }
  });

  it('is greedy with a width of 1, leaves nothing behind and refuses none', async () => {
    using model = await tinyModel(tf, 1);
    const [made] = await beamSearch(model, [[begin]], { width: 1, maxTokens: 5 });
    const greedy: number[] = [];
    while (greedy.length < 5) {
      const p = await nextLogP(model, [begin, ...greedy]);
      const token = p.indexOf(Math.max(...p));
      if (token === end) break;
      greedy.push(token);
    }
    expect(made).toEqual(greedy);
    await expectNoLeakedTensors(async () => {
      await beamSearch(model, prompts, { maxTokens: 4 });
    });
    await expect(beamSearch(model, prompts, { width: 0, maxTokens: 4 })).rejects.toThrow(ConfigError);
  });
});

describe('contrastive search', () => {
  it('takes the candidate with the largest score, by states read one sequence at a time', async () => {
    using model = await tinyModel(tf, 3);
    const [penalty, k] = [0.6, 4];
    const made = await contrastiveSearch(model, prompts, { penalty, k, maxTokens: 5 });
    const states = async (tokens: readonly number[]): Promise<number[][]> => {
      const all = model.states(tokenBatch([{ tokens }]));
      const values = (await all.array())[0]!;
      all.dispose();
      return values;
    };
    const cosine = (a: readonly number[], b: readonly number[]): number => {
      const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, d) => sum + v * y[d]!, 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    for (const [row, prompt] of prompts.entries()) {
      const wanted: number[] = [];
      while (wanted.length < 5) {
        const p = (await nextLogP(model, [...prompt, ...wanted])).map(Math.exp);
        const candidates = [...p.keys()].toSorted((a, b) => p[b]! - p[a]!).slice(0, k);
        const scores: number[] = [];
        for (const v of candidates) {
          const h = await states([...prompt, ...wanted, v]);
          const last = h.pop()!;
          scores.push((1 - penalty) * p[v]! - penalty * Math.max(...h.map((one) => cosine(one, last))));
        }
        const token = candidates[scores.indexOf(Math.max(...scores))]!;
        if (token === end) break;
        wanted.push(token);
      }
      expect(made[row]).toEqual(wanted);
    }
  });

  it('leaves nothing behind, and refuses what is out of range', async () => {
    using model = await tinyModel(tf, 3);
    await expectNoLeakedTensors(async () => {
      await contrastiveSearch(model, prompts, { k: 3, maxTokens: 3 });
    });
    await expect(contrastiveSearch(model, prompts, { k: 99, maxTokens: 3 })).rejects.toThrow(ConfigError);
    await expect(contrastiveSearch(model, prompts, { penalty: 2, maxTokens: 3 })).rejects.toThrow(ConfigError);
  });
});
