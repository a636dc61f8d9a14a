import type { Tensor2D } from '@tensorflow/tfjs';
import { ShapeError } from '../../core/errors.ts';
import { assertAdvance } from './cached-decoding.ts';
import { resting } from './causal-model.ts';
import type { Decoding } from './causal-model.ts';

/** A decoding without memory: every step reads the sequences from their beginning. */
export class WholeDecoding implements Decoding {
  readonly #sequences: number[][];
  readonly #limits: { readonly vocabulary: number; readonly context: number };
  readonly #last: (sequences: readonly (readonly number[])[]) => Promise<Tensor2D>;
  #logits: Tensor2D;

  private constructor(
    sequences: number[][],
    limits: { readonly vocabulary: number; readonly context: number },
    last: (sequences: readonly (readonly number[])[]) => Promise<Tensor2D>,
    logits: Tensor2D,
  ) {
    this.#sequences = sequences;
    this.#limits = limits;
    this.#last = last;
    this.#logits = logits;
  }

  /** @param last the logits [B×V] after each sequence */
  static async of(
    prompts: readonly (readonly number[])[],
    limits: { readonly vocabulary: number; readonly context: number },
    last: (sequences: readonly (readonly number[])[]) => Promise<Tensor2D>,
  ): Promise<WholeDecoding> {
    return new WholeDecoding(
      prompts.map((prompt) => [...prompt]),
      limits,
      last,
      await last(prompts),
    );
  }

  get logits(): Tensor2D {
    return this.#logits;
  }

  async advance(tokens: readonly number[]): Promise<void> {
    const { vocabulary, context } = this.#limits;
    assertAdvance(tokens, this.#sequences.length, vocabulary);
    for (const [row, token] of tokens.entries()) {
      if (token === resting) continue;
      if (this.#sequences[row]!.length >= context)
        throw new ShapeError(`decoding: sequence ${row} has filled the context, ${context} tokens`);
      this.#sequences[row]!.push(token);
    }
    const logits = await this.#last(this.#sequences);
    this.#logits.dispose();
    this.#logits = logits;
  }

  [Symbol.dispose](): void {
    this.#logits.dispose();
  }
}
