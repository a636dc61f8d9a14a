import type { TrainingCost } from '../../../logits/unlearning/descent.ts';
import type { LanguageMarks } from './language-ground.ts';

/** By what α of the difference is set. */
export type Weight = number | 'margin rule';

/** Hyperparameters of an unlearner: what it was trained by and for how long, and of ULD the weight of the difference. */
export interface Setting {
  /** '' of a model that was not trained to forget. */
  readonly training: string;
  /** null: it has none. */
  readonly alpha: Weight | null;
}

/** What an unlearner comes to at one of its settings. */
export interface LanguageArm extends LanguageMarks, Setting {
  readonly arm: string;
  /** Of its training until then, without the looks at it. */
  readonly cost: (TrainingCost & { readonly seconds: number }) | null;
}

export function settingText({ training, alpha }: Setting): string {
  if (alpha === null) return training;
  return `${training}, α ${alpha === 'margin rule' ? 'by the margin rule' : alpha}`;
}

export function isOf(arm: Setting, { training, alpha }: Setting): boolean {
  return arm.training === training && arm.alpha === alpha;
}
