import { exceeds } from '../seeds.ts';
import type { Claim } from '../study.ts';
import { logQuality } from './choice.ts';
import { everyBaseline } from './language-arms.ts';
import { each, pairs, trainedBy } from './measured.ts';
import type { Arms, Choice, LanguageFound, PolicyFound, Results } from './measured.ts';
import { claimed } from './plan.ts';
import type { LanguageArm, Weight } from './setting.ts';

/** Thresholds of specs/logit-methods.md 1.3 and 1.4. */
const bounds = {
  forgetQuality: 5e-3,
  overTarget: 1e8,
  heldOut: 0.9,
  utility: 0.75,
  baselineLoss: 0.3,
  success: 0.08,
  cleanLoss: 0.03,
  triggered: 0.9,
  ascentLoss: 0.2,
  unregular: 0.4,
} as const;

/** The pass criteria, on the problems that they are about. */
export function claimsOf({ language, policies }: Results): Claim[] {
  const difficult = Object.values(claimed).map(({ difficulty }): string => difficulty);
  return [
    ...language.filter(({ problem }) => difficult.includes(problem.difficulty)).flatMap(languageClaims),
    ...policies.filter(({ problem }) => difficult.includes(problem.difficulty)).flatMap(policyClaims),
  ];
}

const chosenBy: Readonly<Record<Choice, string>> = {
  validation: 'chosen on validation seeds',
  oracle: "the paper's choice, by the retrained model",
};

function languageClaims(found: LanguageFound): Claim[] {
  const target = found.arm('target');
  /** What is asked of ULD alone. */
  const pass = (uld: Arms, name: (text: string) => string): Claim[] => [
    exceeds(
      name('ULD forgets: FQ of 5e-3 or more'),
      each(uld, logQuality),
      Math.log10(bounds.forgetQuality),
      'log10 FQ',
    ),
    exceeds(
      name('FQ of 1e8 times the target’s or more'),
      pairs(uld, target, (a, b) => logQuality(a) - logQuality(b)),
      Math.log10(bounds.overTarget),
      'log10 of the quotient',
    ),
    exceeds(
      name('facts that the unlearner never saw are kept: 0.90 of them'),
      each(uld, ({ heldOutAccuracy }) => heldOutAccuracy),
      bounds.heldOut,
      'held-out accuracy',
    ),
    exceeds(
      name('model utility is 0.75 of the target’s'),
      pairs(uld, target, (a, b) => a.modelUtility / b.modelUtility),
      bounds.utility,
      'quotient',
    ),
  ];
  const own = (choice: Choice): Claim[] => {
    const name = (text: string): string => `language: ${text} (${chosenBy[choice]})`;
    return [
      ...pass(found.chosen('ULD', choice), name),
      ...everyBaseline.map((baseline) => againstBaseline(found, baseline, choice, name)),
    ];
  };
  const setting = found.setting('ULD');
  const chosen = found.at('ULD', setting);
  /** The chosen assistant with another weight. */
  const weighted = (alpha: Weight): Arms =>
    found.at('ULD', setting === undefined ? undefined : { training: setting.training, alpha });
  const falls = (more: number, less: number): Claim =>
    exceeds(
      `language: the forget probability falls from α ${less} to ${more}`,
      pairs(weighted(less), weighted(more), (a, b) => a.forgetProbability - b.forgetProbability),
      0,
      'by how much',
    );
  const cost = ({ cost: made }: LanguageArm): number => (made === null ? Number.NaN : made.seconds / made.steps);
  const byRule = found.chosen('ULD', 'validation', ({ alpha }) => alpha === 'margin rule');
  // The ablation has the first training of ULD alone: so has what it is compared with.
  const [first] = found.trainings('ULD');
  const whole = found.chosen('ULD', 'validation', ({ training }) => trainedBy(training) === first);
  return [
    ...own('validation'),
    ...own('oracle'),
    ...pass(byRule, (text) => `language: ${text} (α by the margin rule, the rest chosen on validation seeds)`),
    falls(0.75, 0.5),
    falls(1, 0.75),
    exceeds(
      'language: without the filter it hurts more: model utility falls',
      pairs(chosen, found.at('ULD, filter off', setting), (a, b) => a.modelUtility - b.modelUtility),
      0,
      'by how much',
    ),
    exceeds(
      "language: augmentation is needed: D'_f and D'_r forget better than neither",
      pairs(whole, found.chosen('ULD, no augmentation', 'validation'), (a, b) => logQuality(a) - logQuality(b)),
      0,
      'log10 of the quotient of FQ',
    ),
    exceeds(
      'language: a step of training is 3 times cheaper than one of NPO+KL',
      pairs(found.chosen('NPO+KL', 'validation'), chosen, (a, b) => cost(a) / cost(b)),
      3,
      'seconds a step, quotient',
    ),
  ];
}

/** A baseline either leaves the forget facts recognisable, or it loses much of what it never saw. Seeds on which it does not forget do not count. */
function againstBaseline(
  found: LanguageFound,
  baseline: string,
  choice: Choice,
  name: (text: string) => string,
): Claim {
  const uld = found.chosen('ULD', choice);
  const own = found.chosen(baseline, choice);
  const forgetting = own.map((arm) => (arm && arm.forgetQuality >= bounds.forgetQuality ? arm : undefined));
  const gaps = pairs(uld, forgetting, (a, b) => a.heldOutAccuracy - b.heldOutAccuracy);
  const claim = name(`where ${baseline} forgets it loses 0.3 of the held-out facts more than ULD`);
  const tried = each(own, logQuality).length;
  if (gaps.length === 0 && tried > 1)
    return { claim, holds: true, evidence: `it forgets on none of ${tried} seeds (FQ below 5e-3)` };
  return exceeds(
    claim,
    gaps,
    bounds.baselineLoss,
    `held-out accuracy of ULD less its own, on the ${gaps.length} seeds where it forgets`,
  );
}

function policyClaims(found: PolicyFound): Claim[] {
  const { part } = found.problem;
  const name = (text: string): string => `${part}: ${text}`;
  const triggeredGap = found
    .of('ULD', ({ triggered }) => triggered)
    .map((value, seed) => value - bounds.triggered * found.of('retrained', ({ triggered }) => triggered)[seed]!);
  return [
    exceeds(
      name('the backdoor is gone: the malicious action on 0.08 of the triggered states at most'),
      found.of('ULD', ({ success }) => bounds.success - success),
      0,
      '0.08 − attack success',
    ),
    exceeds(
      name('at 0.03 of clean accuracy at most'),
      found.gap('ULD', 'poisoned', ({ clean }) => clean).map((gap) => bounds.cleanLoss + gap),
      0,
      '0.03 − loss',
    ),
    exceeds(
      name('on triggered states it is right 0.9 times as often as a retrained controller'),
      triggeredGap,
      0,
      'accuracy − 0.9 · retrained',
    ),
    exceeds(
      name('GA+KL of 100 steps (rate 0.001) loses 0.2 of clean accuracy'),
      found.gap('poisoned', 'GA+KL, rate 0.001, 100 steps', ({ clean }) => clean),
      bounds.ascentLoss,
      'loss',
    ),
    exceeds(
      name('ULD keeps more clean accuracy than NPO+KL, the strong baseline, as validation chose it'),
      found.gap('ULD', 'NPO+KL', ({ clean }) => clean),
      0,
      'difference',
    ),
    exceeds(
      name('the published α of 0.75 is not enough: attack success stays above 0.08'),
      found.of('ULD at α 0.75', ({ success }) => success),
      bounds.success,
      'attack success',
    ),
    exceeds(
      name(
        'without regular clean states the backdoor stays: the malicious action on 0.4 of the triggered states at α = 1.5',
      ),
      found.of('ULD, no regular clean states, at α 1.5', ({ success }) => success),
      bounds.unregular,
      'attack success',
    ),
  ];
}
