import { selectBackend } from '../../../nn/backend.ts';
import type { CorpusSize } from './corpus.ts';
import { languageTrials } from './language-arms.ts';
import type { LanguageEffort, LanguageTrials } from './language-arms.ts';
import { languageGround } from './language-ground.ts';
import type { LanguageSize } from './language-models.ts';
import { streamOf } from './policy-problem.ts';

export interface LanguageFigures extends LanguageTrials {
  readonly kind: 'language';
  readonly seed: number;
}

/** Everything on one corpus: target, retrained model, ULD with its ablation, and every baseline, at all of their settings. @param clock milliseconds */
export async function languageCell(
  seed: number,
  corpus: CorpusSize,
  model: LanguageSize,
  effort: LanguageEffort,
  clock: () => number,
  progress: (done: number) => void,
): Promise<LanguageFigures> {
  using backend = await selectBackend({ force: 'wasm' });
  const random = streamOf(seed, 'language');
  using ground = await languageGround(backend.tf, corpus, model, random, (done) => progress(0.25 * done));
  const trials = await languageTrials(ground, effort, random.split('arms'), clock, (done) =>
    progress(0.25 + 0.75 * done),
  );
  return { kind: 'language', seed, ...trials };
}
