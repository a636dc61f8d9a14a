import { rng } from '../../../core/rng.ts';
import { entropy } from '../../../logits/entropy.ts';
import { differencesOf } from '../../../logits/scaling-law/error-curve.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import { trainClassifier } from '../../../logits/scaling-law/train.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { gaussianModes, sampled } from './data.ts';
import type { ArmSetup } from './law-arms.ts';
import { robustness } from './robustness.ts';
import type { Robustness } from './robustness.ts';

/** ε of the attacks that judge the penalty, in the units of the inputs. */
export const entropyEpsilon = 0.1;

/** What is kept of one strength on one seed. */
export interface EntropyCell extends Robustness {
  /** Mean over the test rows, nats. */
  readonly entropy: number;
  readonly medianDifference: number;
}

/** An MLP trained with the penalty λ; without it on the same seed the same rows, weights and batches. */
export async function entropyArm(lambda: number, { seed, difficulty, size }: ArmSetup): Promise<EntropyCell> {
  const root = rng(seed).split('scaling-law');
  const task = gaussianModes(root.split('task'), difficulty);
  const train = sampled(task, size.train, root.split('train'));
  const test = sampled(task, size.test, root.split('test'));
  const { widths, steps } = size.entropy;
  const trained = async (name: string, strength: number) => {
    const network = createNetwork(mlp([task.inputs, ...widths, task.classes], 'relu'));
    initialise(network, root.split(`initialise${name}`), { kind: 'orthogonal', outputGain: 1 });
    await trainClassifier(network, train, { steps, entropy: strength }, root.split(`batches${name}`));
    return network;
  };
  using network = await trained('', lambda);
  using surrogate = await trained(' surrogate', 0);
  const z = await logitsOf(network, test.x);
  const rows = test.labels.length;
  const differences = differencesOf(z, task.classes, 1)[0]!.sort();
  const scratch = new Float32Array(z.length);
  let total = 0;
  for (let row = 0; row < rows; row++) total += entropy(z, row * task.classes, task.classes, scratch);
  return {
    entropy: total / rows,
    medianDifference: differences[Math.floor(rows / 2)]!,
    ...(await robustness(network, surrogate, test, entropyEpsilon, size.pgdRows)),
  };
}
