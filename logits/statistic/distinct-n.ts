import { ShapeError } from '../../core/errors.ts';

/**
 * Distinct n-grams over all n-grams, counted within each sequence. NaN where there is no n-gram.
 *
 * Source: Li et al. (2016), "A Diversity-Promoting Objective Function for Neural Conversation Models", distinct-n.
 * @throws {ShapeError} unless n is an integer from 1.
 */
export function distinctN(sequences: Iterable<readonly (string | number)[]>, n: number): number {
  if (!Number.isInteger(n) || n < 1) throw new ShapeError(`distinctN: n is ${n}, expected an integer from 1`);
  const number = new Map<string | number, number>(); // a token's number, so that no separator can be part of one
  const seen = new Set<string>();
  let total = 0;
  for (const tokens of sequences) {
    const ids = tokens.map((token) => {
      const id = number.get(token) ?? number.size;
      number.set(token, id);
      return id;
    });
    for (let at = 0; at + n <= ids.length; at++, total++) seen.add(ids.slice(at, at + n).join());
  }
  return seen.size / total;
}

/**
 * `Π_{n=2…4} (1 − rep_n)`, `rep_n = 1 − distinctN`.
 *
 * Source: Su et al. (2022), "A Contrastive Framework for Neural Text Generation", section 5.
 */
export function diversity(sequences: readonly (readonly (string | number)[])[]): number {
  return [2, 3, 4].reduce((product, n) => product * distinctN(sequences, n), 1);
}
