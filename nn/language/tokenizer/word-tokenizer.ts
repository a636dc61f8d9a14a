import { DataError } from '../../../core/errors.ts';
import { assertToken } from './byte-tokenizer.ts';
import { firstTextToken } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { utf8Bytes, utf8Text } from './utf8.ts';

/** Says that the next word follows without the space that is otherwise between two words. */
const join = firstTextToken;
const firstWord = firstTextToken + 1;

/** A run of letters, digits, `_`, `-` and apostrophes; or any one character. */
const piece = /[\p{L}\p{M}\p{N}_'’-]+|[^]/gu;

export interface WordTokenizerOptions {
  /** Words seen less often are left out: 1. */
  readonly atLeast?: number;
  /**
   * Whether what is no word of the vocabulary is spelt in bytes (256 more tokens, and every text can be encoded: true) or refused,
   * for languages that are closed.
   */
  readonly bytes?: boolean;
}

/**
 * Learns the words of some texts, in the order of their count, ties alphabetically by code unit.
 * @throws {DataError} when the texts have no word.
 */
export function trainWordTokenizer(texts: Iterable<string>, options: WordTokenizerOptions = {}): Tokenizer {
  const { atLeast = 1, bytes = true } = options;
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.matchAll(piece)) if (!isSpace(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .filter(([, count]) => count >= atLeast)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([word]) => word);
  if (words.length === 0) throw new DataError(`word tokenizer: the texts have no word seen at least ${atLeast} times`);
  return wordTokenizer(words, bytes);
}

/**
 * A token for each word. Between two words there is one space unless `join` stands between them; all other white space, and
 * unknown words, are spelt in bytes.
 * @param words distinct, in the order of their ids
 */
export function wordTokenizer(words: readonly string[], bytes: boolean): Tokenizer {
  const ids = new Map(words.map((word, index) => [word, firstWord + index]));
  const firstByte = firstWord + words.length;
  const vocabulary = firstByte + (bytes ? 256 : 0);
  const spell = (text: string, whole: string): number[] => {
    if (bytes) return Array.from(utf8Bytes(text), (byte) => firstByte + byte);
    throw new DataError(
      `word tokenizer: ${JSON.stringify(text)} in ${JSON.stringify(excerpt(whole))} is none of its ${words.length} words, ` +
        'and it spells nothing in bytes',
    );
  };
  return {
    vocabulary,
    description: { kind: 'word', words, bytes },
    encode(text) {
      const pieces = Array.from(text.matchAll(piece), ([one]) => one);
      const out: number[] = [];
      let afterWord = false;
      for (let i = 0; i < pieces.length; i++) {
        const id = ids.get(pieces[i]!);
        if (id !== undefined) {
          if (afterWord) out.push(join);
          out.push(id);
          afterWord = true;
          continue;
        }
        const next = ids.get(pieces[i + 1] ?? '');
        if (afterWord && pieces[i] === ' ' && next !== undefined) {
          out.push(next);
          i++;
          continue;
        }
        out.push(...spell(pieces[i]!, text));
        afterWord = false;
      }
      return out;
    },
    decode(tokens) {
      let text = '';
      let spelt: number[] = [];
      let afterWord = false;
      for (const id of tokens) {
        assertToken(id, vocabulary);
        if (id < firstTextToken) continue;
        if (id >= firstByte) {
          spelt.push(id - firstByte);
          afterWord = false;
          continue;
        }
        text += utf8Text(spelt);
        spelt = [];
        if (id === join) {
          afterWord = false;
          continue;
        }
        text += afterWord ? ` ${words[id - firstWord]!}` : words[id - firstWord]!;
        afterWord = true;
      }
      return text + utf8Text(spelt);
    },
  };
}

function isSpace(text: string): boolean {
  return text.trim() === '';
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
