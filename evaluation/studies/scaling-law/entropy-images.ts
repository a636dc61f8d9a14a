import { rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import type { ConvShape } from '../../../logits/distillation/conv-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import { entropy } from '../../../logits/entropy.ts';
import { margin } from '../../../logits/margin.ts';
import type { RowLoss } from '../../../logits/scaling-law/sign-attack.ts';
import { differencesOf } from '../../../logits/scaling-law/error-curve.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { distilStack, stackLogits } from '../../../logits/stack/distil-stack.ts';
import { stackPgd } from '../../../logits/stack/stack-attack.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { strokeImages } from '../dhkd/images.ts';
import type { ImageSize } from '../dhkd/images.ts';
import { accuracyOf } from './accuracy.ts';

/** The attempt at the penalty with convolutional nets on images. */
export interface EntropyImagesSize extends ImageSize {
  readonly noise: number;
  readonly rows: number;
  /** Rows that are attacked, of the validation and of the test. */
  readonly attacked: number;
  readonly epochs: number;
  readonly net: Pick<ConvShape, 'filters' | 'width'>;
  /** λ above 0. */
  readonly strengths: readonly number[];
  /** Learning rates of the plain net, as many as there are λ; the first is that of every λ. */
  readonly learningRates: readonly number[];
  readonly epsilons: readonly number[];
}

export const entropyImagesSize: EntropyImagesSize = {
  side: 16,
  classes: 20,
  noise: 0.3,
  rows: 20_000,
  attacked: 1500,
  epochs: 20,
  net: { filters: [16, 32, 64], width: 128 },
  strengths: [0.1, 0.3, 0.5, 0.9, 1.5],
  learningRates: [0.05, 0.01, 0.02, 0.1, 0.2],
  epsilons: [0.02, 0.05, 0.1],
};

/** Accuracies under one ε, each attack on test rows but the first. */
export interface ImagesUnderAttack {
  readonly epsilon: number;
  /** Under PGD on the margin on validation rows, by which λ and the plain net's rate are chosen. */
  readonly validation: number;
  readonly fgsm: number;
  readonly pgd: number;
  readonly marginPgd: number;
  /** Margin PGD on a plain net of other first weights, carried over. */
  readonly transfer: number;
}

/** One net. */
export interface EntropyImagesTrial {
  readonly lambda: number;
  readonly learningRate: number;
  readonly clean: number;
  /** Mean over the test rows, nats. */
  readonly entropy: number;
  readonly medianDifference: number;
  readonly attacks: readonly ImagesUnderAttack[];
}

/** Every λ at the usual rate, then plain nets at every rate. */
export function entropyImagesSettings({
  strengths,
  learningRates,
}: Pick<EntropyImagesSize, 'strengths' | 'learningRates'>): Pick<EntropyImagesTrial, 'lambda' | 'learningRate'>[] {
  return [
    ...strengths.map((lambda) => ({ lambda, learningRate: learningRates[0]! })),
    ...learningRates.map((learningRate) => ({ lambda: 0, learningRate })),
  ];
}

/** Nets with every λ, and plain ones with every rate, of all seeds as one stack. @returns the trials of each seed */
export async function entropyImages(
  tf: Tensorflow,
  seeds: number,
  size: EntropyImagesSize,
  progress: (done: number) => void,
): Promise<EntropyImagesTrial[][]> {
  const { side, classes, noise, rows, attacked, epochs, learningRates, epsilons } = size;
  const inputs = side * side;
  const usualRate = learningRates[0]!;
  const settings = entropyImagesSettings(size);
  const roots = Array.from({ length: seeds }, (_, seed) => rng(seed).split('entropy images'));
  const rooms = roots.map((root) => {
    const sample = strokeImages(noise, root.split('problem'), size);
    return {
      train: { ...sample(rows, root.split('train')), teacher: new Float32Array(0) },
      validation: sample(attacked, root.split('validation')),
      test: sample(attacked, root.split('test')),
    };
  });
  const trained = async (name: string, each: readonly (typeof settings)[number][], to: number): Promise<ConvStack> => {
    const shape: ConvShape = { side, classes, drawn: { backbone: 'kaiming', heads: 'torch-linear' }, ...size.net };
    const members = roots.map((root) => {
      using student = convStudent(tf, shape, root.split(name));
      const own = new Float32Array(student.size);
      student.readParameters(own);
      return own;
    });
    const stack = new ConvStack(
      tf,
      shape,
      each.flatMap(() => members),
    );
    const schedule = {
      batch: 256,
      epochs,
      learningRate: 1,
      momentum: 0.9,
      weightDecay: 5e-4,
      decayAt: publishedDecay,
    };
    await distilStack(
      tf,
      stack,
      rooms.map(({ train }) => train),
      {
        trials: each.map(({ lambda, learningRate }) => ({
          beside: 'entropy',
          head: 'main',
          weight: lambda,
          rate: learningRate,
        })),
        align: false,
        schedule,
      },
      roots.map((root) => root.split(`${name} training`)),
      async (done) => {
        progress(to - 0.4 * (1 - done));
        await new Promise((resolve) => setImmediate(resolve));
      },
    );
    return stack;
  };
  using surrogate = await trained('surrogate', [{ lambda: 0, learningRate: usualRate }], 0.4);
  using stack = await trained('net', settings, 0.8);

  const ofMember = <Value>(values: readonly Value[]): Value[] => settings.flatMap(() => values);
  const part = (name: 'validation' | 'test'): { x: Float32Array[]; labels: Int32Array[] } => ({
    x: rooms.map((room) => room[name].x),
    labels: rooms.map((room) => room[name].labels),
  });
  const [validation, test] = [part('validation'), part('test')];
  const accuracies = async (x: readonly Float32Array[], labels: readonly Int32Array[]): Promise<number[]> =>
    (await stackLogits(tf, stack, x, inputs, x.length > seeds ? 128 : 512)).map((z, g) => accuracyOf(z, labels[g]!));
  const under = async (
    { x, labels }: typeof test,
    loss: RowLoss,
    epsilon: number,
    how: { readonly steps: number; readonly stepSize: number } = { steps: 10, stepSize: 0.25 },
  ): Promise<number[]> => {
    const y = ofMember(labels);
    return accuracies(await stackPgd(tf, stack, ofMember(x), y, loss, epsilon, how), y);
  };
  const z = await stackLogits(tf, stack, test.x, inputs);
  const attacks: ImagesUnderAttack[][] = z.map(() => []);
  for (const epsilon of epsilons) {
    const chosenBy = await under(validation, margin, epsilon);
    const fgsm = await under(test, crossEntropy, epsilon, { steps: 1, stepSize: 1 });
    const pgd = await under(test, crossEntropy, epsilon);
    const marginPgd = await under(test, margin, epsilon);
    const carried = await stackPgd(tf, surrogate, test.x, test.labels, margin, epsilon);
    const transfer = await accuracies(carried, ofMember(test.labels));
    for (const [g, own] of attacks.entries())
      own.push({
        epsilon,
        validation: chosenBy[g]!,
        fgsm: fgsm[g]!,
        pgd: pgd[g]!,
        marginPgd: marginPgd[g]!,
        transfer: transfer[g]!,
      });
    progress(0.8 + (0.2 * attacks[0]!.length) / epsilons.length);
  }
  return rooms.map((_, s) =>
    settings.map((setting, a) => {
      const g = a * seeds + s;
      return {
        ...setting,
        clean: accuracyOf(z[g]!, test.labels[s]!),
        ...certainty(z[g]!, classes),
        attacks: attacks[g]!,
      };
    }),
  );
}

function certainty(z: Float32Array, k: number): Pick<EntropyImagesTrial, 'entropy' | 'medianDifference'> {
  const rows = z.length / k;
  const scratch = new Float32Array(z.length);
  let total = 0;
  for (let row = 0; row < rows; row++) total += entropy(z, row * k, k, scratch);
  return { entropy: total / rows, medianDifference: differencesOf(z, k, 1)[0]!.sort()[Math.floor(rows / 2)]! };
}
