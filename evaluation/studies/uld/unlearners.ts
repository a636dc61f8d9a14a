import type { Tensor2D } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { baselines } from '../../../logits/unlearning/baselines.ts';
import type { Baseline, BaselineName } from '../../../logits/unlearning/baselines.ts';
import { DenseLearner } from '../../../logits/unlearning/dense-learner.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import type { Learner } from '../../../logits/unlearning/learner.ts';
import { offsetBaselines, offsetLearner } from '../../../logits/unlearning/offset.ts';
import type { OffsetName } from '../../../logits/unlearning/offset.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { LoraOptions } from '../../../nn/language/lora.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import { Transformer, withAdapters } from '../../../nn/language/transformer.ts';

/** A conventional unlearner: of the whole target, or of an offset to it. */
export type UnlearnerName = BaselineName | OffsetName;

export const unlearners: Readonly<Record<UnlearnerName, Baseline>> = { ...baselines, ...offsetBaselines };

export function isOffset(name: UnlearnerName): name is OffsetName {
  return name in offsetBaselines;
}

/** What a conventional objective moves, at first as the target is. */
export interface Pupil<X> extends Disposable {
  readonly learner: Learner<X>;
}

/** A language model with the target's weights, or with an offset of the shape of ULD's assistant. */
export function languagePupil(
  target: Transformer,
  name: UnlearnerName,
  lora: LoraOptions,
  rng: Rng,
): Pupil<TokenBatch> {
  if (isOffset(name)) {
    const adapted = (): Transformer => withAdapters(target, lora, rng, lora.layers);
    const [assistant, initial] = [adapted(), adapted()];
    const [base, own, other] = [target, assistant, initial].map(languageLearner);
    return owning(offsetLearner(target.tf, base!, own!, other!), assistant, initial);
  }
  const model = new Transformer(target.tf, target.config, target.base.share(target.base.shapes));
  return owning(languageLearner(model), model);
}

/** The same of a controller. @param parameters of the target, in the order of `Network.readParameters` */
export function policyPupil(
  tf: Tensorflow,
  target: DenseLearner,
  parameters: Float32Array,
  name: UnlearnerName,
  lora: LoraOptions,
  rng: Rng,
): Pupil<Tensor2D> {
  if (isOffset(name)) {
    const [assistant, initial] = [target.assistant(lora, rng), target.assistant(lora, rng)];
    return owning(offsetLearner(tf, target, assistant, initial), assistant, initial);
  }
  const model = DenseLearner.of(tf, target.layers, parameters);
  return owning(model, model);
}

function owning<X>(learner: Learner<X>, ...models: readonly Disposable[]): Pupil<X> {
  return {
    learner,
    [Symbol.dispose]() {
      for (const model of models) model[Symbol.dispose]();
    },
  };
}
