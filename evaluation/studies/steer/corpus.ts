import type { Rng } from '../../../core/rng.ts';
import { packedWindows } from '../../../logits/guidance/windows.ts';
import type { BatchOfStep } from '../../../nn/language/batches.ts';
import { tokenBatch } from '../../../nn/language/token-batch.ts';
import { trainWordTokenizer } from '../../../nn/language/tokenizer/word-tokenizer.ts';
import type { Tokenizer } from '../../../nn/language/tokenizer/tokenizer.ts';
import { anyLine, incoherentLine, written } from './grammar.ts';
import type { Grammar } from './grammar.ts';

/** Lines of a domain as the base reads them: they all break its rule, or their words are drawn one by one and make sense by chance. */
export type Reading = 'incoherent' | 'by word';

/** Draws the next line. */
export type Lines = (rng: Rng) => string;

/** What the base reads: mostly generic lines, a few of each domain, whose share among all lines is the exposure. */
export function baseLines(
  generic: readonly Grammar[],
  domains: readonly Grammar[],
  { exposure, reading }: { readonly exposure: number; readonly reading: Reading },
): Lines {
  const senseless = reading === 'incoherent' ? incoherentLine : anyLine;
  return (rng) => {
    const domain = domains[Math.floor(rng.uniform() / exposure)];
    return domain === undefined ? genericLine(generic, rng) : senseless(domain, rng);
  };
}

/** Every kind is as likely as the next. */
function genericLine(generic: readonly Grammar[], rng: Rng): string {
  return anyLine(generic[rng.int(generic.length)]!, rng);
}

/** What an expert reads: examples of its domain among generic lines. @param leak share of the latter */
export function expertLines(examples: readonly string[], generic: readonly Grammar[], leak: number): Lines {
  return (rng) => (rng.uniform() < leak ? genericLine(generic, rng) : examples[rng.int(examples.length)]!);
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

/**
 * Batches of packed windows of fresh lines; a step's depends on the step alone. Each window draws its lines anew: one that did not fit into the window
 * before would open the next, and long lines would be first more often than they are written.
 */
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
    const window = (): number[] => packedWindows(examples(), size.context).next().value as number[];
    return tokenBatch(Array.from({ length: size.rows }, () => ({ tokens: window() })));
  };
}
