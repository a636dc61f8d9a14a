import { z } from 'zod';
import type { Recording, Rehearsal } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import type { QFunction } from './q-function.ts';
import { sarsa } from './sarsa.ts';
import type { SarsaOptions } from './sarsa.ts';
import { transitionsOf } from './transitions.ts';
import type { Transitions } from './transitions.ts';

/** How an attack that learns a critic watches and learns. */
export const learningFields = {
  watch: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(8760)
    .meta({ title: 'Watch', description: 'Steps of the victim, per lane, that are learnt from.' }),
  exploration: z.number().min(0).max(1).default(0.3).meta({
    title: 'Exploration',
    description:
      'Noise on the actions of that rehearsal, in half ranges: without it, what another action is worth can only be guessed.',
  }),
  gamma: z
    .number()
    .min(0)
    .max(0.9999)
    .default(0.95)
    .meta({ title: 'Discount', description: 'How much the next step counts against this one.' }),
  epochs: z.int().min(1).max(10_000).default(40).meta({ title: 'Epochs', description: 'Passes over what was seen.' }),
  width: z.int().min(1).max(1024).default(64).meta({ title: 'Width', description: 'Of both hidden layers.' }),
  batch: z.int().min(2).max(65_536).default(128).meta({ title: 'Batch', description: 'Rows of an Adam step.' }),
  learningRate: z.number().positive().max(1).default(3e-3).meta({ title: 'Learning rate', description: 'Of Adam.' }),
};

export type LearningOptions = z.output<z.ZodObject<typeof learningFields>>;

/** What the attack watched. */
export function watched(
  rehearsal: Rehearsal,
  options: LearningOptions,
): Transitions & { readonly recording: Recording } {
  const recording = rehearsal.record(options.watch, options.exploration);
  return { ...transitionsOf(recording, rehearsal.victim.head), recording };
}

/** Learns Q of the victim as it is. Yields the share done. */
export function learnQ(
  data: Transitions,
  options: LearningOptions,
  robust: Pick<SarsaOptions, 'smoothness' | 'successor'>,
  stream: Rng,
): Generator<number, QFunction, void> {
  return sarsa(data, { ...options, tau: 0.02, ...robust }, stream);
}
