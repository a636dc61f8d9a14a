import { distinctN, diversity } from '../../statistic/distinct-n.ts';

/** How much a set of texts repeats itself. */
export interface Repetition {
  /** Unique over all 3-grams. */
  readonly normalisedNgrams: number;
  /** `Π_{n=2…4} (1 − rep_n)`. */
  readonly diversity: number;
  /** Share of texts that stand there before. */
  readonly duplicates: number;
}

/**
 * Of the set as one text, cut to as many tokens as others that it is compared with: both figures fall with the length.
 *
 * Sources: STEER's code (normalised n-grams); Su et al. (2022), section 5.
 */
export function repetition(texts: readonly (readonly number[])[], tokens: number): Repetition {
  const whole = [texts.flat().slice(0, tokens)];
  return {
    normalisedNgrams: distinctN(whole, 3),
    diversity: diversity(whole),
    duplicates: 1 - new Set(texts.map((text) => text.join())).size / texts.length,
  };
}
