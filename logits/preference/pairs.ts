import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { zermelo } from '../statistic/zermelo.ts';
import { winMatrix } from './annotator.ts';
import type { Annotator } from './annotator.ts';

/** Responses to one prompt and which of them are compared in the loss. */
export interface Comparisons<X, Y> {
  readonly x: X;
  readonly responses: readonly Y[];
  readonly pairs: readonly Pair[];
}

/** Response i was found stronger than j. */
export interface Pair {
  readonly i: number;
  readonly j: number;
  /** `t = ln w_i − ln w_j`, from 0: the logit of the empirical preference. */
  readonly target: number;
}

export interface Labelling {
  /** h, comparisons of every pair. */
  readonly annotators: number;
  /** Strongest against weakest response, as published, or every pair. */
  readonly pairs: 'extremes' | 'all';
  /** Wins added to every ordered pair, without which a unanimous one has an infinite target: 0.5. */
  readonly virtualWins: number;
}

/**
 * Labels responses: all pairs judged by h annotators, strengths w of Bradley and Terry's model by Zermelo's method (Newman's iteration), and
 * of the pairs the strongest against the weakest response, or all.
 *
 * Source: iREPO (arXiv 2405.15230), section 4.1 as its reviews give it.
 * @throws {ConfigError} for fewer than two responses.
 */
export function compare<X, Y>(
  panel: readonly Annotator<X, Y>[],
  x: X,
  responses: readonly Y[],
  { annotators, pairs, virtualWins }: Labelling,
  rng: Rng,
): Comparisons<X, Y> {
  if (responses.length < 2)
    throw new ConfigError(`preference: ${responses.length} responses to compare, expected at least 2`);
  const w = zermelo(winMatrix(panel, x, responses, annotators, rng), { virtualWins });
  const order = [...w.keys()].toSorted((a, b) => w[b]! - w[a]! || a - b);
  const pair = (i: number, j: number): Pair => ({ i, j, target: Math.log(w[i]! / w[j]!) });
  if (pairs === 'all')
    return { x, responses, pairs: order.flatMap((i, rank) => order.slice(rank + 1).map((j) => pair(i, j))) };
  const [strongest, weakest] = [order[0]!, order.at(-1)!];
  const { target } = pair(strongest, weakest);
  return { x, responses: [responses[strongest]!, responses[weakest]!], pairs: [{ i: 0, j: 1, target }] };
}
