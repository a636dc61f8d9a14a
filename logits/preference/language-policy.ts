import type { Scalar, Tensor1D } from '@tensorflow/tfjs';
import type { Rng } from '../../core/rng.ts';
import { FlatAdam } from '../../nn/language/flat-adam.ts';
import { generate } from '../../nn/language/generate.ts';
import { transformerLayout } from '../../nn/language/layout.ts';
import { tokenBatch } from '../../nn/language/token-batch.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';
import { Transformer } from '../../nn/language/transformer.ts';
import { seqLogProb } from '../tensor/seq-log-prob.ts';
import type { Answer, AnswerLoss, Descent, ResponsePolicy } from './policy.ts';

/** A sequence of tokens; a response ends with the token `end`, unless it was cut off. */
export type Tokens = readonly number[];

/** A language model that continues prompts: `ln π(y|x) = Σ_t ln p(y_t | x, y_{<t})`, the end among the tokens. */
export class LanguagePolicy implements ResponsePolicy<Tokens, Tokens> {
  readonly model: Transformer;
  readonly #maxTokens: number;

  /** @param model its own from now on; all of its weights are trained  @param maxTokens of a response */
  constructor(model: Transformer, maxTokens: number) {
    this.model = model;
    this.#maxTokens = maxTokens;
  }

  async sample(prompts: readonly Tokens[], responses: number, rng: Rng): Promise<Tokens[][]> {
    const asked = prompts.flatMap((prompt) => Array.from({ length: responses }, () => prompt));
    const out: Tokens[] = [];
    for (let from = 0; from < asked.length; from += chunk) {
      const part = asked.slice(from, from + chunk);
      const made = await generate(this.model, part, { maxTokens: this.#maxTokens }, rng.split(from));
      out.push(...made.map(({ tokens, ended }) => (ended === 'stop' ? [...tokens, specialTokens.end] : tokens)));
    }
    return prompts.map((_, n) => out.slice(n * responses, (n + 1) * responses));
  }

  async logProbs(answers: readonly Answer<Tokens, Tokens>[]): Promise<Float32Array> {
    const { tf } = this.model;
    const out = new Float32Array(answers.length);
    for (let from = 0; from < answers.length; from += chunk) {
      const logProb = tf.tidy(() => this.#logProb(answers.slice(from, from + chunk)));
      out.set((await logProb.data()) as Float32Array, from);
      logProb.dispose();
    }
    return out;
  }

  descent(learningRate: number): Descent<Tokens, Tokens> {
    const { tf, trained } = this.model;
    const adam = new FlatAdam(tf, trained, {});
    return {
      step: async (answers, loss: AnswerLoss) => {
        const { value, grads } = tf.valueAndGrads(() => loss(this.#logProb(answers)))([...trained.tensors]);
        try {
          adam.step(grads, learningRate).dispose();
          return (await (value as Scalar).data())[0]!;
        } finally {
          tf.dispose([value, ...grads]);
        }
      },
      [Symbol.dispose]: () => adam[Symbol.dispose](),
    };
  }

  /** Weights that share memory until one of the two is trained, which replaces its own. */
  copy(): LanguagePolicy {
    const { tf, config, base } = this.model;
    return new LanguagePolicy(new Transformer(tf, config, base.share(transformerLayout(config))), this.#maxTokens);
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
  }

  #logProb(answers: readonly Answer<Tokens, Tokens>[]): Tensor1D {
    const { tf } = this.model;
    const batch = tokenBatch(answers.map(({ x, y }) => ({ tokens: [...x, ...y], answerFrom: x.length })));
    const shape: [number, number] = [batch.rows, batch.length];
    const ids = tf.tensor2d(batch.ids, shape, 'int32');
    return seqLogProb(tf, this.model.logits(batch), ids, tf.tensor2d(batch.answer, shape)) as Tensor1D;
  }
}

/** Sequences that go through the model at once. */
const chunk = 256;
