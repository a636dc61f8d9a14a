import { ConfigError } from '../../core/errors.ts';
import type { CausalModel } from '../../nn/language/causal-model.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';

export interface BeamOptions {
  /** Sequences that are kept of each prompt: 3. */
  readonly width?: number | undefined;
  /** Divides the logits: 0.94. */
  readonly temperature?: number | undefined;
  readonly maxTokens: number;
}

interface Beam {
  readonly tokens: readonly number[];
  readonly logP: number;
  readonly ended: boolean;
}

/**
 * Beam search: of each prompt the continuation of largest log-probability a token, `end` included, among the `width` that were kept at every step.
 * @returns continuations without the prompt and `end`
 */
export async function beamSearch(
  model: CausalModel,
  prompts: readonly (readonly number[])[],
  { width = 3, temperature = 0.94, maxTokens }: BeamOptions,
): Promise<number[][]> {
  if (!Number.isInteger(width) || width < 1)
    throw new ConfigError(`beam search: width is ${width}, expected a positive integer`);
  let beams: Beam[][] = prompts.map(() => [{ tokens: [], logP: 0, ended: false }]);
  for (let t = 0; t < maxTokens; t++) {
    const open = beams.flatMap((own, row) =>
      own.filter(({ ended }) => !ended).map((beam) => ({ beam, prefix: [...prompts[row]!, ...beam.tokens] })),
    );
    if (open.length === 0) break;
    const next = await nextLogProbabilities(
      model,
      open.map(({ prefix }) => prefix),
      temperature,
    );
    const after = new Map(open.map(({ beam }, at) => [beam, next[at]!]));
    beams = beams.map((own) =>
      own
        .flatMap((beam) => (beam.ended ? [beam] : continued(beam, after.get(beam)!, width)))
        .toSorted((a, b) => b.logP - a.logP)
        .slice(0, width),
    );
  }
  const perToken = ({ logP, tokens, ended }: Beam): number => logP / (tokens.length + (ended ? 1 : 0));
  return beams.map((own) => [...own.toSorted((a, b) => perToken(b) - perToken(a))[0]!.tokens]);
}

function continued({ tokens, logP }: Beam, next: Float64Array, width: number): Beam[] {
  const best = Array.from(next.keys())
    .toSorted((a, b) => next[b]! - next[a]! || a - b)
    .slice(0, width);
  return best.map((token) =>
    token === specialTokens.end
      ? { tokens, logP: logP + next[token]!, ended: true }
      : { tokens: [...tokens, token], logP: logP + next[token]!, ended: false },
  );
}

async function nextLogProbabilities(
  model: CausalModel,
  prefixes: readonly (readonly number[])[],
  temperature: number,
): Promise<Float64Array[]> {
  using decoding = await model.decode(prefixes);
  const logits = await decoding.logits.data();
  return prefixes.map((_, row) => {
    const z = Float64Array.from(
      logits.subarray(row * model.vocabulary, (row + 1) * model.vocabulary),
      (value) => value / temperature,
    );
    const max = z.reduce((a, b) => Math.max(a, b));
    const total = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
    return z.map((value) => value - total);
  });
}
