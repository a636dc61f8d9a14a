import type { Scalar } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { logSoftmax } from '../../../logits/log-softmax.ts';
import type { Chooser } from '../../../logits/preference/decision-policy.ts';
import { DecisionPolicy } from '../../../logits/preference/decision-policy.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { operators, spreadOf } from './operators.ts';
import type { Operators } from './operators.ts';
import { concerns, hoursADay } from './schedule.ts';
import type { Ground, Schedule } from './schedule.ts';

/** How hard the alignment of the controller is. */
export interface ControllerDifficulty {
  /** Softmax temperature of the shipped controller's logits that the reference imitates. */
  readonly temperature: number;
  readonly hidden: readonly number[];
  readonly scale: number;
  readonly noise: number;
  /** Steps of the reference's imitation. */
  readonly imitation: number;
}

export type SchedulePolicy = DecisionPolicy<number, Schedule>;

export interface Controller extends Disposable, Operators {
  readonly reference: SchedulePolicy;
}

const imitation = { rounds: 4, batch: 64, learningRate: 2e-3 } as const;

/** The reference: a small network that imitates the shipped controller, softened; and the operators, who measure in its spread. */
export async function controller(
  tf: Tensorflow,
  ground: Ground,
  days: readonly number[],
  { temperature, hidden, scale, noise, imitation: steps }: ControllerDifficulty,
  rng: Rng,
): Promise<Controller> {
  const k = ground.values.length;
  const network = createNetwork(mlp([ground.observationSize, ...hidden, k], 'tanh'));
  initialise(network, rng.split('network'), { kind: 'torch-linear' });
  const reference: SchedulePolicy = new DecisionPolicy(tf, network, ground.rollout);
  const softened: Chooser = (x, streams) => {
    const z = new Float32Array(streams.length * k);
    ground.teacher(x, streams.length, z);
    return Int32Array.from(streams, (stream, row) => drawn(z.subarray(row * k, (row + 1) * k), temperature, stream));
  };
  const shown = ground
    .rollout(days, imitation.rounds, softened, rng.split('teacher'))
    .flatMap((schedules, n) => schedules.map((y) => ({ x: days[n]!, y })));
  using training = reference.descent(imitation.learningRate);
  for (let step = 0; step < steps; step++) {
    const stream = rng.split('batch').split(step);
    const batch = Array.from({ length: imitation.batch }, () => shown[stream.int(shown.length)]!);
    await training.step(batch, (logProb) => logProb.mean().neg() as Scalar);
  }
  const own = await reference.sample(days, 4, rng.split('spread'));
  return {
    reference,
    ...operators(spreadOf(own), scale, noise),
    [Symbol.dispose]: () => reference[Symbol.dispose](),
  };
}

function drawn(z: Float32Array, temperature: number, rng: Rng): number {
  const p = z.map((value) => value / temperature);
  logSoftmax(p, 0, p.length, p);
  let left = rng.uniform();
  for (let k = 0; k < p.length; k++) if ((left -= Math.exp(p[k]!)) < 0) return k;
  return p.length - 1;
}

/** What a policy is worth on days: means over schedules that it draws. */
export interface ScheduleWorth {
  /** Mean over operators and schedules. */
  readonly disutility: number;
  /** KL(π ‖ π_ref) of a day: the sum over its hours of the exact divergence in the states that π comes to. */
  readonly kl: number;
  /** `J = −disutility − β KL` */
  readonly j: number;
  readonly burden: readonly number[];
}

export async function scheduleWorth(
  { reference, disutility }: Controller,
  policy: SchedulePolicy,
  days: readonly number[],
  schedules: number,
  beta: number,
  rng: Rng,
): Promise<ScheduleWorth> {
  const drawn = (await policy.sample(days, schedules, rng)).flat();
  const mean = (of: (y: Schedule) => number): number => drawn.reduce((sum, y) => sum + of(y), 0) / drawn.length;
  const d = mean(disutility);
  const kl = mean((y) => divergence(policy, reference, y.observations));
  return {
    disutility: d,
    kl,
    j: -d - beta * kl,
    burden: concerns.map((_concern, f) => mean(({ burden }) => burden[f]!)),
  };
}

/** Σ_t KL(π(·|s_t) ‖ π_ref(·|s_t)) */
function divergence(policy: SchedulePolicy, reference: SchedulePolicy, observations: Float32Array): number {
  const k = policy.k;
  const [own, base] = [policy, reference].map(({ network }) => {
    const z = new Float32Array(hoursADay * k);
    network.forward(observations, hoursADay, z);
    for (let t = 0; t < hoursADay; t++) logSoftmax(z, t * k, k, z);
    return z;
  });
  return own!.reduce((sum, logP, i) => sum + Math.exp(logP) * (logP - base![i]!), 0);
}
