import type { Rng } from '../../../core/rng.ts';
import { align, irepo } from '../../../logits/preference/align.ts';
import type { Alignment } from '../../../logits/preference/align.ts';
import type { Annotator } from '../../../logits/preference/annotator.ts';
import type { ResponsePolicy } from '../../../logits/preference/policy.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { methodTitles } from './methods.ts';

/** What enters a contest: iREPO, its baselines on the same pairs, and DPO as it is usually done, with one hard vote on two responses. */
export const contestants = {
  irepo: { title: methodTitles.irepo, options: {} },
  'soft-dpo': { title: methodTitles['soft-dpo'], options: { objective: 'soft-dpo' } },
  dpo: { title: methodTitles.dpo, options: { objective: 'dpo' } },
  'dpo-vote': { title: 'DPO, one hard vote', options: { objective: 'dpo', annotators: 1, responses: 2 } },
  ipo: { title: methodTitles.ipo, options: { objective: 'ipo' } },
  sft: { title: methodTitles.sft, options: { objective: 'sft' } },
  'irepo-all': { title: 'iREPO, all pairs', options: { pairs: 'all' } },
} as const satisfies Record<string, { readonly title: string; readonly options: Partial<Alignment> }>;

export type Contestant = keyof typeof contestants;

export const contestantNames = Object.keys(contestants) as readonly Contestant[];

/** What every policy of a contest is measured by. */
export interface ContestWorth {
  /** J, regularised utility. */
  readonly j: number;
  /** KL to the reference. */
  readonly kl: number;
}

/** A problem with responses, and how a policy is measured on prompts that it did not learn from. */
export interface Contest<X, Y, Policy extends ResponsePolicy<X, Y>, W extends ContestWorth> {
  readonly reference: Policy;
  /** A policy of its own that begins where the reference is. */
  readonly begin: () => Policy;
  readonly panel: readonly Annotator<X, Y>[];
  readonly prompts: readonly X[];
  readonly measure: (policy: Policy, on: 'validation' | 'test') => Promise<W>;
}

export interface ContestSize {
  readonly names: readonly Contestant[];
  /** Learning rates tried by everyone; validation chooses the rate and after how many iterations to stop. */
  readonly rates: readonly number[];
  readonly options: Pick<Alignment, 'beta' | 'iterations' | 'steps' | 'batch' | 'responses'>;
}

/** One training: after each iteration J on validation prompts, and what the policy is worth on the test prompts. */
export interface Trial<W> {
  readonly name: Contestant;
  readonly rate: number;
  readonly iterations: readonly { readonly validation: number; readonly test: W }[];
}

export interface ContestFigures<W> {
  readonly reference: W;
  readonly trials: readonly Trial<W>[];
}

/** Everyone with every rate, on responses and votes of the same random streams. */
export async function contest<X, Y, Policy extends ResponsePolicy<X, Y>, W extends ContestWorth>(
  tf: Tensorflow,
  { reference, panel, prompts, begin, measure }: Contest<X, Y, Policy, W>,
  { names, rates, options }: ContestSize,
  rng: Rng,
  progress: (done: number) => void,
): Promise<ContestFigures<W>> {
  const trials: Trial<W>[] = [];
  for (const name of names)
    for (const rate of rates) {
      using policy = begin();
      const iterations: Trial<W>['iterations'][number][] = [];
      const setting: Alignment = { ...irepo, ...options, learningRate: rate, ...contestants[name].options };
      await align(tf, policy, { prompts, panel }, setting, rng, {
        iteration: async () => {
          const { j: validation } = await measure(policy, 'validation');
          iterations.push({ validation, test: await measure(policy, 'test') });
        },
      });
      trials.push({ name, rate, iterations });
      progress(trials.length / (names.length * rates.length));
    }
  return { reference: await measure(reference, 'test'), trials };
}

/** What a contestant comes to: the rate and the iteration of the largest J on validation prompts. */
export function chosenOf<W>(
  { trials }: ContestFigures<W>,
  name: Contestant,
): { readonly rate: number; readonly iteration: number; readonly test: W } | null {
  const all = trials
    .filter((trial) => trial.name === name)
    .flatMap(({ rate, iterations }) =>
      iterations.map(({ validation, test }, i) => ({ rate, iteration: i + 1, validation, test })),
    );
  if (all.length === 0) return null;
  return all.reduce((best, one) => (one.validation > best.validation ? one : best));
}
