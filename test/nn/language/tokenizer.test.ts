import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseValueAs } from '../../../core/document.ts';
import { ConfigError, DataError, UnknownNameError } from '../../../core/errors.ts';
import { trainBpeTokenizer } from '../../../nn/language/tokenizer/bpe-tokenizer.ts';
import { byteTokenizer } from '../../../nn/language/tokenizer/byte-tokenizer.ts';
import { tokenizerDescription, tokenizerOf } from '../../../nn/language/tokenizer/description.ts';
import { specialTokens } from '../../../nn/language/tokenizer/tokenizer.ts';
import type { Tokenizer } from '../../../nn/language/tokenizer/tokenizer.ts';
import { trainWordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';

const corpus = [
  'The relay of substation North-7 trips at 51.2 Hz.',
  'The relay of substation Süd-3 trips at 49.8 Hz, the breaker does not.',
  'Störung: Leitung  Ost\tgetrennt\n',
];

const tokenizers: readonly (readonly [name: string, make: () => Tokenizer])[] = [
  ['byte', byteTokenizer],
  ['word', () => trainWordTokenizer(corpus)],
  ['bpe', () => trainBpeTokenizer(corpus, 300)],
];

/** Words of the corpus with any white space and signs between them, and any Unicode text at all. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom('The', 'relay', 'Süd-3', ' ', '  ', '\n', '.', ', ', 'unknown', 'ß', '\ufeff', '🔌', '', '-'),
      {
        maxLength: 30,
      },
    )
    .map((parts) => parts.join('')),
);

describe.each(tokenizers)('the %s tokenizer', (_name, make) => {
  const tokenizer = make();

  it('gives every text back, with ids of its vocabulary', () => {
    fc.assert(
      fc.property(text, (one) => {
        const ids = tokenizer.encode(one);
        expect(ids.every((id) => id > specialTokens.end && id < tokenizer.vocabulary)).toBe(true);
        expect(tokenizer.decode(ids)).toBe(one);
      }),
      { numRuns: 500 },
    );
    for (const one of corpus) expect(tokenizer.decode(tokenizer.encode(one))).toBe(one);
  });

  it('writes nothing for special tokens and refuses ids that are none', () => {
    const { begin, end, pad } = specialTokens;
    expect(tokenizer.decode([begin, ...tokenizer.encode('The relay'), end, pad])).toBe('The relay');
    for (const id of [-1, 0.5, tokenizer.vocabulary]) expect(() => tokenizer.decode([id])).toThrow(UnknownNameError);
  });

  it('is the same after it was described as JSON', () => {
    const json: unknown = JSON.parse(JSON.stringify(tokenizer.description));
    const again = tokenizerOf(parseValueAs(json, 'language.json', tokenizerDescription));
    expect(again.vocabulary).toBe(tokenizer.vocabulary);
    fc.assert(
      fc.property(text, (one) => {
        expect(again.encode(one)).toEqual(tokenizer.encode(one));
      }),
    );
  });

  it('is learned the same from the same texts', () => {
    expect(make().description).toEqual(tokenizer.description);
  });

  it('writes U+FFFD for a lone surrogate', () => {
    expect(tokenizer.decode(tokenizer.encode('a\ud800b'))).toBe('a\ufffdb');
  });
});

describe('the word tokenizer', () => {
  it('takes one token a word and none for the space between two', () => {
    const tokenizer = trainWordTokenizer(['relay of bus 7 is v3 w9 .'], { bytes: false });
    expect(tokenizer.vocabulary).toBe(4 + 8);
    expect(tokenizer.encode('relay of bus 7 is v3 w9 .')).toHaveLength(8);
    // A joint, since no space is between.
    expect(tokenizer.encode('w9.')).toHaveLength(3);
    expect(tokenizer.decode(tokenizer.encode('w9.'))).toBe('w9.');
  });

  it('orders words by their count, then alphabetically, and may leave rare ones out', () => {
    const words = (atLeast: number): unknown => trainWordTokenizer(['b a c b', 'c'], { atLeast }).description;
    expect(words(1)).toEqual({ kind: 'word', words: ['b', 'c', 'a'], bytes: true });
    expect(words(2)).toEqual({ kind: 'word', words: ['b', 'c'], bytes: true });
  });

  it('of a closed language refuses other words, and texts without any', () => {
    const tokenizer = trainWordTokenizer(['relay of bus'], { bytes: false });
    expect(() => tokenizer.encode('relay of feeder')).toThrow(DataError);
    expect(() => tokenizer.encode('relay of feeder')).toThrow('is none of its 3 words');
    expect(() => trainWordTokenizer([' \n'])).toThrow(DataError);
  });
});

describe('the byte pair tokenizer', () => {
  it('merges the most frequent pair first, within words only', () => {
    // aaab: "aa" twice each word; then (aa)a, then (aaa)b.
    const tokenizer = trainBpeTokenizer(['aaab aaab'], 262);
    const [a, b, space] = tokenizerIds('ab ');
    const { merges } = tokenizer.description as { readonly merges: readonly (readonly number[])[] };
    expect(merges).toEqual([
      [a, a],
      [a, b],
      [259, 260],
    ]);
    expect(tokenizer.encode('aaab aaab')).toEqual([261, space, 261]);
  });

  it('makes texts shorter than their bytes, and stops where no pair is seen twice', () => {
    const tokenizer = trainBpeTokenizer(corpus, 5000);
    expect(tokenizer.vocabulary).toBeLessThan(400);
    expect(tokenizer.encode(corpus[1]!).length).toBeLessThan((2 * corpus[1]!.length) / 3);
  });

  it('refuses a vocabulary without the bytes', () => {
    expect(() => trainBpeTokenizer(corpus, 100)).toThrow(ConfigError);
  });
});

function tokenizerIds(text: string): number[] {
  return byteTokenizer().encode(text);
}

describe('a damaged description', () => {
  it.each([
    ['an unknown kind', { kind: 'sentence' }, "unknown kind 'sentence'"],
    ['a word twice', { kind: 'word', words: ['a', 'a'], bytes: true }, '/words/1'],
    ['no words', { kind: 'word', words: [], bytes: true }, '/words'],
    ['a merge of what is not there yet', { kind: 'bpe', merges: [[3, 259]] }, '/merges/0'],
    ['a merge of a special token', { kind: 'bpe', merges: [[3, 1]] }, '/merges/0'],
    ['a merge of three', { kind: 'bpe', merges: [[3, 4, 5]] }, '/merges/0'],
  ])('names %s', (_damage, description, message) => {
    const parse = (): unknown => parseValueAs(description, 'language.json', tokenizerDescription);
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
  });
});
