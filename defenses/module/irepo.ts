import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';
import { align, irepo as usual } from '../../logits/preference/align.ts';
import { DecisionPolicy } from '../../logits/preference/decision-policy.ts';
import { RowGuidance } from '../../logits/guidance/row-guidance.ts';
import { concerns, operators } from './operators.ts';
import { practiceDays } from './practice-days.ts';
import type { Schedule } from './practice-days.ts';
import { define } from './define.ts';
import { fusedAccess, ofNetwork } from './fused.ts';
import { guided } from './steer.ts';
import { deployed, networkOf, partsOf, tempered } from './network-controller.ts';

const weight = z.number().min(0).max(1000).default(0);
const operator = z.strictObject(
  Object.fromEntries(concerns.map((concern) => [concern, weight])) as Record<(typeof concerns)[number], typeof weight>,
);

const config = z.strictObject({
  strength: z.number().min(0).max(10).default(1).meta({
    title: 'Strength',
    description:
      'How far along what was learned: 1, the aligned policy; 0, the victim as it is; between and beyond, another KL budget.',
  }),
  operators: z
    .array(operator)
    .min(1)
    .max(16)
    .default([
      { cost: 0.6, peak: 0.2, ramping: 0.1, wear: 0.1, carbon: 0 },
      { cost: 0.1, peak: 0.45, ramping: 0.45, wear: 0, carbon: 0 },
      { cost: 0.2, peak: 0.2, ramping: 0.2, wear: 0.2, carbon: 0.2 },
    ])
    .meta({ title: 'Operators', description: 'Who compares two days, by the weights of what each minds.' }),
  noise: z.number().min(0).max(100).default(0.3).meta({
    title: 'Noise',
    description: 'Of each operator, beside days one deviation apart; 0: they always name the better one.',
  }),
  days: z
    .int()
    .min(2)
    .max(3650)
    .default(60)
    .meta({ title: 'Days', description: 'Days that are lived through, spread over the steps.' }),
  beta: z
    .number()
    .positive()
    .max(100)
    .default(usual.beta)
    .meta({ title: 'Beta', description: 'Of the implicit reward: how dear it is to leave the victim.' }),
  responses: z
    .int()
    .min(2)
    .max(16)
    .default(usual.responses)
    .meta({ title: 'Responses', description: 'Ways in which the policy lives through each day.' }),
  annotators: z
    .int()
    .min(1)
    .max(99)
    .default(usual.annotators)
    .meta({ title: 'Annotators', description: 'Votes on every pair of them.' }),
  iterations: z
    .int()
    .min(1)
    .max(20)
    .default(2)
    .meta({ title: 'Iterations', description: 'How often it lives, votes and learns.' }),
  updates: z
    .int()
    .min(1)
    .max(100_000)
    .default(60)
    .meta({ title: 'Updates', description: 'Steps of Adam in an iteration.' }),
  batch: z.int().min(1).max(1024).default(16).meta({ title: 'Batch', description: 'Days a step.' }),
  learning_rate: z.number().positive().max(1).default(1e-4).meta({ title: 'Learning rate' }),
  temperature: z.number().positive().max(1000).default(1).meta({
    title: 'Temperature',
    description: 'The victim’s logits are divided by it: how much it varies what it does; for Q-values, their spread.',
  }),
  steps: z
    .int()
    .min(48)
    .max(100_000)
    .default(8760)
    .meta({ title: 'Steps', description: 'Steps of each building that the days are taken from.' }),
});

/**
 * Hardening: the victim is aligned to what a panel of simulated operators prefer among days that it lived through, within a KL budget.
 * Source: iREPO, arXiv 2405.15230; specs/logit-methods.md 3.3.
 */
export const irepo = define(
  'iREPO: aligned to operators’ preferences over lived-through days (hardening)',
  'arXiv 2405.15230; specs/logit-methods.md 3',
  config,
  ({
    strength,
    operators: panel,
    noise,
    days: wanted,
    updates,
    batch,
    learning_rate: learningRate,
    temperature,
    steps,
    ...own
  }) => ({
    strength,
    async prepare(ground) {
      const { access } = ground.victim;
      const { head } = access;
      if (head.kind !== 'categorical') throw new ConfigError('unreachable: the registry says which heads');
      const parts = partsOf(ground.victim, 'irepo');
      if (parts.normaliser !== undefined)
        throw new ConfigError(
          `module 'irepo' trains on raw observations, and '${ground.victim.name}' standardises its own`,
        );
      const tf = await ground.tensors();
      const days = practiceDays(ground, { steps, wanted }, head.values);
      const policy = new DecisionPolicy<number, Schedule>(tf, networkOf(tempered(parts, temperature)), days.rollout);
      const reference = policy.copy();
      try {
        const prompts = Array.from({ length: days.count }, (_, day) => day);
        const before = await policy.sample(prompts, own.responses, ground.rng.split('before'));
        const judges = operators(panel, before, noise);
        let step = 0;
        const watch = {
          step: async (): Promise<void> => {
            if (step++ % 2 === 0) await ground.tell(step / (updates * own.iterations));
          },
        };
        const options = { ...usual, ...own, steps: updates, batch, learningRate };
        const { loss } = await align(
          tf,
          policy,
          { prompts, panel: judges.panel },
          options,
          ground.rng.split('training'),
          watch,
        );
        const after = await policy.sample(prompts, own.responses, ground.rng.split('after'));
        const figures = {
          days: days.count,
          loss,
          disutilityBefore: judges.disutility(before),
          disutilityAfter: judges.disutility(after),
        };
        if (strength === 1) {
          reference[Symbol.dispose]();
          return deployed(policy.network, head, undefined, figures);
        }
        const rows = new RowGuidance(
          { gamma: strength - 1, eta: 0 },
          undefined,
          access.observationSize,
          access.logitsSize,
        );
        return {
          access: fusedAccess([ofNetwork(policy.network), ofNetwork(reference.network)], guided(rows, access), access),
          figures,
          dispose: () => {
            policy[Symbol.dispose]();
            reference[Symbol.dispose]();
          },
        };
      } catch (error) {
        policy[Symbol.dispose]();
        reference[Symbol.dispose]();
        throw error;
      }
    },
  }),
);
