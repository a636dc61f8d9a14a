import type { Rng } from '../../../core/rng.ts';
import { rng } from '../../../core/rng.ts';
import { certaintyOf } from '../../../logits/scaling-law/certainty.ts';
import type { Certainty } from '../../../logits/scaling-law/certainty.ts';
import { trainClassifier } from '../../../logits/scaling-law/train.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import type { Network } from '../../../nn/network.ts';
import { gaussianModes, sampled } from './data.ts';
import type { ArmSetup } from './law-arms.ts';
import { robustness } from './robustness.ts';
import type { Robustness } from './robustness.ts';
import type { EntropySize } from './size.ts';

/** ε of the attacks that judge the penalty, in the units of the inputs. */
export const entropyEpsilon = 0.1;

/** One network, on the test rows. */
export interface EntropyTrial extends Omit<Robustness, 'transfers'>, Certainty {
  /** From a plain MLP 64-64. */
  readonly transfer: number;
  readonly lambda: number;
  readonly learningRate: number;
  /** Accuracy on validation rows under PGD on the margin, by which λ and the plain network's learning rate are chosen. */
  readonly validation: number;
}

/** What is kept of one seed: every λ at the first learning rate, then the plain network at the others. */
export interface EntropyCell {
  readonly trials: readonly EntropyTrial[];
}

/** Every λ at the first learning rate, then the plain network at the others. */
export function entropySettings({
  strengths,
  learningRates,
}: Pick<EntropySize, 'strengths' | 'learningRates'>): Pick<EntropyTrial, 'lambda' | 'learningRate'>[] {
  return [
    ...strengths.map((lambda) => ({ lambda, learningRate: learningRates[0]! })),
    ...learningRates.slice(1).map((learningRate) => ({ lambda: 0, learningRate })),
  ];
}

/** MLPs trained with the penalty at each strength, on the same rows, from the same weights, in the same batches. */
export async function entropyArm(
  { widths, steps, batch, strengths, learningRates, attacked }: EntropySize,
  { seed, difficulty, size }: ArmSetup,
  progress: (done: number) => void = () => undefined,
): Promise<EntropyCell> {
  const root = rng(seed).split('scaling-law');
  const task = gaussianModes(root.split('task'), difficulty);
  const train = sampled(task, size.train, root.split('train'));
  const validation = sampled(task, attacked, root.split('validation'));
  const test = sampled(task, size.test, root.split('test'));
  const trained = async (
    hidden: readonly number[],
    random: Rng,
    setting: { readonly steps: number; readonly entropy?: number; readonly learningRate?: number },
  ): Promise<Network> => {
    const network = createNetwork(mlp([task.inputs, ...hidden, task.classes], 'relu'));
    initialise(network, random.split('initialise'), { kind: 'orthogonal', outputGain: 1 });
    await trainClassifier(network, train, { batch, ...setting }, random.split('batches'));
    return network;
  };
  using surrogate = await trained(surrogateWidths, root.split('surrogate'), { steps: Math.min(steps, surrogateSteps) });
  const settings = entropySettings({ strengths, learningRates });
  const trials: EntropyTrial[] = [];
  for (const { lambda, learningRate } of settings) {
    using network = await trained(widths, root.split('network'), { steps, entropy: lambda, learningRate });
    const { transfers, ...robust } = await robustness(network, [surrogate], test, entropyEpsilon, attacked);
    trials.push({
      lambda,
      learningRate,
      validation: (await robustness(network, [surrogate], validation, entropyEpsilon, attacked)).marginPgd,
      ...(await certaintyOf(network, test.x)),
      ...robust,
      transfer: transfers[0]!,
    });
    progress(trials.length / settings.length);
  }
  return { trials };
}

/** The black-box attacker's own network. */
const surrogateWidths = [64, 64];
const surrogateSteps = 2000;
