import { z } from 'zod';
import { firstTextToken } from './tokenizer.ts';
import type { Tokenizer, TokenizerDescription } from './tokenizer.ts';
import { bpeTokenizer } from './bpe-tokenizer.ts';
import { byteTokenizer } from './byte-tokenizer.ts';
import { wordTokenizer } from './word-tokenizer.ts';

const mostTokens = 2 ** 20;

/** The tokenizer of a model's file. */
export const tokenizerDescription: z.ZodType<TokenizerDescription> = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('byte') }),
    z.strictObject({
      kind: z.literal('word'),
      words: z.array(z.string().min(1)).min(1).max(mostTokens).readonly(),
      bytes: z.boolean(),
    }),
    z.strictObject({
      kind: z.literal('bpe'),
      merges: z
        .array(z.tuple([z.int(), z.int()]).readonly())
        .max(mostTokens)
        .readonly(),
    }),
  ])
  .superRefine((description, context) => {
    if (description.kind === 'word') {
      const seen = new Set<string>();
      for (const [index, word] of description.words.entries()) {
        if (seen.has(word))
          context.addIssue({ code: 'custom', path: ['words', index], message: 'the word is there twice', input: word });
        seen.add(word);
      }
    }
    if (description.kind === 'bpe') {
      for (const [rank, pair] of description.merges.entries()) {
        const known = firstTextToken + 256 + rank;
        if (pair.some((id) => id < firstTextToken || id >= known))
          context.addIssue({
            code: 'custom',
            path: ['merges', rank],
            message: `expected ids from ${firstTextToken} to ${known - 1}, which are there before this merge`,
            input: pair,
          });
      }
    }
  });

/** The tokenizer that has this description. */
export function tokenizerOf(description: TokenizerDescription): Tokenizer {
  if (description.kind === 'word') return wordTokenizer(description.words, description.bytes);
  return description.kind === 'bpe' ? bpeTokenizer(description.merges) : byteTokenizer();
}
