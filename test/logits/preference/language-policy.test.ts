import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { align, irepo } from '../../../logits/preference/align.ts';
import { LanguagePolicy } from '../../../logits/preference/language-policy.ts';
import type { Tokens } from '../../../logits/preference/language-policy.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import { freshTransformer } from '../../../nn/language/transformer.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

let tf: Tf;
onBackend('wasm', (opened) => {
  tf = opened;
});

const policyOf = (seed: number): LanguagePolicy => {
  const config = transformerConfig({ vocabulary: 6, context: 8, width: 8, heads: 2, layers: 1 });
  return new LanguagePolicy(freshTransformer(tf, config, rng(seed)), 4);
};

const prompt: Tokens = [specialTokens.begin, 3];

describe('a language model as a policy of responses', () => {
  it('gives ln π(y|x) by the chain rule, the end among the tokens and the prompt not', async () => {
    using policy = policyOf(1);
    const answers = [
      { x: prompt, y: [4, 5, specialTokens.end] },
      { x: prompt, y: [5] },
    ];
    const got = await policy.logProbs(answers);
    for (const [n, { x, y }] of answers.entries()) {
      const tokens = [...x, ...y];
      const z = policy.model.logits(tokenBatch([{ tokens }]));
      const rows = z.arraySync()[0]!;
      z.dispose();
      const wanted = y.reduce((sum, token, t) => {
        const row = rows[x.length - 1 + t]!;
        return sum + row[token]! - Math.log(row.reduce((all, value) => all + Math.exp(value), 0));
      }, 0);
      expect(got[n]).toBeCloseTo(wanted, 4);
    }
  });

  it('writes sentences as often as it says that it does', async () => {
    using policy = policyOf(2);
    const written = (await policy.sample([prompt], 1500, rng(1)))[0]!;
    const counts = new Map<string, number>();
    for (const y of written) counts.set(y.join(), (counts.get(y.join()) ?? 0) + 1);
    const [[most, count]] = [...counts].toSorted(([, a], [, b]) => b - a) as [[string, number]];
    const [logProb] = await policy.logProbs([{ x: prompt, y: most.split(',').map(Number) }]);
    const p = Math.exp(logProb!);
    expect(Math.abs(count / 1500 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 1500));
  });

  it('is aligned, by itself: its copy stays what it was', async () => {
    using policy = policyOf(3);
    using copy = policy.copy();
    const ends = { utilities: (_x: Tokens, ys: readonly Tokens[]) => ys.map((y) => (y.includes(4) ? 2 : 0)) };
    const share = async (of: LanguagePolicy): Promise<number> => {
      const ys = (await of.sample([prompt], 300, rng(5)))[0]!;
      return ys.filter((y) => y.includes(4)).length / ys.length;
    };
    const [before, kept] = [await share(policy), await copy.logProbs([{ x: prompt, y: [4] }])];
    const setting = { ...irepo, iterations: 1, steps: 25, learningRate: 0.01 };
    await align(tf, policy, { prompts: Array.from({ length: 24 }, () => prompt), panel: [ends] }, setting, rng(1));
    expect(await share(policy)).toBeGreaterThan(before + 0.1);
    expect(await copy.logProbs([{ x: prompt, y: [4] }])).toEqual(kept);
  });

  it('leaves no tensor behind', async () => {
    using policy = policyOf(4);
    const data = {
      prompts: [prompt, prompt],
      panel: [{ utilities: (_x: Tokens, ys: readonly Tokens[]) => ys.map((y) => y.length) }],
    };
    const setting = { ...irepo, iterations: 2, steps: 2, reference: 'moving' } as const;
    await expectNoLeakedTensors(async () => void (await align(tf, policy, data, setting, rng(1))));
  });
});
