import type { Parameters } from '../../nn/language/parameters.ts';
import type { TokenBatch } from '../../nn/language/token-batch.ts';
import type { Transformer } from '../../nn/language/transformer.ts';
import type { LogitModel } from '../contract.ts';

/** A model whose logits are differentiable by what a training changes: all its weights, or its adapters. */
export interface Learner<X> extends LogitModel<X> {
  readonly trained: Parameters;
}

/** A language model as a giver of logits [B×T×V]. It borrows the model. */
export function languageLearner(model: Transformer): Learner<TokenBatch> {
  return { k: model.vocabulary, trained: model.trained, logits: (batch) => model.logits(batch) };
}
