import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { calibratedAlpha } from '../../../logits/unlearning/margin-rule.ts';
import type { Margins } from '../../../logits/unlearning/margin-rule.ts';
import type { TokenBatch } from '../../../nn/language/token-batch.ts';
import { alphas, filterRate, trainAssistant, unlearned, validationMargins } from './assistants.ts';
import type { AssistantSchedule, AssistantSetting, Look } from './assistants.ts';
import { trainConventional } from './conventional.ts';
import type { ConventionalSchedule } from './conventional.ts';
import type { LanguageGround } from './language-ground.ts';
import { published } from './lessons.ts';
import type { Augmentation } from './lessons.ts';
import { remembered } from './remembered.ts';
import type { LanguageArm, Weight } from './setting.ts';
import { unlearners } from './unlearners.ts';
import type { UnlearnerName } from './unlearners.ts';

/** Means of the margins of an assistant at some point of its training, and the α that they ask for (null: none is enough). */
export interface MarginSummary {
  readonly training: string;
  readonly target: number;
  readonly assistant: number;
  readonly alpha: number | null;
}

export interface LanguageEffort {
  /** Trainings of ULD, none: it is left out; as many as the conventional unlearners have learning rates. */
  readonly trainings: readonly Omit<AssistantSetting, 'augmentation'>[];
  readonly assistant: AssistantSchedule;
  readonly conventional: ConventionalSchedule;
  readonly baselines: readonly UnlearnerName[];
  /** What is taken out of the data of the first training: the augmentation, also the retain data, or nothing. */
  readonly ablation: 'none' | 'augmentation' | 'all';
}

export const everyBaseline = Object.keys(unlearners) as UnlearnerName[];

const augmentationAblation: readonly (readonly [string, Augmentation])[] = [
  ['ULD, no augmentation', { forget: false, retain: false, regular: 1 }],
  ["ULD, only D'_r", { ...published, forget: false }],
  ["ULD, only D'_f", { ...published, retain: false }],
];
const retainAblation: typeof augmentationAblation = [
  ['ULD, half of the retain data', { ...published, regular: 0.5 }],
  ['ULD, no regular retain data', { ...published, regular: 0 }],
];

const otherFilters = { 'ULD, filter off': 0, 'ULD, filter 0.01': 0.01 };
export const filterVariants: readonly string[] = Object.keys(otherFilters);
/** Filter rates by the name of the arm: ULD's own, and those of what is shown beside. */
const filters = { ULD: filterRate, ...otherFilters };

/** Everything that is tried on one target, at each of its settings. */
export interface LanguageTrials {
  readonly arms: readonly LanguageArm[];
  /** Of every assistant of ULD that was looked at. */
  readonly margins: readonly MarginSummary[];
}

/** @param clock milliseconds */
export async function languageTrials(
  ground: LanguageGround,
  effort: LanguageEffort,
  rng: Rng,
  clock: () => number,
  progress: (done: number) => void,
): Promise<LanguageTrials> {
  const untouched = { training: '', alpha: null, cost: null };
  const uld = await uldTrials(ground, effort, rng.split('uld'), clock, progress);
  const arms: LanguageArm[] = [
    { arm: 'target', ...untouched, ...ground.before },
    { arm: 'retrained', ...untouched, ...ground.reference },
    ...uld.arms,
  ];
  for (const [i, arm] of effort.baselines.entries()) {
    await trainConventional(
      ground,
      arm,
      effort.conventional,
      rng.split('conventional'),
      clock,
      async (model, look) => void arms.push({ arm, ...look, alpha: null, ...(await ground.marks({ model })) }),
    );
    progress((i + 1) / effort.baselines.length);
  }
  return { arms, margins: uld.margins };
}

async function uldTrials(
  ground: LanguageGround,
  { trainings, assistant: schedule, ablation }: LanguageEffort,
  rng: Rng,
  clock: () => number,
  progress: (done: number) => void,
): Promise<LanguageTrials> {
  const arms: LanguageArm[] = [];
  const margins: MarginSummary[] = [];
  const look = async (
    names: Readonly<Record<string, number>>,
    assistant: LogitModel<TokenBatch>,
    seen: Look,
  ): Promise<MarginSummary> => {
    using known = remembered(ground.tf, assistant);
    const summary = summaryOf(seen.training, await validationMargins(ground, known));
    for (const [arm, rate] of Object.entries(names))
      for (const alpha of [...alphas, 'margin rule'] as const satisfies readonly Weight[]) {
        const weight = alpha === 'margin rule' ? summary.alpha : alpha;
        // What no α would make forget stays as it is.
        const marks = weight === null ? ground.before : await ground.marks(unlearned(ground, known, weight, rate));
        arms.push({ arm, alpha, ...seen, ...marks });
      }
    return summary;
  };
  const [first] = trainings;
  const ablated =
    first === undefined || ablation === 'none'
      ? []
      : [...augmentationAblation, ...(ablation === 'all' ? retainAblation : [])];
  const all = trainings.length + ablated.length;
  for (const [i, training] of trainings.entries()) {
    await trainAssistant(
      ground,
      { ...training, augmentation: published },
      schedule,
      rng,
      clock,
      async (assistant, seen) => void margins.push(await look(filters, assistant, seen)),
    );
    progress((i + 1) / all);
  }
  for (const [i, [arm, augmentation]] of ablated.entries()) {
    await trainAssistant(ground, { ...first!, augmentation }, schedule, rng, clock, async (assistant, seen) => {
      await look({ [arm]: filterRate }, assistant, seen);
    });
    progress((trainings.length + i + 1) / all);
  }
  return { arms, margins };
}

/** Where the filter lets no alternative pass the margin is infinite, and not of the mean. */
function summaryOf(training: string, margins: readonly Margins[]): MarginSummary {
  const finite = margins.filter(({ target, assistant }) => Number.isFinite(target) && Number.isFinite(assistant));
  const mean = (of: 'target' | 'assistant'): number =>
    finite.reduce((sum, margin) => sum + margin[of], 0) / Math.max(1, finite.length);
  const needed = calibratedAlpha(margins);
  return {
    training,
    target: mean('target'),
    assistant: mean('assistant'),
    alpha: Number.isFinite(needed) ? needed : null,
  };
}
