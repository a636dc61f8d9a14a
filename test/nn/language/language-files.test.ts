import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PolicyFileError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { sha256Hex } from '../../../core/sha256.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { transformerConfig } from '../../../nn/language/config.ts';
import { loadLanguage, saveLanguage } from '../../../nn/language/language-files.ts';
import type { LanguageFiles } from '../../../nn/language/language-files.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { trainWordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';
import { readTrainingFiles, trainingFiles } from '../../../nn/language/training-files.ts';
import type { TrainingFiles } from '../../../nn/language/training-files.ts';
import { freshTransformer, withAdapters } from '../../../nn/language/transformer.ts';
import { readSafetensors, writeSafetensors } from '../../../nn/safetensors.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';

const tokenizer = trainWordTokenizer(['relay of bus 7 is open .'], { bytes: false });
const config = transformerConfig({ vocabulary: tokenizer.vocabulary, context: 8, width: 4, heads: 2, layers: 2 });

let backend: SelectedBackend;
let plain: LanguageFiles;
let adapted: LanguageFiles;
beforeAll(async () => {
  backend = await selectBackend({ force: 'wasm' });
  using model = freshTransformer(tf, config, rng(1));
  plain = await saveLanguage(model, tokenizer);
  using tuned = withAdapters(model, { rank: 2, alpha: 3, targets: ['mlp.up'] }, rng(2));
  tuned.trained.write((await tuned.trained.read()).map((_, i) => Math.sin(i)));
  adapted = await saveLanguage(tuned, tokenizer);
});
afterAll(() => backend[Symbol.dispose]());

async function logits({ model }: ReturnType<typeof loadLanguage>): Promise<Float32Array> {
  const tensor = model.logits(tokenBatch([{ tokens: [1, ...tokenizer.encode('relay of bus 7')] }]));
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}

describe('the files of a language model', () => {
  it('give the same model and tokenizer back, to the bit, adapters too', async () => {
    using model = freshTransformer(tf, config, rng(1));
    using tuned = withAdapters(model, { rank: 2, alpha: 3, targets: ['mlp.up'] }, rng(2));
    tuned.trained.write((await tuned.trained.read()).map((_, i) => Math.sin(i)));
    for (const [files, original] of [
      [plain, model],
      [adapted, tuned],
    ] as const) {
      using again = loadLanguage(tf, files, 'folder');
      expect(await logits(again)).toEqual(
        await logits({ model: original, tokenizer, [Symbol.dispose]: () => undefined }),
      );
      expect(again.tokenizer.encode('bus 7 is open .')).toEqual(tokenizer.encode('bus 7 is open .'));
      expect(await saveLanguage(again.model, again.tokenizer)).toEqual(files);
    }
    expect(adapted.weights.length).toBeGreaterThan(plain.weights.length);
  });

  const changed = (change: (card: Record<'transformer' | 'tokenizer', object>) => void): string => {
    const card = JSON.parse(plain.card) as Record<'transformer' | 'tokenizer', object>;
    change(card);
    return JSON.stringify(card);
  };
  /** The file with other tensors, and a card that has its hash. */
  const reweighted = (change: (tensors: ReturnType<typeof readSafetensors>) => void): LanguageFiles => {
    const tensors = readSafetensors(plain.weights, 'x');
    change(tensors);
    const weights = writeSafetensors(tensors);
    return { card: changed((card) => Object.assign(card, { weightsSha256: sha256Hex(weights) })), weights };
  };

  it.each([
    ['no JSON', () => ({ ...plain, card: '{' }), 'folder/language.json:1'],
    ['another format', () => ({ ...plain, card: changed((card) => Object.assign(card, { format: 'x' })) }), '/format'],
    ['a later version', () => ({ ...plain, card: changed((card) => Object.assign(card, { version: 2 })) }), '/version'],
    [
      'an unknown key',
      () => ({ ...plain, card: changed((card) => Object.assign(card, { tokeniser: 1 })) }),
      "did you mean 'tokenizer'",
    ],
    [
      'heads that do not fit',
      () => ({ ...plain, card: changed(({ transformer }) => Object.assign(transformer, { heads: 3 })) }),
      '/transformer/heads',
    ],
    [
      'a tokenizer with more tokens than the model',
      () => ({ ...plain, card: changed(({ tokenizer: one }) => Object.assign(one, { bytes: true })) }),
      '/transformer/vocabulary',
    ],
    [
      'a width that the weights do not have',
      () => ({ ...plain, card: changed(({ transformer }) => Object.assign(transformer, { width: 8 })) }),
      '/embedding.weight: got [11, 4], expected [11, 8]',
    ],
    [
      'adapters that are not there',
      () => ({ ...plain, card: changed((card) => Object.assign(card, { lora: { rank: 1, alpha: 1 } })) }),
      '/layers.0.attention.qkv.lora.a: got nothing',
    ],
    [
      'adapters of layers that are not there',
      () => ({ ...plain, card: changed((card) => Object.assign(card, { lora: { rank: 1, alpha: 1, layers: 3 } })) }),
      '/lora/layers',
    ],
    ['truncated weights', () => ({ ...plain, weights: plain.weights.subarray(0, -4) }), 'folder/language.safetensors'],
    ['weights of another model', () => ({ ...plain, weights: flipped(plain.weights) }), 'SHA-256 is'],
    [
      'a weight that is missing',
      () => reweighted((tensors) => tensors.delete('norm.gain')),
      '/norm.gain: got nothing, expected [4]',
    ],
    [
      'a weight too many',
      () => reweighted((tensors) => tensors.set('x', { shape: [1], data: new Float32Array(1) })),
      '/x: is no weight',
    ],
  ] as const)('are refused by name: %s', (_damage, files, message) => {
    const load = (): unknown => loadLanguage(tf, files(), 'folder');
    expect(load).toThrow(PolicyFileError);
    expect(load).toThrow(message);
  });

  it('throw nothing but PolicyFileError when bytes are changed, and leave no tensor behind', async () => {
    const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
    await expectNoLeakedTensors(() => {
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), fc.boolean(), (changes, inCard) => {
          const bytes = inCard ? new TextEncoder().encode(plain.card) : plain.weights.slice();
          for (const { at, value } of changes) bytes[at % bytes.length] = value;
          const files = inCard ? { ...plain, card: new TextDecoder().decode(bytes) } : { ...plain, weights: bytes };
          try {
            loadLanguage(tf, files, 'folder')[Symbol.dispose]();
          } catch (error) {
            expect(error).toBeInstanceOf(PolicyFileError);
          }
        }),
        { numRuns: 60 },
      );
    });
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 4]! ^= 1; // the lowest bit of the last weight
  return copy;
}

describe('the files of an unfinished training', () => {
  const checkpoint = {
    step: 7,
    weights: Float32Array.of(1, 2),
    mean: Float32Array.of(0.1, -0.1),
    square: Float32Array.of(0, 3e-12),
  };
  const files = trainingFiles(checkpoint);

  it('give the checkpoint back', () => {
    expect(readTrainingFiles(files, 'folder')).toEqual(checkpoint);
  });

  it.each([
    ['no JSON', { ...files, state: ']' }, 'folder/training.json'],
    ['no step', { ...files, state: files.state.replace('"step": 7', '"step": -7') }, '/step'],
    ['truncated', { ...files, tensors: files.tensors.subarray(0, -1) }, 'folder/training.safetensors'],
    ['changed', { ...files, tensors: flipped(files.tensors) }, 'SHA-256 is'],
    [
      'without a moment',
      { ...files, tensors: writeSafetensors(new Map([['weights', { shape: [1], data: new Float32Array(1) }]])) },
      '/mean: is not there',
    ],
  ] satisfies [string, TrainingFiles, string][])('are refused by name: %s', (_damage, damaged, message) => {
    const read = (): unknown => readTrainingFiles(damaged, 'folder');
    expect(read).toThrow(PolicyFileError);
    expect(read).toThrow(message);
  });

  it('are not written of a training that diverged', () => {
    expect(() => trainingFiles({ ...checkpoint, mean: Float32Array.of(NaN, 0) })).toThrow(PolicyFileError);
  });
});
