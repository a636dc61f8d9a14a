import type { Tensor2D } from '@tensorflow/tfjs';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { resting } from './causal-model.ts';
import type { CausalModel } from './causal-model.ts';
import { assertSampling, sampleToken } from './sampling.ts';
import type { SamplingOptions } from './sampling.ts';
import { specialTokens } from './tokenizer/tokenizer.ts';

/**
 * What stands between a model and the choice of a token: other models' logits, filters. It may wait.
 * @param logits [B×V] not its own: it makes others, or returns these
 * @param prefixes [B] prompts with all tokens so far
 * @param last what was appended to each since the last call, `resting` where a sequence has ended; undefined in the first
 * @returns [B×V]; disposed by the caller
 */
export type LogitsProcessor = (
  logits: Tensor2D,
  prefixes: readonly (readonly number[])[],
  last: readonly number[] | undefined,
) => Tensor2D | Promise<Tensor2D>;

export interface GenerationOptions extends SamplingOptions {
  readonly maxTokens: number;
  /** Tokens that end a sequence and are left out of it: `end`. */
  readonly stop?: readonly number[] | undefined;
  readonly process?: LogitsProcessor | undefined;
  /** Whether keys and values are kept from step to step: true. */
  readonly cache?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Generation {
  /** Without the prompt and the token that ended it. */
  readonly tokens: readonly number[];
  /** A stop token, `maxTokens`, or the model's context. */
  readonly ended: 'stop' | 'length' | 'context';
}

/**
 * Continues B prompts. Each row draws from a stream of its own, so that it does not depend on the others.
 * @throws {ConfigError} when an option is out of its range. @throws {CancelledError} when the signal says so, between two tokens.
 */
export async function generate(
  model: CausalModel,
  prompts: readonly (readonly number[])[],
  options: GenerationOptions,
  rng: Rng,
): Promise<Generation[]> {
  const { maxTokens, stop = [specialTokens.end], process, cache = true, signal } = options;
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new ConfigError(`generate: maxTokens is ${maxTokens}, expected a positive integer`);
  assertSampling(options);
  const prefixes = prompts.map((prompt) => [...prompt]);
  const streams = prompts.map((_, row) => rng.split(row));
  const ended: (Generation['ended'] | undefined)[] = prompts.map(() => undefined);
  let last: number[] | undefined;
  using decoding = await model.decode(prompts, { cache });
  for (;;) {
    if (signal?.aborted) throw new CancelledError('generate: stopped between two tokens');
    const values = await processed(decoding.logits, prefixes, last, process);
    last = prefixes.map((prefix, row) => {
      if (ended[row] !== undefined) return resting;
      const at = row * model.vocabulary;
      const token = sampleToken(values.subarray(at, at + model.vocabulary), options, streams[row]!);
      if (stop.includes(token)) {
        ended[row] = 'stop';
        return resting;
      }
      prefix.push(token);
      if (prefix.length - prompts[row]!.length === maxTokens) ended[row] = 'length';
      else if (prefix.length > model.context) ended[row] = 'context';
      return ended[row] === undefined ? token : resting;
    });
    if (ended.every((reason) => reason !== undefined)) break;
    await decoding.advance(last);
  }
  return prefixes.map((prefix, row) => ({ tokens: prefix.slice(prompts[row]!.length), ended: ended[row]! }));
}

async function processed(
  logits: Tensor2D,
  prefixes: readonly (readonly number[])[],
  last: readonly number[] | undefined,
  process: LogitsProcessor | undefined,
): Promise<Float32Array> {
  if (process === undefined) return (await logits.data()) as Float32Array;
  const made = await process(logits, prefixes, last);
  try {
    if (made.shape[0] !== logits.shape[0] || made.shape[1] !== logits.shape[1])
      throw new ConfigError(
        `generate: the logits processor made [${made.shape.join('×')}], expected [${logits.shape.join('×')}]`,
      );
    return (await made.data()) as Float32Array;
  } finally {
    if (made !== logits) made.dispose();
  }
}
