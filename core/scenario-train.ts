import { z } from 'zod';
import { oneOf } from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Environment steps of a learner, and its parallel copies of the environment; null: a preset's. */
export const learnerSteps = z.int().min(1).max(1e9).nullable().default(null);
export const learnerLanes = z.int().min(1).max(1024).nullable().default(null);

/** The section on training: what is learned where, by which learner, with which options. */
export function trainSection(vocabulary: Vocabulary) {
  const [algorithm, ...otherAlgorithms] = Object.keys(vocabulary.learners);
  return z
    .strictObject({
      environment: oneOf(Object.keys(vocabulary.environments)).describe(
        'What the controller learns to control: a building of the district above, a control task on a grid, or a classic environment to test learners on.',
      ),
      algorithm: z
        .enum([algorithm!, ...otherAlgorithms])
        .default(algorithm!)
        .describe('Learner.'),
      preset: z
        .enum(Object.keys(vocabulary.presets))
        .nullable()
        .default(null)
        .describe(
          'Settings to start from: `district` has those of the shipped victims, `sb3` the defaults of Stable-Baselines3; null: `district` for the district, else `sb3`.',
        ),
      steps: learnerSteps.describe(
        'Environment steps over all lanes; null: the preset’s, or what a classic environment needs.',
      ),
      lanes: learnerLanes.describe(
        'Parallel copies of the environment, a building’s begun at different times of the year; null: the preset’s.',
      ),
      evaluateEvery: z
        .int()
        .min(1)
        .nullable()
        .default(null)
        .describe('Steps between clean evaluations, the best policy so far being kept; null: about twenty in all.'),
      evaluateEpisodes: z
        .int()
        .min(1)
        .max(10_000)
        .default(100)
        .describe(
          'Episodes of an evaluation on a classic environment or a control task; a building’s is one whole year.',
        ),
      stop: vocabulary.earlyStop
        .nullable()
        .default(null)
        .describe('When the training ends before its last step; null: never.'),
      adversary: vocabulary.adversary
        .nullable()
        .default(null)
        .describe(
          'Of the environment `adversary`, and of `atla`: what it chooses, how far it may go, what it is paid; null: the defaults.',
        ),
      atla: vocabulary.atla
        .nullable()
        .default(null)
        .describe(
          'Trains a building’s controller in turns with an adversary (ATLA); `steps` are the controller’s. null: alone.',
        ),
      config: z
        .record(z.string(), z.unknown())
        .default({})
        .describe('Options of the learner, which go before the preset’s.'),
    })
    .superRefine((train, context) => {
      const name = train.preset ?? vocabulary.environments[train.environment]!.preset;
      const preset = vocabulary.presets[name]![train.algorithm]!;
      const parsed = vocabulary.learners[train.algorithm]!.config.safeParse({ ...preset.config, ...train.config });
      if (!parsed.success)
        for (const issue of parsed.error.issues)
          context.addIssue({ ...issue, path: ['config', ...issue.path] } as Parameters<typeof context.addIssue>[0]);
    })
    .prefault({});
}
