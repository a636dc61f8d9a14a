import { ConfigError, NonFiniteError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';

export interface SamplingOptions {
  /** 0: the likeliest token (of equals the first); above 0, logits are divided by it: 1. */
  readonly temperature?: number | undefined;
  /** Only the k likeliest tokens: all. Source: Fan et al. (2018). */
  readonly topK?: number | undefined;
  /** Only the fewest tokens whose probabilities reach p together: 1, all. Source: Holtzman et al. (2020). */
  readonly topP?: number | undefined;
}

/** @throws {ConfigError} when an option is out of its range. */
export function assertSampling({ temperature = 1, topK, topP = 1 }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Infinity))
    throw new ConfigError(`sampling: temperature is ${temperature}, expected 0 or more`);
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new ConfigError(`sampling: topK is ${topK}, expected a positive integer`);
  if (!(topP > 0 && topP <= 1)) throw new ConfigError(`sampling: topP is ${topP}, expected 0 < p ≤ 1`);
}

/**
 * A token of one row of logits, which may be −∞ where a token is out of the question. Top-k is cut before top-p, as in the usual
 * libraries. It works on what was read from the device; filters of tensors come as a `LogitsProcessor`.
 * @param logits [V]
 * @throws {NonFiniteError} when one is NaN or +∞, or all are −∞.
 */
export function sampleToken(logits: ArrayLike<number>, options: SamplingOptions, rng: Rng): number {
  const { temperature = 1, topK = logits.length, topP = 1 } = options;
  let best = 0;
  for (let v = 0; v < logits.length; v++) {
    if (Number.isNaN(logits[v]) || logits[v] === Infinity)
      throw new NonFiniteError(`sampling: the logit of token ${v} is ${logits[v]!}, expected a number or -Infinity`);
    if (logits[v]! > logits[best]!) best = v;
  }
  const max = logits[best]!;
  if (max === -Infinity)
    throw new NonFiniteError('sampling: all logits are -Infinity, expected a token to be possible');
  if (temperature === 0) return best;
  const weight = Float64Array.from(logits, (logit) => Math.exp((logit - max) / temperature));
  const order = topK < logits.length || topP < 1 ? byWeight(weight) : undefined;
  const candidates = order === undefined ? Array.from(weight.keys()) : order.slice(0, topK);
  let total = candidates.reduce((sum, v) => sum + weight[v]!, 0);
  if (topP < 1) {
    let reached = 0;
    const enough = candidates.findIndex((v) => (reached += weight[v]!) >= topP * total);
    if (enough >= 0) {
      candidates.length = enough + 1;
      total = reached;
    }
  }
  let left = rng.uniform() * total;
  for (const v of candidates) if ((left -= weight[v]!) < 0) return v;
  return candidates.findLast((v) => weight[v]! > 0)!; // rounding left a trace of the total
}

/** The likeliest first, of equals the one with the smaller id. */
function byWeight(weight: Float64Array): number[] {
  return Array.from(weight.keys()).toSorted((a, b) => weight[b]! - weight[a]! || a - b);
}
