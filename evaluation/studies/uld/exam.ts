import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { truthRatio } from '../../../logits/statistic/truth-ratio.ts';
import { answerScores } from '../../../logits/unlearning/answer-scores.ts';
import type { Knowledge } from '../../../logits/unlearning/forget-quality.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import { wrongValues } from './corpus.ts';
import type { Corpus, Fact, Phrasing, Statement } from './corpus.ts';

/** What is asked: each fact with its own value, and with wrong ones. */
export interface Paper {
  readonly truths: readonly Statement[];
  /** [N×W], those of a fact together; none where truth ratios are not asked for. */
  readonly falsehoods: readonly Statement[];
}

/** What gives the probabilities of answers, and what is decoded from; they differ where a filter excludes tokens. */
export interface Examinee {
  readonly model: LogitModel<TokenBatch>;
  readonly decoded?: LogitModel<TokenBatch> | undefined;
}

export function paperOf(corpus: Corpus, facts: readonly Fact[], phrasing: Phrasing, wrong: number, rng: Rng): Paper {
  return {
    truths: facts.map((fact) => corpus.statement(fact, phrasing)),
    falsehoods: facts.flatMap((fact) =>
      wrongValues(fact, wrong, rng).map((value) => corpus.statement(fact, phrasing, value)),
    ),
  };
}

/**
 * @param normalised probabilities are of the right answer among those asked, `p/(p + Σ p_wrong)`, as for general knowledge; else
 * `p = exp(−ℓ)` itself
 */
export async function examine(
  tf: Tensorflow,
  { model, decoded }: Examinee,
  { truths, falsehoods }: Paper,
  normalised = false,
): Promise<Knowledge> {
  const { loss, right } = await answerScores(tf, model, [...truths, ...falsehoods]);
  const told = decoded === undefined ? right : (await answerScores(tf, decoded, truths)).right;
  const each = falsehoods.length / truths.length;
  const wrongLosses = (fact: number): number[] =>
    loss.slice(truths.length + fact * each, truths.length + (fact + 1) * each);
  const probabilities = truths.map((_, fact) => {
    const p = Math.exp(-loss[fact]!);
    return normalised ? p / (p + wrongLosses(fact).reduce((sum, other) => sum + Math.exp(-other), 0)) : p;
  });
  return {
    accuracy: told.slice(0, truths.length).filter(Boolean).length / truths.length,
    probability: probabilities.reduce((sum, p) => sum + p, 0) / truths.length,
    truthRatios: each === 0 ? [] : truths.map((_, fact) => truthRatio(loss[fact]!, wrongLosses(fact))),
  };
}
