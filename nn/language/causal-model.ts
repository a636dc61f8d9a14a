import type { Tensor2D } from '@tensorflow/tfjs';

/** What gives the logits of the next token, whatever computes it: our transformer, or one of others (`onnxCausalModel`). */
export interface CausalModel extends Disposable {
  /** V */
  readonly vocabulary: number;
  /** Most tokens of a sequence. */
  readonly context: number;
  /** Reads B prompts of at least a token each. @param options.cache false: every step reads the whole sequences again */
  decode(prompts: readonly (readonly number[])[], options?: { readonly cache?: boolean }): Promise<Decoding>;
}

/** B sequences that grow token by token. */
export interface Decoding extends Disposable {
  /** [B×V] of the token after each sequence; the decoding's, replaced by `advance`. */
  readonly logits: Tensor2D;
  /**
   * Appends a token to each sequence, or nothing where it is `resting`.
   * @throws {ShapeError} when there is not one for each sequence, or a sequence has filled the context.
   */
  advance(tokens: readonly number[]): Promise<void>;
}

/** In the place of a token: this sequence has ended and only waits for the others. */
export const resting = -1;
