import { ConfigError } from '../../../core/errors.ts';
import { assertToken } from './byte-tokenizer.ts';
import { firstTextToken } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { utf8Bytes, utf8Text } from './utf8.ts';

const firstMerge = firstTextToken + 256;

/** Merges stay within a word with the space before it, a number, a run of signs, or a run of white space. */
const piece = / ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+/gu;

/** Ids of the two tokens that become one. */
type Merge = readonly [left: number, right: number];

/**
 * Byte pair encoding: from bytes on, the pair seen most often becomes a token, until there are V tokens or no pair is seen twice;
 * ties go to the pair with the smaller ids. Source: Sennrich et al. (2016), algorithm 1, on bytes as in GPT-2.
 * @param vocabulary V, at least 259 (special tokens and bytes)
 * @throws {ConfigError} when V is smaller.
 */
export function trainBpeTokenizer(texts: Iterable<string>, vocabulary: number): Tokenizer {
  if (!Number.isInteger(vocabulary) || vocabulary < firstMerge)
    throw new ConfigError(`bpe tokenizer: vocabulary is ${vocabulary}, expected an integer of at least ${firstMerge}`);
  const counts = new Map<string, number>();
  for (const text of texts) for (const [word] of text.matchAll(piece)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = Array.from(counts, ([word, count]) => ({ ids: byteIds(word), count }));
  const merges: Merge[] = [];
  while (firstMerge + merges.length < vocabulary) {
    const best = mostFrequentPair(words);
    if (best === undefined) break;
    const id = firstMerge + merges.length;
    for (const word of words) word.ids = merged(word.ids, best, id);
    merges.push(best);
  }
  return bpeTokenizer(merges);
}

/** A tokenizer of these merges, in the order in which they were learned. */
export function bpeTokenizer(merges: readonly Merge[]): Tokenizer {
  const ranks = new Map(merges.map((merge, rank) => [key(merge), rank]));
  const vocabulary = firstMerge + merges.length;
  const bytesOf: (readonly number[])[] = Array.from({ length: 256 }, (_, byte) => [byte]);
  for (const [left, right] of merges)
    bytesOf.push([...bytesOf[left - firstTextToken]!, ...bytesOf[right - firstTextToken]!]);
  // Texts repeat their words: each is merged once.
  const known = new Map<string, readonly number[]>();
  return {
    vocabulary,
    description: { kind: 'bpe', merges },
    encode(text) {
      const out: number[] = [];
      for (const [word] of text.matchAll(piece)) {
        let ids = known.get(word);
        if (ids === undefined) {
          ids = mergeAll(byteIds(word), ranks);
          if (known.size < mostKnown) known.set(word, ids);
        }
        out.push(...ids);
      }
      return out;
    },
    decode(ids) {
      const bytes: number[] = [];
      for (const id of ids) {
        assertToken(id, vocabulary);
        if (id >= firstTextToken) bytes.push(...bytesOf[id - firstTextToken]!);
      }
      return utf8Text(bytes);
    },
  };
}

/** Words whose merges are remembered; a language has no more in common use. */
const mostKnown = 50_000;

function byteIds(text: string): number[] {
  return Array.from(utf8Bytes(text), (byte) => firstTextToken + byte);
}

/** Both ids in one number; there are fewer than 2²⁶ tokens. */
function key([left, right]: Merge): number {
  return left * 2 ** 26 + right;
}

function mostFrequentPair(
  words: readonly { readonly ids: readonly number[]; readonly count: number }[],
): Merge | undefined {
  const counts = new Map<number, number>();
  for (const { ids, count } of words) {
    for (let i = 1; i < ids.length; i++) {
      const pair = key([ids[i - 1]!, ids[i]!]);
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best = -1;
  let most = 1; // a pair seen once is no regularity
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best >= 0 && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best < 0 ? undefined : [Math.floor(best / 2 ** 26), best % 2 ** 26];
}

/** Every occurrence of the pair, from the left. */
function merged(ids: readonly number[], [left, right]: Merge, id: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      out.push(id);
      i++;
    } else out.push(ids[i]!);
  }
  return out;
}

/** The merge learned first is made first. */
function mergeAll(ids: number[], ranks: ReadonlyMap<number, number>): number[] {
  for (let current = ids; ;) {
    let first = Infinity;
    let pair: Merge = [0, 0];
    for (let i = 1; i < current.length; i++) {
      const rank = ranks.get(key([current[i - 1]!, current[i]!]));
      if (rank !== undefined && rank < first) {
        first = rank;
        pair = [current[i - 1]!, current[i]!];
      }
    }
    if (first === Infinity) return current;
    current = merged(current, pair, firstMerge + first);
  }
}
