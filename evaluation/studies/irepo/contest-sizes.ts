import type { StudyOptions } from '../study.ts';
import { contestantNames } from './contest.ts';
import type { Contestant } from './contest.ts';
import type { ControllerSize } from './controller-cell.ts';
import type { LanguageSize } from './language-cell.ts';

const quickNames: readonly Contestant[] = ['irepo', 'soft-dpo', 'dpo', 'dpo-vote', 'ipo', 'sft'];
/** Where only the difficulty is changed. */
const fewNames: readonly Contestant[] = ['irepo', 'dpo', 'dpo-vote', 'ipo'];

/** Aligned controllers by the name of their difficulty; the claims are about `base`. */
export function controllerSizes({ quick }: StudyOptions): Readonly<Record<string, ControllerSize>> {
  const base: ControllerSize = {
    policy: 'ppo20-builtin',
    difficulty: { temperature: 2, hidden: [32, 32], scale: 3, noise: 1, imitation: 400 },
    names: quick ? quickNames : contestantNames,
    rates: quick ? [3e-3] : [1e-3, 3e-3],
    options: { beta: 0.5, iterations: quick ? 2 : 3, steps: 80, batch: 32, responses: 4 },
    repeats: quick ? 2 : 4,
    schedules: 4,
  };
  if (quick) return { base };
  const other = (difficulty: Partial<ControllerSize['difficulty']>): ControllerSize => ({
    ...base,
    difficulty: { ...base.difficulty, ...difficulty },
    names: fewNames,
    rates: [3e-3],
  });
  return { base, noise3: other({ noise: 3 }), temperature3: other({ temperature: 3 }) };
}

/** Aligned language models by the name of their difficulty; the claims are about `base`. */
export function languageSizes({ quick }: StudyOptions): Readonly<Record<string, LanguageSize>> {
  const base: LanguageSize = {
    difficulty: { width: 32, layers: 1, pretraining: quick ? 300 : 600, noise: 1 },
    names: quick ? quickNames : contestantNames,
    rates: quick ? [5e-4] : [5e-4, 1e-3],
    options: { beta: 0.5, iterations: quick ? 2 : 3, steps: 60, batch: 32, responses: 4 },
    repeats: quick ? 16 : 32,
    sentences: 60,
  };
  if (quick) return { base };
  const noisy: LanguageSize = {
    ...base,
    difficulty: { ...base.difficulty, noise: 3 },
    names: fewNames,
    rates: [1e-3],
  };
  return { base, noise3: noisy };
}
