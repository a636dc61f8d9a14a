import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { assertLength, ShapeError } from '../../core/errors.ts';
import { resting } from './causal-model.ts';
import type { Decoding } from './causal-model.ts';
import { blocks, embed, head, unseen } from './forward.ts';
import type { Attend, Weights } from './forward.ts';
import { heads as splitHeads, joined, weights as attentionWeights } from './layer/attention.ts';
import { rotaryAngles } from './layer/rotary.ts';
import { assertBatch, tokenBatch } from './token-batch.ts';
import { specialTokens } from './tokenizer/tokenizer.ts';

/** A decoding that keeps keys and values of all tokens so far (rotated already), so that a step computes one token only. */
export class CachedDecoding implements Decoding {
  readonly #weights: Weights;
  readonly #rows: number;
  /** Tokens of each sequence. */
  readonly #lengths: Int32Array;
  /** Of each layer, [B×H×S×D] over all S places, padding included. */
  #cache: readonly { readonly k: Tensor4D; readonly v: Tensor4D }[] = [];
  /** By row, whether each place holds a token. */
  readonly #seen: number[][];
  #logits: Tensor2D;

  constructor(weights: Weights, prompts: readonly (readonly number[])[]) {
    const batch = tokenBatch(
      prompts.map((tokens) => ({ tokens })),
      { side: 'left' },
    );
    assertBatch(batch, weights.config);
    this.#weights = weights;
    this.#rows = batch.rows;
    this.#lengths = new Int32Array(batch.rows);
    this.#seen = prompts.map(() => []);
    this.#logits = this.#extend(batch.ids, batch.valid);
  }

  get logits(): Tensor2D {
    return this.#logits;
  }

  advance(tokens: readonly number[]): Promise<void> {
    assertAdvance(tokens, this.#rows, this.#weights.config.vocabulary);
    const { context } = this.#weights.config;
    const full = tokens.findIndex((token, row) => token !== resting && this.#lengths[row]! >= context);
    if (full >= 0) throw new ShapeError(`decoding: sequence ${full} has filled the context, ${context} tokens`);
    const ids = Int32Array.from(tokens, (token) => (token === resting ? specialTokens.pad : token));
    const logits = this.#extend(
      ids,
      Uint8Array.from(tokens, (token) => (token === resting ? 0 : 1)),
    );
    this.#logits.dispose();
    this.#logits = logits;
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#weights.tf.dispose([this.#logits, ...this.#cache.flatMap(({ k, v }) => [k, v])]);
  }

  /** Takes in n more places of each row [B×n]; returns the logits after the last one. */
  #extend(ids: Int32Array, valid: Uint8Array): Tensor2D {
    const { tf, config } = this.#weights;
    const rows = this.#rows;
    const length = ids.length / rows;
    const headWidth = config.width / config.heads;
    const shape = { rows, length, heads: config.heads, headWidth };
    const { positions, bias, places } = this.#take(valid, length);
    const old = this.#cache;
    const [logits, ...cache] = tf.tidy(() => {
      const mask = tf.tensor4d(bias, [rows, 1, length, places]);
      const angles = config.positions === 'rotary' ? rotaryAngles(tf, positions, rows, headWidth) : undefined;
      const kept: Tensor4D[] = [];
      const attend: Attend = (qkv, layer) => {
        const { q, k, v } = splitHeads(tf, qkv, shape, angles);
        const before = old[layer];
        const keys = before === undefined ? k : tf.concat([before.k, k], 2);
        const values = before === undefined ? v : tf.concat([before.v, v], 2);
        kept.push(keys, values);
        return joined(tf.matMul(attentionWeights(tf, q, keys, mask), values), shape);
      };
      const start = embed(this.#weights, tf.tensor1d(ids, 'int32'), tf.tensor1d(positions, 'int32'));
      const state: Tensor = blocks(this.#weights, start, attend).reshape([rows, length, config.width]);
      const last = state.slice([0, length - 1], [rows, 1]).reshape([rows, config.width]) as Tensor2D;
      return [head(this.#weights, last), ...kept] as [Tensor2D, ...Tensor4D[]];
    });
    tf.dispose(old.flatMap(({ k, v }) => [k, v]));
    this.#cache = Array.from({ length: config.layers }, (_, layer) => ({
      k: cache[2 * layer]!,
      v: cache[2 * layer + 1]!,
    }));
    return logits;
  }

  /** Positions [B×n] of the new places, and what they see of all S: [B×n×S]. */
  #take(
    valid: Uint8Array,
    length: number,
  ): { readonly positions: Int32Array; readonly bias: Float32Array; readonly places: number } {
    const before = this.#seen[0]!.length;
    const places = before + length;
    const positions = new Int32Array(valid.length);
    const bias = new Float32Array(valid.length * places);
    for (let row = 0; row < this.#rows; row++) {
      const seen = this.#seen[row]!;
      for (let n = 0; n < length; n++) {
        const at = row * length + n;
        seen.push(valid[at]!);
        this.#lengths[row]! += valid[at]!;
        positions[at] = Math.max(0, this.#lengths[row]! - 1);
      }
      for (let n = 0; n < length; n++)
        for (let s = 0; s < places; s++)
          if (s > before + n || seen[s] === 0) bias[(row * length + n) * places + s] = unseen;
    }
    return { positions, bias, places };
  }
}

/** @throws {ShapeError} when there is not one token, or `resting`, for each sequence. */
export function assertAdvance(tokens: readonly number[], rows: number, vocabulary: number): void {
  assertLength(tokens, rows, 'tokens', 'decoding');
  const wrong = tokens.find(
    (token) => token !== resting && !(Number.isInteger(token) && token >= 0 && token < vocabulary),
  );
  if (wrong !== undefined) throw new ShapeError(`decoding: token ${wrong}, expected 0 … ${vocabulary - 1} or -1`);
}
