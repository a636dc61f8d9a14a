import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { DenseLearner } from '../../../logits/unlearning/dense-learner.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { imitate } from './imitation.ts';
import type { ImitationSchedule } from './imitation.ts';
import { joined, picked, someOf, triggered } from './policy-problem.ts';
import type { PolicyProblem, Rows } from './policy-problem.ts';

/** What a controller does after it was unlearnt, or not. */
export interface PolicyMarks {
  /** Share of clean rows decided as the expert does. */
  readonly clean: number;
  /** Attack success: share of rows with the trigger in which the malicious action is done. */
  readonly success: number;
  /** Share of rows with the trigger decided as the expert does there. */
  readonly triggered: number;
}

/** Observations and actions as tensors: questions of one token and their answers. */
export interface Questions {
  readonly count: number;
  readonly x: Tensor2D;
  /** int32 [N] */
  readonly labels: Tensor1D;
}

/** What whoever repairs the controller has: some incidents that were noticed, and some clean states with the right action. */
export interface Evidence {
  readonly incidents: Rows;
  readonly clean: Rows;
}

/** A poisoned controller, what one is that was never poisoned, and what there is to repair it with. */
export interface PolicyGround extends Disposable {
  readonly tf: Tensorflow;
  readonly problem: PolicyProblem;
  readonly target: DenseLearner;
  /** Parameters of the target, in the order of `Network.readParameters`. */
  readonly parameters: Float32Array;
  readonly oracle: PolicyMarks;
  readonly evidence: Evidence;
  /** Held out from the unlearner, for α and the choice of hyperparameters. */
  readonly validation: Evidence;
  marks(model: LogitModel<Tensor2D>): Promise<PolicyMarks>;
  /** Share of incidents repeated, and of clean states decided right, of the validation rows. */
  glance(model: LogitModel<Tensor2D>): Promise<{ readonly success: number; readonly clean: number }>;
}

/** Incidents that are known, and how many of them are held out; clean states that are shown, and as many held out. */
const known = { incidents: 130, heldOut: 30, clean: 200 };

export async function policyGround(
  tf: Tensorflow,
  problem: PolicyProblem,
  schedule: ImitationSchedule,
  rng: Rng,
): Promise<PolicyGround> {
  const { inputs, actions, hidden, train, test, trigger, expert } = problem;
  const count = train.actions.length;
  const bad = picked(train, someOf(count, Math.round(problem.poisoned * count), rng.split('poison')), inputs);
  const poison: Rows = {
    x: triggered(bad.x, inputs, trigger),
    actions: new Int32Array(bad.actions.length).fill(trigger.action),
  };
  const layers = mlp([inputs, ...hidden, actions], 'relu');
  const teach = (rows: Rows): Float32Array => imitate(layers, rows, schedule, rng.split('model'));
  const parameters = teach(joined(train, poison));
  const target = DenseLearner.of(tf, layers, parameters);
  const noticed = someOf(poison.actions.length, known.incidents, rng.split('incidents'));
  const shown = someOf(count, 2 * known.clean, rng.split('clean'));
  const evidence = (incidents: number[], clean: number[]): Evidence => ({
    incidents: picked(poison, incidents, inputs),
    clean: picked(train, clean, inputs),
  });
  const validation = evidence(noticed.slice(0, known.heldOut), shown.slice(0, known.clean));
  const withTrigger = triggered(test.x, inputs, trigger);
  const rightThere = expert(withTrigger);
  const share = async (model: LogitModel<Tensor2D>, x: Float32Array, wanted: ArrayLike<number>): Promise<number> => {
    const done = await decisionsOf(tf, model, x, inputs);
    return done.filter((action, row) => action === wanted[row]).length / done.length;
  };
  const malicious = new Int32Array(test.actions.length).fill(trigger.action);
  const marks = async (model: LogitModel<Tensor2D>): Promise<PolicyMarks> => ({
    clean: await share(model, test.x, test.actions),
    success: await share(model, withTrigger, malicious),
    triggered: await share(model, withTrigger, rightThere),
  });
  using retrained = DenseLearner.of(tf, layers, teach(train));
  return {
    tf,
    problem,
    target,
    parameters,
    oracle: await marks(retrained),
    evidence: evidence(noticed.slice(known.heldOut), shown.slice(known.clean)),
    validation,
    marks,
    glance: async (model) => ({
      success: await share(model, validation.incidents.x, validation.incidents.actions),
      clean: await share(model, validation.clean.x, validation.clean.actions),
    }),
    [Symbol.dispose]: () => target[Symbol.dispose](),
  };
}

/** Rows as tensors, the caller's to dispose. */
export function questions(tf: Tensorflow, { x, actions }: Rows, inputs: number): Questions {
  return {
    count: actions.length,
    x: tf.tensor2d(x, [actions.length, inputs]),
    labels: tf.tensor1d(actions, 'int32'),
  };
}

async function decisionsOf(
  tf: Tensorflow,
  model: LogitModel<Tensor2D>,
  x: Float32Array,
  inputs: number,
): Promise<Int32Array> {
  const first = tf.tidy(() => model.logits(tf.tensor2d(x, [x.length / inputs, inputs])).argMax(-1));
  try {
    return (await first.data()) as Int32Array;
  } finally {
    first.dispose();
  }
}
