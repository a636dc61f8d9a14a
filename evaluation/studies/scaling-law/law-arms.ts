import type { Rng } from '../../../core/rng.ts';
import { rng } from '../../../core/rng.ts';
import { scalingLaw } from '../../../logits/scaling-law/law.ts';
import type { Law } from '../../../logits/scaling-law/law.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import type { Response } from '../../../logits/scaling-law/response.ts';
import { spreadOf, tempered } from '../../../logits/scaling-law/tempered.ts';
import { tensorResponse } from '../../../logits/scaling-law/tensor-response.ts';
import { pgdTraining, stepLeastLikelyTraining, trainClassifier } from '../../../logits/scaling-law/train.ts';
import type { Labelled, TrainOptions } from '../../../logits/scaling-law/train.ts';
import { selectBackend } from '../../../nn/backend.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Network } from '../../../nn/network.ts';
import type { Workspace } from '../../workspace.ts';
import { convolutional, imageShape, trainTensors } from './convolutional.ts';
import { gaussianModes, movedPatterns, sampled, shuffled } from './data.ts';
import type { Size } from './size.ts';
import { accuracyOf, topOf } from './accuracy.ts';
import { cleanFloor } from './clean-floor.ts';
import type { CleanFloor } from './clean-floor.ts';
import { recordedPolicy } from '../../recorded-policy.ts';
import type { RecordedPolicy } from '../../recorded-policy.ts';

/** Which seed of an arm, on what. */
export interface ArmSetup {
  readonly seed: number;
  readonly difficulty: number;
  readonly size: Size;
  readonly workspace: Workspace;
}

/** What is kept of an arm on one seed. */
export interface LawCell {
  /** Share of rows with the right class: the label's, or the action of the policy that is imitated; null where there is none. */
  readonly accuracy: number | null;
  readonly law: Law;
  /** Slopes against the labels, where there are true ones. */
  readonly floor: CleanFloor | null;
}

/** A kind of network whose law is measured. */
export interface LawArm {
  readonly title: string;
  /** One of the testbed's policies, or made from one: on recorded observations, in one difficulty, on as many seeds as ship. */
  readonly policy: boolean;
  /** Measured over the range of difficulties, not at 1 alone. */
  readonly everyDifficulty?: true;
  /** Trained by the testbed to control, and shipped. */
  readonly shipped?: true;
  /** A continuous head read as bins: its logits lie on a line, where Δ_13 has no density at 0. */
  readonly line?: true;
  /** Also in the quick version. */
  readonly quick: boolean;
  run(setup: ArmSetup): Promise<LawCell>;
}

/** Seeds of the policies that ship. */
export const shippedSeeds = 3;

/** ε of adversarial training, in the units of the inputs, which are within ±1; observations of policies are within 0…1. */
const hardeningEpsilon = 0.1;
const policyEpsilon = 0.02;

/**
 * Where a shipped policy is measured, the first being where it was trained; where its imitations learn; and where they are measured. A year is
 * 8760 rows, whose counts alone scatter a slope by 0.07 from sample to sample; three years' by 0.04.
 */
const years = {
  shipped: ['Building_1', 'Building_2', 'Building_3'],
  lessons: ['Building_2', 'Building_3'],
  imitation: ['Building_1', 'Building_4', 'Building_5'],
} as const;

export const lawArms = {
  untrained: vectors('MLP 64-64, untrained', [64, 64], null),
  linear: { ...vectors('linear', [], {}), everyDifficulty: true },
  'mlp-64': vectors('MLP 64', [64], {}, false),
  'mlp-64-64': { ...vectors('MLP 64-64', [64, 64], {}), everyDifficulty: true },
  'mlp-128-128-128': vectors('MLP 128-128-128', [128, 128, 128], {}, false),
  adversarial: {
    ...vectors('MLP 64-64, PGD-trained', [64, 64], { hardening: pgdTraining(hardeningEpsilon, 3) }),
    everyDifficulty: true,
  },
  'step-ll-trained': vectors(
    'MLP 64-64, trained with step l.l.',
    [64, 64],
    { hardening: stepLeastLikelyTraining(hardeningEpsilon) },
    false,
  ),
  'random-labels': vectors('MLP 64-64, random labels', [64, 64], 'random labels'),
  cnn: { title: 'CNN', policy: false, quick: true, everyDifficulty: true, run: images },
  ppo20: shipped('PPO, 20 bins (shipped)', 'ppo20-builtin'),
  dqn: shipped('DQN, Q/τ (shipped)', 'dqn-builtin', true),
  'ppo-continuous': { ...shipped('PPO, continuous, read as bins (shipped)', 'ppo-builtin'), line: true, quick: false },
  sac: { ...shipped('SAC, read as bins (shipped)', 'sac-builtin'), line: true, quick: false },
  'policy-untrained': imitation('policy, untrained', null, false),
  'policy-distilled': imitation('PPO, distilled to 64-64', {}, true),
  'policy-adversarial': imitation(
    'PPO, distilled to 64-64 by PGD training',
    { hardening: pgdTraining(policyEpsilon, 3) },
    false,
  ),
} satisfies Record<string, LawArm>;

type Training = Partial<TrainOptions>;

/** An MLP on vectors. @param training null: none */
function vectors(title: string, hidden: number[], training: Training | 'random labels' | null, quick = true): LawArm {
  return {
    title,
    policy: false,
    quick,
    async run({ seed, difficulty, size }) {
      const root = rng(seed).split('scaling-law');
      const task = gaussianModes(root.split('task'), difficulty);
      const train = sampled(task, size.train, root.split('train'));
      const test = sampled(task, size.test, root.split('test'));
      using network = fresh([task.inputs, ...hidden, task.classes], root.split('initialise'));
      if (training === 'random labels')
        await trainClassifier(
          network,
          shuffled(train, root.split('labels')),
          { steps: size.steps },
          root.split('batches'),
        );
      else if (training !== null)
        await trainClassifier(network, train, { steps: size.steps, ...training }, root.split('batches'));
      return await measured(network, test, size.pgdRows, training === null || training === 'random labels');
    },
  };
}

/** The CNN on images. */
async function images({ seed, difficulty, size: { images: size } }: ArmSetup): Promise<LawCell> {
  const root = rng(seed).split('scaling-law images');
  const task = movedPatterns(root.split('task'), difficulty);
  const train = sampled(task, size.train, root.split('train'));
  const test = sampled(task, size.test, root.split('test'));
  using backend = await selectBackend();
  using model = convolutional(backend.tf, task.classes, root.split('initialise'));
  trainTensors(backend.tf, model, imageShape, train, { steps: size.steps }, root.split('batches'));
  return await measured(tensorResponse(backend.tf, model, imageShape), test, size.pgdRows);
}

/** A policy that ships, on what it observed. @param values its logits are Q-values, to be taken at the temperature of their spread */
function shipped(title: string, model: string, values = false): LawArm {
  return {
    title,
    policy: true,
    shipped: true,
    quick: true,
    async run({ seed, size, workspace }) {
      const [home, ...others] = years.shipped;
      const recorded = (building: string): Promise<RecordedPolicy> =>
        recordedPolicy(seedOf(model, seed), building, size.policyRows, workspace);
      using policy = await recorded(home);
      const rows = [policy.x];
      for (const building of others) {
        using elsewhere = await recorded(building);
        rows.push(elsewhere.x);
      }
      const x = joined(rows);
      const { response } = policy;
      const logits = values ? tempered(response, await spreadOf(response, x)) : response;
      const law = await scalingLaw(logits, x, { pgdRows: size.policyPgdRows });
      return { accuracy: null, law, floor: null };
    },
  };
}

/**
 * A small network that learns what the shipped PPO does on two buildings, measured on three others; the PPO was trained on the first of these.
 * @param training null: none
 */
function imitation(title: string, training: Training | null, quick: boolean): LawArm {
  return {
    title,
    policy: true,
    quick,
    async run({ seed, size, workspace }) {
      const root = rng(seed).split('scaling-law policy');
      const lessons = async (buildings: readonly string[]): Promise<Labelled & { inputs: number; k: number }> => {
        const parts: (Labelled & { inputs: number; k: number })[] = [];
        for (const building of buildings) {
          using teacher = await recordedPolicy(seedOf('ppo20-builtin', seed), building, size.policyRows, workspace);
          const { inputs, outputs: k } = teacher.response;
          parts.push({ x: teacher.x, labels: topOf(await logitsOf(teacher.response, teacher.x), k), inputs, k });
        }
        const labels = Int32Array.from(parts.flatMap((part) => [...part.labels]));
        return { ...parts[0]!, x: joined(parts.map(({ x }) => x)), labels };
      };
      const test = await lessons(years.imitation);
      using network = fresh([test.inputs, 64, 64, test.k], root.split('initialise'));
      if (training !== null) {
        const train = await lessons(years.lessons);
        await trainClassifier(network, train, { steps: 2 * size.steps, ...training }, root.split('batches'));
      }
      return await measured(network, test, size.policyPgdRows, true);
    },
  };
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of rows) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

/** A model's name on one of its seeds. */
export function seedOf(model: string, seed: number): string {
  return seed === 0 ? model : `${model}-seed${seed}`;
}

function fresh(widths: readonly number[], random: Rng): Network {
  const network = createNetwork(mlp(widths, 'relu'));
  initialise(network, random, { kind: 'orthogonal', outputGain: 1 });
  return network;
}

async function measured(response: Response, test: Labelled, pgdRows: number, untaught = false): Promise<LawCell> {
  const law = await scalingLaw(response, test.x, { pgdRows });
  return {
    accuracy: accuracyOf(await logitsOf(response, test.x), test.labels),
    law,
    floor: untaught ? null : await cleanFloor(response, test, law.epsilons),
  };
}
