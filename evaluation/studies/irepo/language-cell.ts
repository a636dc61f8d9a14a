import { rng } from '../../../core/rng.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { contest } from './contest.ts';
import type { ContestFigures, ContestSize } from './contest.ts';
import { language, sentenceWorth } from './language.ts';
import type { LanguageDifficulty, SentenceWorth } from './language.ts';

export interface LanguageSize extends ContestSize {
  readonly difficulty: LanguageDifficulty;
  /** How often every prompt is asked in an iteration. */
  readonly repeats: number;
  /** Sentences written to each prompt that measures. */
  readonly sentences: number;
}

/** A preference over sentences of a small language model, by everyone in the contest. */
export async function languageCell(
  tf: Tensorflow,
  seed: number,
  size: LanguageSize,
  progress: (done: number) => void,
): Promise<ContestFigures<SentenceWorth>> {
  const random = rng(seed).split('irepo language');
  using problem = await language(tf, size.difficulty, random.split('problem'));
  return await contest(
    tf,
    {
      reference: problem.reference,
      begin: () => problem.reference.copy(),
      panel: problem.panel,
      prompts: Array.from({ length: size.repeats }, () => problem.train).flat(),
      measure: (policy, on) =>
        sentenceWorth(problem, policy, problem[on], size.sentences, size.options.beta, random.split(on)),
    },
    size,
    random.split('align'),
    progress,
  );
}
