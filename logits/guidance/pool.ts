import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';

/** As released. */
export const publishedNegatives = 10;

/** The running pool of negative examples: real data and everything that was generated so far. */
export class NegativePool {
  readonly #examples: (readonly number[])[];

  /** @param real at least one example */
  constructor(real: readonly (readonly number[])[]) {
    if (real.length === 0) throw new ConfigError('negative pool: no example, expected at least one');
    this.#examples = [...real];
  }

  get size(): number {
    return this.#examples.length;
  }

  add(examples: Iterable<readonly number[]>): void {
    for (const example of examples) this.#examples.push(example);
  }

  /**
   * So many examples drawn at random, each once, as a packed window; fewer where the next one does not fit. No instruction stands before them.
   * @param room most tokens of the prompt
   */
  prompt(count: number, room: number, rng: Rng): number[] {
    const tokens: number[] = [specialTokens.begin];
    const drawn = new Set<number>();
    while (drawn.size < Math.min(count, this.size)) {
      const at = rng.int(this.size);
      if (drawn.has(at)) continue;
      drawn.add(at);
      const example = this.#examples[at]!;
      if (tokens.length + example.length + 1 > room) break;
      tokens.push(...example, specialTokens.end);
    }
    return tokens;
  }
}
