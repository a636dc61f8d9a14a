import { z } from 'zod';
import { agreement, decisionsOf } from '../../logits/distillation/agreement.ts';
import { trainClassifier } from '../../logits/scaling-law/train.ts';
import { define } from './define.ts';
import { accessOf, deployed, networkOf, partsOf } from './network-controller.ts';
import { recordedRows, recordingOptions } from './recorded-rows.ts';

const config = z.strictObject({
  lambda: z.number().min(0).max(1.5).default(0.3).meta({
    title: 'Lambda',
    description: 'Weight of the entropy of what the victim would do: above 0 it is made surer.',
  }),
  epsilon: z.number().min(0).max(1).default(0).meta({
    title: 'Epsilon',
    description:
      'Above 0 the copy learns on rows that PGD moves so far (L-inf, calendar left alone): adversarial training.',
  }),
  attack_steps: z.int().min(1).max(100).default(5).meta({ title: 'Attack steps', description: 'Of that PGD.' }),
  ...recordingOptions,
  updates: z.int().min(1).max(1_000_000).default(1000).meta({ title: 'Updates', description: 'Steps of Adam.' }),
  batch: z.int().min(1).max(4096).default(128).meta({ title: 'Batch' }),
  learning_rate: z
    .number()
    .positive()
    .max(1)
    .default(3e-4)
    .meta({ title: 'Learning rate', description: 'At first; it falls to 0.' }),
});

/** Updates between two reports. */
const told = 10;

/**
 * Hardening: a copy of the victim, fine-tuned on its own decisions by `CE + λ H(softmax z)`, on rows that an attack moves or on clean ones, takes its
 * place. At λ = ε = 0 nothing is trained.
 * Source: arXiv 1711.02846, entropy regularisation; Madry et al. (2018), "Towards Deep Learning Models Resistant to Adversarial Attacks".
 */
export const entropy = define(
  'entropy penalty and PGD training: a fine-tuned copy in the victim’s place (hardening)',
  'arXiv 1711.02846; specs/logit-methods.md 2.2',
  config,
  ({
    lambda,
    epsilon,
    attack_steps: attackSteps,
    steps,
    exploration,
    updates,
    batch,
    learning_rate: learningRate,
  }) => ({
    strength: Math.max(lambda, epsilon),
    async prepare(ground) {
      const { head, logitsSize: k } = ground.victim.access;
      const parts = partsOf(ground.victim, 'entropy');
      const { rows, x, logits } = recordedRows(ground, steps, exploration);
      const labels = decisionsOf(logits, k);
      const network = networkOf(parts);
      try {
        const attack =
          epsilon === 0 ? undefined : ground.attack(accessOf(network, head), { epsilon, steps: attackSteps });
        let update = 0;
        const hardening = async (_copy: unknown, own: Float32Array): Promise<Float32Array> => {
          if (update++ % told === 0) await ground.tell(update / updates);
          if (attack === undefined) return own;
          const shown = own.slice();
          attack(shown, batch);
          return shown;
        };
        const options = { steps: updates, batch, learningRate, entropy: lambda, hardening };
        const loss = await trainClassifier(network, { x, labels }, options, ground.rng.split('training'));
        const own = new Float32Array(rows * k);
        network.forward(x, rows, own);
        const figures = { rows, loss, agreement: agreement(decisionsOf(own, k), labels) };
        return deployed(network, head, parts.normaliser, figures);
      } catch (error) {
        network[Symbol.dispose]();
        throw error;
      }
    },
  }),
);
