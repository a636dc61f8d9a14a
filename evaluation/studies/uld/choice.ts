import { isOf } from './setting.ts';
import type { LanguageArm, Setting } from './setting.ts';

/** p = 0 of an exact test cannot be; of the limit law's it would have no logarithm. */
export const logQuality = ({ forgetQuality }: Pick<LanguageArm, 'forgetQuality'>): number =>
  Math.log10(Math.max(forgetQuality, 1e-300));

/** In the mean over validation seeds a test at 5 % must not tell the forget facts from facts that were never taught. */
const level = Math.log10(0.05);

interface Candidate {
  readonly setting: Setting;
  readonly quality: number;
  readonly kept: number;
}

/**
 * The setting that validation seeds choose, which have corpora, targets and retrained models of their own: of those with a mean log10 FQ at
 * the level the one that keeps most held-out facts, of equals that with the higher FQ; where none reaches the level, the highest FQ. Of equals the
 * first.
 * @param trials of one unlearner, on each validation seed
 * @returns undefined where no setting was tried on all of them
 */
export function chosenSetting(trials: readonly (readonly LanguageArm[])[]): Setting | undefined {
  const candidates = (trials[0] ?? []).flatMap(({ training, alpha }): Candidate[] => {
    const setting = { training, alpha };
    const arms = trials.flatMap((seed) => seed.find((arm) => isOf(arm, setting)) ?? []);
    if (arms.length < trials.length) return [];
    const mean = (of: (arm: LanguageArm) => number): number =>
      arms.reduce((sum, arm) => sum + of(arm), 0) / arms.length;
    return [{ setting, quality: mean(logQuality), kept: mean(({ heldOutAccuracy }) => heldOutAccuracy) }];
  });
  return firstBest(candidates, better)?.setting;
}

function better(a: Candidate, b: Candidate): boolean {
  const [p, q] = [Math.min(a.quality, level), Math.min(b.quality, level)];
  if (p !== q) return p > q;
  return a.kept === b.kept ? a.quality > b.quality : a.kept > b.kept;
}

/** The paper's choice, which needs the retrained model of the very seed: the highest FQ; of equals the one that keeps more held-out facts. */
export function chosenByOracle(trials: readonly LanguageArm[]): LanguageArm | undefined {
  return firstBest(trials, (a, b) =>
    a.forgetQuality === b.forgetQuality ? a.heldOutAccuracy > b.heldOutAccuracy : a.forgetQuality > b.forgetQuality,
  );
}

function firstBest<T>(all: readonly T[], over: (a: T, b: T) => boolean): T | undefined {
  return all.reduce<T | undefined>((best, one) => (best === undefined || over(one, best) ? one : best), undefined);
}
