import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { forgetQuality, modelUtility } from '../../../logits/unlearning/forget-quality.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { Corpus, phrasings } from './corpus.ts';
import type { CorpusSize, Split } from './corpus.ts';
import { examine, paperOf } from './exam.ts';
import type { Examinee, Paper } from './exam.ts';
import { taught } from './language-models.ts';
import type { LanguageSize } from './language-models.ts';
import { remembered } from './remembered.ts';

/** What an unlearner is judged by. */
export interface LanguageMarks {
  readonly forgetQuality: number;
  readonly forgetAccuracy: number;
  readonly forgetProbability: number;
  readonly modelUtility: number;
  readonly retainAccuracy: number;
  readonly heldOutAccuracy: number;
  readonly worldAccuracy: number;
}

/** One corpus, the model that was taught all of it, what one would be that was never taught the forget facts, and the papers of the exam. */
export interface LanguageGround extends Disposable {
  readonly tf: Tensorflow;
  readonly corpus: Corpus;
  /** θ */
  readonly target: Transformer;
  /** The same, which remembers what it was asked. */
  readonly base: LogitModel<TokenBatch>;
  /** Marks of the target, and of the retrained model: the ideal. */
  readonly before: LanguageMarks;
  readonly reference: LanguageMarks;
  marks(examinee: Examinee): Promise<LanguageMarks>;
}

/** Wrong values of each fact in a truth ratio. */
const wrongAnswers = 3;

/** Teaches target and reference, and sets the exam. */
export async function languageGround(
  tf: Tensorflow,
  corpusSize: CorpusSize,
  modelSize: LanguageSize,
  rng: Rng,
  progress: (done: number) => void = () => undefined,
): Promise<LanguageGround> {
  const corpus = new Corpus(corpusSize, rng.split('corpus'));
  const { forget, ...others } = corpus.facts;
  const kept = Object.values(others).flat();
  const teach = (facts: typeof kept, from: number): Promise<Transformer> =>
    taught(tf, corpus, facts, modelSize, rng.split('model'), (done) => progress(from + done / 2));
  const target = await teach([...forget, ...kept], 0);
  using reference = await teach(kept, 0.5);
  return await examined(tf, corpus, target, reference, rng);
}

async function examined(
  tf: Tensorflow,
  corpus: Corpus,
  target: Transformer,
  reference: Transformer,
  rng: Rng,
): Promise<LanguageGround> {
  const test = (split: Split): Paper =>
    paperOf(corpus, corpus.facts[split], phrasings.test, wrongAnswers, rng.split('exam').split(split));
  const papers = {
    forget: test('forget'),
    retain: test('retain'),
    heldOut: test('held-out'),
    world: test('world'),
  };
  const base = remembered(tf, languageLearner(target));
  const ofReference = await examine(tf, { model: languageLearner(reference) }, papers.forget);
  const marks = async (examinee: Examinee): Promise<LanguageMarks> => {
    const ofForget = await examine(tf, examinee, papers.forget);
    const retain = await examine(tf, examinee, papers.retain);
    const heldOut = await examine(tf, examinee, papers.heldOut, true);
    const world = await examine(tf, examinee, papers.world, true);
    return {
      forgetQuality: forgetQuality(ofForget.truthRatios, ofReference.truthRatios),
      forgetAccuracy: ofForget.accuracy,
      forgetProbability: ofForget.probability,
      modelUtility: modelUtility([retain, heldOut, world]),
      retainAccuracy: retain.accuracy,
      heldOutAccuracy: heldOut.accuracy,
      worldAccuracy: world.accuracy,
    };
  };
  return {
    tf,
    corpus,
    target,
    base,
    before: await marks({ model: base }),
    reference: await marks({ model: languageLearner(reference) }),
    marks,
    [Symbol.dispose]() {
      base[Symbol.dispose]();
      target[Symbol.dispose]();
    },
  };
}
