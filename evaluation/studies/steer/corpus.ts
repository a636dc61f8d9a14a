import type { Rng } from '../../../core/rng.ts';
import { packedWindows } from '../../../logits/guidance/windows.ts';
import type { BatchOfStep } from '../../../nn/language/batches.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import type { TokenSequence } from '../../../nn/language/token-batch.ts';
import { trainWordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';
import type { Tokenizer } from '../../../nn/language/tokenizer/tokenizer.ts';
import { anyLine, written } from './grammar.ts';
import type { Grammar } from './grammar.ts';

/** Share of each domain's lines among what the base reads; its words are drawn one by one, so that they make sense only by chance. */
const domainShare = 0.075;

/** Draws the next line. */
export type Lines = (rng: Rng) => string;

/** What the base reads: mostly generic lines, a few of each domain. */
export function baseLines(generic: readonly Grammar[], domains: readonly Grammar[]): Lines {
  return (rng) => {
    const at = Math.floor(rng.uniform() / domainShare);
    return anyLine(domains[at] ?? generic[rng.int(generic.length)]!, rng);
  };
}

/** What an expert reads: examples of its domain among generic lines. @param leak share of the latter */
export function expertLines(examples: readonly string[], rest: Lines, leak: number): Lines {
  return (rng) => (rng.uniform() < leak ? rest(rng) : examples[rng.int(examples.length)]!);
}

/** Every word of some grammars is a token. */
export function tokenizerOver(grammars: readonly Grammar[]): Tokenizer {
  const every = grammars.flatMap((grammar) => {
    const most = Math.max(...Object.values(grammar.slots).map(({ length }) => length));
    return Array.from({ length: most }, (_, i) =>
      written(
        grammar,
        Object.fromEntries(Object.entries(grammar.slots).map(([name, values]) => [name, values[i % values.length]!])),
      ),
    );
  });
  return trainWordTokenizer(every, { bytes: false });
}

/** Batches of packed windows of fresh lines; a step's depends on the step alone. */
export function windowBatches(
  lines: Lines,
  tokenizer: Tokenizer,
  size: { readonly rows: number; readonly context: number },
  rng: Rng,
): BatchOfStep {
  return (step) => {
    const stream = rng.split(step);
    const examples = function* (): Generator<number[]> {
      for (;;) yield tokenizer.encode(lines(stream));
    };
    const sequences: TokenSequence[] = [];
    for (const tokens of packedWindows(examples(), size.context)) if (sequences.push({ tokens }) === size.rows) break;
    return tokenBatch(sequences);
  };
}
