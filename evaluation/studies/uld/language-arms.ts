import type { Rng } from '../../../core/rng.ts';
import type { TrainingCost } from '../../../logits/unlearning/descent.ts';
import { languageLearner } from '../../../logits/unlearning/learner.ts';
import { calibratedAlpha } from '../../../logits/unlearning/margin-rule.ts';
import { alphas, assistantOf, filterRate, trainAssistants, unlearned } from './assistants.ts';
import type { Assistants, AssistantSchedule, AssistantSetting, AssistantState } from './assistants.ts';
import type { Contender } from './contenders.ts';
import { trainConventional } from './conventional.ts';
import type { ConventionalSchedule } from './conventional.ts';
import type { Examinee } from './exam.ts';
import type { LanguageGround, LanguageMarks } from './language-ground.ts';
import { published } from './lessons.ts';
import type { Augmentation } from './lessons.ts';
import { isOffset, languagePupil, unlearners } from './unlearners.ts';
import type { UnlearnerName } from './unlearners.ts';

/** What an unlearner came to. */
export interface LanguageArm extends LanguageMarks {
  readonly arm: string;
  /** Who chose its hyperparameters; null: nobody. */
  readonly choice: 'validation' | 'oracle' | null;
  readonly setting: string;
  readonly cost: (TrainingCost & { /** Of one trial, without the looks at it. */ readonly seconds: number }) | null;
}

/** Means of the margins of the chosen assistant, and the α that they ask for (null: none is enough). */
export interface MarginSummary {
  readonly target: number;
  readonly assistant: number;
  readonly alpha: number | null;
}

export interface LanguageEffort {
  /** The trials of ULD, none: it is left out; as many as the conventional unlearners have learning rates. */
  readonly trials: readonly Omit<AssistantSetting, 'augmentation'>[];
  readonly assistant: AssistantSchedule;
  readonly conventional: ConventionalSchedule;
  readonly baselines: readonly UnlearnerName[];
  /** What is taken out of the assistant's data: the augmentation, also the retain data, or nothing. */
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

/** All that is tried on one target. @param clock milliseconds */
export async function languageArms(
  ground: LanguageGround,
  effort: LanguageEffort,
  rng: Rng,
  clock: () => number,
  progress: (done: number) => void,
): Promise<{ readonly arms: readonly LanguageArm[]; readonly margins: MarginSummary | null }> {
  const out: LanguageArm[] = [
    {
      arm: 'target',
      choice: null,
      setting: '',
      cost: null,
      ...(await ground.marks({ model: languageLearner(ground.target) })),
    },
    { arm: 'retrained', choice: null, setting: '', cost: null, ...ground.reference },
  ];
  const timed = stopwatch(ground, clock);
  const { margins, arms } = await uldArms(timed, effort, rng.split('uld'), progress);
  out.push(...arms);
  for (const [i, name] of effort.baselines.entries()) {
    out.push(...(await conventionalArms(timed, name, effort.conventional, rng.split('conventional'))));
    progress((i + 1) / effort.baselines.length);
  }
  return { arms: out, margins };
}

/** A ground that knows how long it was not looked at. */
interface TimedGround {
  readonly ground: LanguageGround;
  /** Seconds that a training of so many trials took for each, the looks at it taken out. */
  time<T>(
    trials: number,
    training: (ground: LanguageGround) => Promise<T>,
  ): Promise<{ readonly made: T; readonly seconds: number }>;
}

function stopwatch(ground: LanguageGround, clock: () => number): TimedGround {
  return {
    ground,
    async time(trials, training) {
      let looking = 0;
      const watched: LanguageGround = {
        ...ground,
        async glance(examinee) {
          const from = clock();
          try {
            return await ground.glance(examinee);
          } finally {
            looking += clock() - from;
          }
        },
      };
      const from = clock();
      const made = await training(watched);
      return { made, seconds: (clock() - from - looking) / 1000 / trials };
    },
  };
}

async function uldArms(
  timed: TimedGround,
  { trials, assistant: schedule, ablation }: LanguageEffort,
  rng: Rng,
  progress: (done: number) => void,
): Promise<{ readonly arms: LanguageArm[]; readonly margins: MarginSummary | null }> {
  const { ground } = timed;
  const arms: LanguageArm[] = [];
  const judge = async (
    arm: string,
    choice: LanguageArm['choice'],
    { setting, epoch, state }: Contender<AssistantState>,
    cost: LanguageArm['cost'],
    alpha: number = state.alpha,
    rate: number = filterRate,
  ): Promise<void> => {
    using assistant = assistantOf(ground, schedule, rng);
    assistant.trained.write(state.weights);
    const marks = await ground.marks(unlearned(ground, assistant, alpha, rate));
    arms.push({ arm, choice, setting: `${setting}, epoch ${epoch}`, cost, ...marks });
  };
  const both = async (arm: string, settings: readonly AssistantSetting[]): Promise<Assistants> => {
    const { made, seconds } = await timed.time(settings.length, (watched) =>
      trainAssistants(watched, settings, schedule, rng),
    );
    const cost = { ...made.cost, seconds };
    for (const choice of ['validation', 'oracle'] as const) {
      const chosen = made[choice];
      if (chosen !== undefined) await judge(arm, choice, chosen, cost);
    }
    return made;
  };
  const ablated = [...(ablation === 'none' ? [] : augmentationAblation), ...(ablation === 'all' ? retainAblation : [])];
  const trainings = trials.length + ablated.length;
  const settings = trials.map((trial) => ({ ...trial, augmentation: published }));
  const { validation: chosen, each } = await both('ULD', settings);
  if (chosen === undefined) return { arms, margins: null };
  progress(trials.length / trainings);
  const { margins } = chosen.state;
  const needed = calibratedAlpha(margins);
  if (Number.isFinite(needed))
    await judge('ULD, α by the margin rule', null, { ...chosen, setting: `α* ${needed.toPrecision(3)}` }, null, needed);
  for (const alpha of alphas) await judge(`ULD at α ${alpha}`, null, chosen, null, alpha);
  await judge('ULD, filter off', null, chosen, null, undefined, 0);
  await judge('ULD, filter 0.01', null, chosen, null, undefined, 0.01);
  for (const [i, { beta, uniformOn }] of settings.entries()) {
    const alone = each[i];
    if (alone !== undefined) await judge(`ULD, only β ${beta}, uniform on ${uniformOn}`, null, alone, null);
  }
  if (ablated.length > 0) {
    const own = settings.find(({ beta, uniformOn }) =>
      chosen.setting.startsWith(`β ${beta}, uniform on ${uniformOn},`),
    )!;
    for (const [i, [arm, augmentation]] of ablated.entries()) {
      await both(arm, [{ ...own, augmentation }]);
      progress((trials.length + i + 1) / trainings);
    }
  }
  return { arms, margins: { ...meansOf(margins), alpha: Number.isFinite(needed) ? needed : null } };
}

/** Where the filter lets no alternative pass the margin is infinite, and not of the mean. */
function meansOf(margins: AssistantState['margins']): { readonly target: number; readonly assistant: number } {
  const finite = margins.filter(({ target, assistant }) => Number.isFinite(target) && Number.isFinite(assistant));
  const mean = (of: 'target' | 'assistant'): number =>
    finite.reduce((sum, margin) => sum + margin[of], 0) / Math.max(1, finite.length);
  return { target: mean('target'), assistant: mean('assistant') };
}

async function conventionalArms(
  timed: TimedGround,
  name: UnlearnerName,
  schedule: ConventionalSchedule,
  rng: Rng,
): Promise<LanguageArm[]> {
  const { ground } = timed;
  const trials = (isOffset(name) ? schedule.offset : schedule).learningRates.length;
  const { made, seconds } = await timed.time(trials, (watched) => trainConventional(watched, name, schedule, rng));
  const arms: LanguageArm[] = [];
  for (const choice of ['validation', 'oracle'] as const) {
    const chosen = made[choice];
    if (chosen === undefined) continue;
    using pupil = languagePupil(ground.target, name, schedule.offset.lora, rng.split('adapters'));
    pupil.learner.trained.write(chosen.state);
    const examinee: Examinee = { model: pupil.learner };
    const marks = await ground.marks(examinee);
    arms.push({
      arm: name,
      choice,
      setting: `${chosen.setting}, epoch ${chosen.epoch}`,
      cost: { ...made.cost, seconds },
      ...marks,
    });
  }
  return arms;
}
