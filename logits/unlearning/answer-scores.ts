import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { tokenBatch } from '../../nn/language/token-batch.ts';
import type { TokenBatch, TokenSequence } from '../../nn/language/token-batch.ts';
import type { LogitModel } from '../contract.ts';
import { labelLogProb } from '../tensor/label-log-prob.ts';
import { nextTokenLabels } from './token-questions.ts';

/** How a model takes some statements. */
export interface AnswerScores {
  /** [N] `ℓ = −log p(y|x)/n`, n the tokens of the answer. */
  readonly loss: readonly number[];
  /** [N] Whether greedy decoding of the prompt gives the answer. */
  readonly right: readonly boolean[];
}

/** Statements that are read at a time. */
const together = 64;

/** Scores statements; the decoding is judged by the same pass, since a greedy one is right as long as its prefix is. */
export async function answerScores(
  tf: Tensorflow,
  model: LogitModel<TokenBatch>,
  statements: readonly TokenSequence[],
): Promise<AnswerScores> {
  const loss: number[] = [];
  const right: boolean[] = [];
  for (let from = 0; from < statements.length; from += together) {
    const batch = tokenBatch(statements.slice(from, from + together));
    const labels = nextTokenLabels(batch);
    const both = tf.tidy(() => {
      const z = model.logits(batch);
      const y = tf.tensor2d(labels, [batch.rows, batch.length], 'int32');
      const first: Tensor = z.argMax(-1);
      return tf.stack([labelLogProb(tf, z, y), first.toFloat()]);
    });
    const values = await both.data();
    both.dispose();
    for (let row = 0; row < batch.rows; row++) {
      let [sum, count, wrong] = [0, 0, 0];
      for (let at = row * batch.length; at < (row + 1) * batch.length; at++) {
        if (labels[at]! < 0) continue;
        count++;
        sum -= values[at]!;
        if (values[labels.length + at] !== labels[at]) wrong++;
      }
      loss.push(sum / count);
      right.push(wrong === 0);
    }
  }
  return { loss, right };
}
