/** Ids that every tokenizer gives to what is no text; `decode` writes nothing for them. */
export const specialTokens = { pad: 0, begin: 1, end: 2 } as const;

/** The first id that is text. */
export const firstTextToken = 3;

/**
 * Text to token ids and back: `decode(encode(text)) = text` for every text that is well-formed Unicode (a lone surrogate, which
 * UTF-8 cannot hold, becomes U+FFFD).
 */
export interface Tokenizer {
  /** V: ids are 0 … V−1. */
  readonly vocabulary: number;
  encode(text: string): number[];
  /** Special tokens are left out; bytes that are no UTF-8, as a model may write them, become U+FFFD. */
  decode(ids: Iterable<number>): string;
  /** What `tokenizerOf` makes the same tokenizer of. */
  readonly description: TokenizerDescription;
}

export type TokenizerDescription =
  | { readonly kind: 'byte' }
  | { readonly kind: 'word'; readonly words: readonly string[]; readonly bytes: boolean }
  | { readonly kind: 'bpe'; readonly merges: readonly (readonly [left: number, right: number])[] };
