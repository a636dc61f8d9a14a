import { dhkd } from '../../../logits/distillation/objective.ts';
import type { Objective } from '../../../logits/distillation/objective.ts';

/** A way to teach a student; α is a trial's. */
export interface Arm {
  readonly title: string;
  readonly objective: Omit<Objective, 'alpha'>;
  /** Absent: no teacher, so that α has no meaning. */
  readonly taught?: false;
  /** Hidden layers of the auxiliary head; absent: it is linear. */
  readonly auxiliary?: readonly number[];
}

const { alpha: _, ...published } = dhkd;
const labels = { gamma: 1, head: 'main' } as const;

/** The method, its ablation step by step, its variants, and its baselines. DKD's first 20 of 240 epochs are its published warm-up. */
export const arms = {
  ce: { title: 'CE', objective: { ...labels, imitation: 'kd' }, taught: false },
  'binary-kl': { title: 'BinaryKL alone', objective: { gamma: 0, head: 'main', imitation: 'binary-kl' } },
  'one-head': { title: 'CE + BinaryKL, one head', objective: { ...labels, imitation: 'binary-kl' } },
  'two-heads': {
    title: 'CE + BinaryKL, two heads',
    objective: { gamma: 1, head: 'auxiliary', imitation: 'binary-kl' },
  },
  'norm-one-head': { title: 'CE + BinaryKL-Norm, one head', objective: { ...labels, imitation: 'binary-kl-norm' } },
  'norm-two-heads': {
    title: 'CE + BinaryKL-Norm, two heads',
    objective: { gamma: 1, head: 'auxiliary', imitation: 'binary-kl-norm' },
  },
  dhkd: { title: 'DHKD: the same with gradient alignment', objective: published },
  'dhkd-shared': {
    title: 'DHKD, alignment of shared parameters only',
    objective: { ...published, alignment: 'shared' },
  },
  'dhkd-hidden': { title: 'DHKD, auxiliary head of 200 hidden units', objective: published, auxiliary: [200] },
  'dhkd-half': {
    title: 'DHKD without alignment, α = 0 after half of the epochs (its ImageNet variant)',
    objective: { gamma: 1, head: 'auxiliary', imitation: 'binary-kl-norm', course: { ends: 0.5 } },
  },
  kd: { title: 'KD', objective: { ...labels, imitation: 'kd' } },
  dkd: { title: 'DKD', objective: { ...labels, imitation: 'dkd', course: { rises: 20 / 240 } } },
  dist: { title: 'DIST', objective: { ...labels, imitation: 'dist' } },
} as const satisfies Record<string, Arm>;

export type ArmName = keyof typeof arms;

export const armNames = Object.keys(arms) as readonly ArmName[];
