import { ConfigError, ShapeError } from '../../core/errors.ts';
import type { TransformerConfig } from './config.ts';
import { specialTokens } from './tokenizer/tokenizer.ts';

/** A sequence and which of its tokens count: those before `answerFrom` are the prompt. */
export interface TokenSequence {
  readonly tokens: readonly number[];
  /** Index of the first token that is to be predicted: 1, all that can be. */
  readonly answerFrom?: number;
}

/** B sequences side by side, filled up to T tokens. */
export interface TokenBatch {
  /** B */
  readonly rows: number;
  /** T */
  readonly length: number;
  /** [B×T] */
  readonly ids: Int32Array;
  /** [B×T] 1 where there is a token, 0 where there is padding. */
  readonly valid: Uint8Array;
  /** [B×T] weight of a token's prediction from those before it; 0 for prompts, padding and first tokens. */
  readonly answer: Float32Array;
}

/**
 * @param side where padding goes: after the tokens, or before them, where all next tokens stand side by side
 * @param length T: the longest sequence's
 * @throws {ShapeError} when there is no sequence, an empty one, or one longer than `length`.
 */
export function tokenBatch(
  sequences: readonly TokenSequence[],
  { side = 'right', length }: { readonly side?: 'left' | 'right'; readonly length?: number } = {},
): TokenBatch {
  const longest = Math.max(0, ...sequences.map(({ tokens }) => tokens.length));
  const width = length ?? longest;
  if (sequences.length === 0 || sequences.some(({ tokens }) => tokens.length === 0))
    throw new ShapeError(`token batch: ${sequences.length} sequences of which one is empty, expected at least a token`);
  if (longest > width) throw new ShapeError(`token batch: a sequence of ${longest} tokens, expected at most ${width}`);
  const rows = sequences.length;
  const ids = new Int32Array(rows * width).fill(specialTokens.pad);
  const valid = new Uint8Array(rows * width);
  const answer = new Float32Array(rows * width);
  for (const [row, { tokens, answerFrom = 1 }] of sequences.entries()) {
    const start = row * width + (side === 'left' ? width - tokens.length : 0);
    ids.set(tokens, start);
    valid.fill(1, start, start + tokens.length);
    answer.fill(1, Math.min(start + Math.max(1, answerFrom), start + tokens.length), start + tokens.length);
  }
  return { rows, length: width, ids, valid, answer };
}

/** [B×T] the position of every token among those of its sequence; 0 for padding in front. */
export function positionsOf({ rows, length, valid }: Pick<TokenBatch, 'rows' | 'length' | 'valid'>): Int32Array {
  const positions = new Int32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    let seen = 0;
    for (let t = 0; t < length; t++) {
      positions[row * length + t] = Math.max(0, (seen += valid[row * length + t]!) - 1);
    }
  }
  return positions;
}

/** Whether any padding stands before a token: only then may a token not look at all that are before it. */
export function isRagged({ rows, length, valid }: TokenBatch): boolean {
  for (let row = 0; row < rows; row++)
    for (let t = 1; t < length; t++) if (valid[row * length + t]! > valid[row * length + t - 1]!) return true;
  return false;
}

/**
 * @throws {ShapeError} when the arrays are not [B×T] or a sequence is longer than the model's context.
 * @throws {ConfigError} when an id is none of its vocabulary.
 */
export function assertBatch(batch: TokenBatch, { vocabulary, context }: TransformerConfig): void {
  const { rows, length, ids, valid, answer } = batch;
  for (const [name, array] of Object.entries({ ids, valid, answer }))
    if (array.length !== rows * length || rows < 1 || length < 1)
      throw new ShapeError(`token batch: ${name} has ${array.length} values, expected ${rows}×${length}`);
  const wrong = ids.findIndex((id) => id < 0 || id >= vocabulary);
  if (wrong >= 0)
    throw new ConfigError(
      `token batch: token ${ids[wrong]!} in row ${Math.floor(wrong / length)}, expected 0 … ${vocabulary - 1}`,
    );
  for (let row = 0; row < rows; row++) {
    const tokens = valid.subarray(row * length, (row + 1) * length).reduce((sum, one) => sum + one, 0);
    if (tokens > context)
      throw new ShapeError(`token batch: row ${row} has ${tokens} tokens, expected at most the context, ${context}`);
  }
}
