import { ConfigError } from '../../core/errors.ts';
import { tokenBatch } from '../../nn/language/token-batch.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';
import type { Transformer } from '../../nn/language/transformer.ts';

export interface ContrastiveSearchOptions {
  /** α of the degeneration penalty: 0.35. */
  readonly penalty?: number | undefined;
  /** Candidates: 10. */
  readonly k?: number | undefined;
  readonly maxTokens: number;
}

/**
 * Contrastive search: of the k most probable tokens the one with the largest `(1 − α)·p(v|x) − α·max_j cos(h_v, h_{x_j})`, h the states that the head reads.
 *
 * Source: Su et al. (2022), "A Contrastive Framework for Neural Text Generation", equation 5.
 * @returns continuations without the prompt and `end`
 */
export async function contrastiveSearch(
  model: Transformer,
  prompts: readonly (readonly number[])[],
  { penalty = 0.35, k = 10, maxTokens }: ContrastiveSearchOptions,
): Promise<number[][]> {
  if (!(penalty >= 0 && penalty <= 1))
    throw new ConfigError(`contrastive search: penalty is ${penalty}, expected 0 … 1`);
  if (!Number.isInteger(k) || k < 1 || k > model.vocabulary)
    throw new ConfigError(`contrastive search: k is ${k}, expected 1 … ${model.vocabulary}`);
  const made: number[][] = prompts.map(() => []);
  let open = prompts.map((_, row) => row);
  for (let t = 0; t < maxTokens && open.length > 0; t++) {
    const prefixes = open.map((row) => [...prompts[row]!, ...made[row]!]);
    const candidates = await mostProbable(model, prefixes, k);
    const similar = await similarities(model, prefixes, candidates);
    const ended = new Set<number>();
    open.forEach((row, at) => {
      const scores = candidates[at]!.map(({ p }, which) => (1 - penalty) * p - penalty * similar[at * k + which]!);
      const { token } = candidates[at]![scores.indexOf(Math.max(...scores))]!;
      if (token === specialTokens.end) ended.add(row);
      else made[row]!.push(token);
    });
    open = open.filter((row) => !ended.has(row));
  }
  return made;
}

interface Candidate {
  readonly token: number;
  readonly p: number;
}

async function mostProbable(
  model: Transformer,
  prefixes: readonly (readonly number[])[],
  k: number,
): Promise<Candidate[][]> {
  using decoding = await model.decode(prefixes);
  const best = model.tf.tidy(() => model.tf.topk(model.tf.softmax(decoding.logits), k));
  const [p, token] = [await best.values.data(), await best.indices.data()];
  model.tf.dispose([best.values, best.indices]);
  return prefixes.map((_, row) =>
    Array.from({ length: k }, (__, at) => ({ token: token[row * k + at]!, p: p[row * k + at]! })),
  );
}

/** The largest cosine of a candidate's state with that of any token before it [B·k]. */
async function similarities(
  model: Transformer,
  prefixes: readonly (readonly number[])[],
  candidates: readonly (readonly Candidate[])[],
): Promise<Float32Array> {
  const { tf } = model;
  const sequences = prefixes.flatMap((prefix, row) =>
    candidates[row]!.map(({ token }) => ({ tokens: [...prefix, token] })),
  );
  const batch = tokenBatch(sequences, { side: 'left' });
  const { rows, length, valid } = batch;
  const largest = tf.tidy(() => {
    const states = model.states(batch);
    const unit = states.div(states.square().sum(-1, true).sqrt());
    const last = unit.slice([0, length - 1], [rows, 1]);
    const cosines = unit
      .slice([0, 0], [rows, length - 1])
      .mul(last)
      .sum(-1);
    const seen = tf.tensor2d(valid, [rows, length], 'bool').slice([0, 0], [rows, length - 1]);
    return tf.where(seen, cosines, tf.onesLike(cosines).neg()).max(-1);
  });
  const values = (await largest.data()) as Float32Array;
  largest.dispose();
  return values;
}
