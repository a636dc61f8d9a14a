import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';

/** Who compares two responses: by a rule, or by a reward that was learned (`RewardModel`). */
export interface Annotator<X, Y> {
  /** r(x, y) of each response, up to a constant of the prompt. */
  utilities(x: X, responses: readonly Y[]): ArrayLike<number>;
  /** τ: `P(i ≻ j) = σ((r_i − r_j)/τ)`; 0 always names the better one. Default: 1. */
  readonly noise?: number;
  /** Share of comparisons answered by a throw of a coin. Default: 0. */
  readonly lapse?: number;
}

/**
 * How often i was preferred to j by h annotators, `h_ij + h_ji = h` [D][D]. A panel of fewer than h is asked in turn; of more, a part that
 * is drawn for each prompt.
 *
 * Source: iREPO (arXiv 2405.15230), the empirical preference; Bradley and Terry (1952) for an annotator's noise.
 * @throws {ConfigError} for a panel of none, h below 1, or noise and lapses out of their range.
 */
export function winMatrix<X, Y>(
  panel: readonly Annotator<X, Y>[],
  x: X,
  responses: readonly Y[],
  h: number,
  rng: Rng,
): number[][] {
  if (panel.length === 0 || !Number.isInteger(h) || h < 1)
    throw new ConfigError(`annotators: ${h} votes of a panel of ${panel.length}, expected at least 1 of each`);
  const order = Int32Array.from({ length: panel.length }, (_, i) => i);
  shuffle(order, rng);
  const asked = [...order.subarray(0, h)].map((index) => {
    const annotator = panel[index]!;
    return { annotator, utilities: annotator.utilities(x, responses) };
  });
  const wins = responses.map(() => Array.from(responses, () => 0));
  for (let i = 0; i < responses.length; i++)
    for (let j = i + 1; j < responses.length; j++)
      for (let vote = 0; vote < h; vote++) {
        const { annotator, utilities } = asked[vote % asked.length]!;
        if (rng.uniform() < preference(annotator, utilities[i]! - utilities[j]!)) wins[i]![j]!++;
        else wins[j]![i]!++;
      }
  return wins;
}

/** `P(i ≻ j) = (1 − lapse)·σ((r_i − r_j)/τ) + lapse/2`. */
export function preference(
  { noise = 1, lapse = 0 }: Pick<Annotator<never, never>, 'noise' | 'lapse'>,
  difference: number,
): number {
  if (!(noise >= 0 && noise < Infinity)) throw new ConfigError(`annotator: noise is ${noise}, expected 0 or more`);
  if (!(lapse >= 0 && lapse <= 1)) throw new ConfigError(`annotator: lapse is ${lapse}, expected a share in [0, 1]`);
  const sure = noise === 0 ? (1 + Math.sign(difference)) / 2 : 1 / (1 + Math.exp(-difference / noise));
  return (1 - lapse) * sure + lapse / 2;
}
