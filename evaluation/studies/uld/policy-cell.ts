import type { Tensor2D } from '@tensorflow/tfjs';
import type { LogitModel } from '../../../logits/contract.ts';
import { maskLogits } from '../../../logits/tensor/mask-logits.ts';
import type { DenseLearner } from '../../../logits/unlearning/dense-learner.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { Rng } from '../../../core/rng.ts';
import type { ImitationSchedule } from './imitation.ts';
import { conventionalArms, plainArm, uldArms } from './policy-arms.ts';
import type { PolicyArm, PolicyEffort } from './policy-arms.ts';
import { policyGround } from './policy-ground.ts';
import { streamOf } from './policy-problem.ts';
import type { PolicyProblem } from './policy-problem.ts';
import type { UnlearnerName } from './unlearners.ts';

export interface PolicyFigures {
  readonly kind: 'policy';
  readonly seed: number;
  readonly arms: readonly PolicyArm[];
}

/** The baselines that need no answer to prefer: what an operator would rather have instead of a malicious action is what ULD has to find. */
export const policyBaselines = [
  'GA',
  'GA+GD',
  'GA+KL',
  'NPO',
  'NPO+GD',
  'NPO+KL',
  'Offset-GA+KL',
  'Offset-NPO+KL',
] as const satisfies readonly UnlearnerName[];

/** β of the trials of ULD, as many as the baselines have learning rates. */
const betas = [1, 5];

/** Everything on one poisoned controller. */
export async function policyCell(
  seed: number,
  problemOf: (rng: Rng) => PolicyProblem | Promise<PolicyProblem>,
  schedule: ImitationSchedule,
  effort: PolicyEffort,
  progress: (done: number) => void,
): Promise<PolicyFigures> {
  using backend = await selectBackend({ force: 'wasm' });
  const random = streamOf(seed, 'policy');
  const problem = await problemOf(random.split('problem'));
  using ground = await policyGround(backend.tf, problem, schedule, random.split('ground'));
  progress(0.1);
  const arms: PolicyArm[] = [
    await plainArm(ground, 'poisoned', ground.target),
    { arm: 'retrained', setting: '', ...ground.oracle },
    await plainArm(ground, 'malicious action forbidden', forbidding(backend.tf, ground.target, problem.trigger.action)),
    ...(await uldArms(ground, betas, effort, random.split('uld'))),
  ];
  for (const [i, name] of policyBaselines.entries()) {
    progress(0.5 + (0.5 * i) / policyBaselines.length);
    arms.push(...(await conventionalArms(ground, name, effort, random.split('conventional'))));
  }
  return { kind: 'policy', seed, arms };
}

/**
 * The target without one action. What it then does on triggered states is the most that taking the malicious action away can bring back; on
 * clean states it loses those where that action is right.
 */
function forbidding(tf: Tensorflow, target: DenseLearner, action: number): LogitModel<Tensor2D> {
  const keep = Array.from({ length: target.k }, (_, k) => k !== action);
  return { k: target.k, logits: (x) => tf.tidy(() => maskLogits(tf, target.logits(x), tf.tensor1d(keep, 'bool'))) };
}
