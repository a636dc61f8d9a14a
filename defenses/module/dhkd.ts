import { z } from 'zod';
import { agreement, decisionsOf } from '../../logits/distillation/agreement.ts';
import { denseStudent } from '../../logits/distillation/dense-student.ts';
import { distil, publishedDecay } from '../../logits/distillation/distil.ts';
import { dhkd as published } from '../../logits/distillation/objective.ts';
import { leveled } from '../../logits/leveled.ts';
import { define } from './define.ts';
import { accessOf, deployed } from './network-controller.ts';
import { recordedRows, recordingOptions } from './recorded-rows.ts';

const config = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .max(10)
    .default(published.alpha)
    .meta({ title: 'Alpha', description: 'How strongly the teacher’s logits are imitated; 0: the victim stays.' }),
  gamma: z
    .number()
    .min(0)
    .max(10)
    .default(published.gamma)
    .meta({ title: 'Gamma', description: 'Weight of the cross-entropy to the teacher’s decisions.' }),
  temperature: z
    .number()
    .positive()
    .max(100)
    .default(2)
    .meta({ title: 'Temperature', description: 'Of the imitation; published: 2.' }),
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(4)
    .default([64, 64])
    .meta({ title: 'Hidden layers', description: 'Widths of the student.' }),
  ...recordingOptions,
  epochs: z.int().min(1).max(1000).default(10).meta({ title: 'Epochs' }),
  learning_rate: z.number().positive().max(1).default(0.02).meta({ title: 'Learning rate' }),
  epsilon: z.number().min(0).max(1).default(0).meta({
    title: 'Epsilon',
    description:
      'Above 0 the student learns on rows that PGD moves so far (L-inf, calendar left alone): adversarial distillation.',
  }),
  attack_steps: z.int().min(1).max(100).default(5).meta({ title: 'Attack steps', description: 'Of that PGD.' }),
});

const batch = 64;

/**
 * Hardening: the victim is replaced by a small student that a second head taught its logits, and whose main head decides.
 * Source: DHKD, arXiv 2411.08937; with an epsilon after Goldblum et al. (2020), adversarially robust distillation.
 */
export const dhkd = define(
  'DHKD: a distilled student in the victim’s place (hardening)',
  'arXiv 2411.08937; specs/logit-methods.md 6',
  config,
  ({ alpha, gamma, temperature, hidden, steps, exploration, epochs, learning_rate: learningRate, ...hardening }) => ({
    strength: alpha,
    async prepare(ground) {
      const { victim, rng } = ground;
      const { head, observationSize, logitsSize: k } = victim.access;
      const { rows, x, logits } = recordedRows(ground, steps, exploration);
      const teacher = leveled(logits, k);
      const labels = decisionsOf(logits, k);
      const tf = await ground.tensors();
      using student = denseStudent({ backbone: [observationSize, ...hidden], classes: k }, rng.split('student'));
      const attack =
        hardening.epsilon === 0
          ? undefined
          : ground.attack(accessOf(student.network, head), {
              epsilon: hardening.epsilon,
              steps: hardening.attack_steps,
            });
      const { loss, diverged } = await distil(
        tf,
        student,
        { x, labels, teacher },
        {
          objective: { ...published, alpha, gamma, temperature },
          schedule: {
            batch: Math.min(batch, rows),
            epochs,
            learningRate,
            momentum: 0.9,
            weightDecay: 5e-4,
            decayAt: publishedDecay,
          },
          progress: ground.tell,
          ...(attack === undefined ? {} : { perturb: attack }),
        },
        rng.split('training'),
      );
      const network = student.deployed();
      const own = new Float32Array(rows * k);
      network.forward(x, rows, own);
      const figures = { rows, loss, diverged: Number(diverged), agreement: agreement(decisionsOf(own, k), labels) };
      return deployed(network, head, undefined, figures);
    },
  }),
);
