import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import type { ConvShape } from '../../../logits/distillation/conv-student.ts';
import { publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { ArmName } from './arms.ts';
import type { Labelled } from './gaussian-modes.ts';
import type { Classroom } from './lesson.ts';

/** One setting of the generated images and of the nets. */
export interface ImagesSetting {
  /** Standard deviation of a pixel's noise; a stroke has 1. The difficulty. */
  readonly noise: number;
  readonly rows: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly teacher: Pick<ConvShape, 'filters' | 'width'>;
  readonly student: Pick<ConvShape, 'filters' | 'width'>;
  readonly arms: readonly ArmName[];
  readonly alphas: readonly number[];
}

const usual = {
  noise: 0.3,
  rows: 2000,
  epochs: 15,
  learningRate: 0.03,
  teacher: { filters: [16, 32], width: 96 },
  student: { filters: [4, 8], width: 32 },
  arms: ['ce', 'one-head', 'two-heads', 'dhkd', 'kd'],
  alphas: [1],
} as const satisfies ImagesSetting;

/**
 * Settings by name; `quick` is `base` with fewer rows. On the problems and teachers of `base`, `variants` has the other students and `tuned`
 * another weight. Rows, epochs and nets are what a larger machine may raise.
 */
export const imagesSettings = {
  base: usual,
  easy: { ...usual, noise: 0.15 },
  hard: { ...usual, noise: 0.45 },
  variants: {
    ...usual,
    arms: ['binary-kl', 'norm-one-head', 'norm-two-heads', 'dhkd-hidden', 'dhkd-half', 'dkd', 'dist'],
  },
  tuned: { ...usual, arms: ['dhkd', 'kd', 'dkd', 'dist'], alphas: [0.3] },
  quick: { ...usual, rows: 1500, epochs: 12 },
} as const satisfies Record<string, ImagesSetting>;

/** How large the images are, and how many classes of them there are. */
export interface ImageSize {
  readonly side: number;
  readonly classes: number;
}

const usualSize: ImageSize = { side: 12, classes: 20 };
const strokes = 3;

/** A stroke: its middle, direction, and half length, in pixels. */
interface Stroke {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly half: number;
}

/**
 * Images of a class are three strokes of its own, each moved and turned a little, the whole shifted by up to two pixels, one stroke of no
 * meaning across it, and noise: what convolutions are for.
 * @param random fixes the classes; what is drawn is fixed by the stream that each draw is given
 */
export function strokeImages(
  noise: number,
  random: Rng,
  { side, classes }: ImageSize = usualSize,
): (rows: number, rng: Rng) => Labelled {
  const stroke = (stream: Rng): Stroke => ({
    x: 2.5 + (side - 6) * stream.uniform(),
    y: 2.5 + (side - 6) * stream.uniform(),
    angle: Math.PI * stream.uniform(),
    half: 1.5 + 1.5 * stream.uniform(),
  });
  const shapes = Array.from({ length: classes }, (_, c) =>
    Array.from({ length: strokes }, (_, s) => stroke(random.split(`class ${c} stroke ${s}`))),
  );
  return (rows, rng) => {
    const x = new Float32Array(rows * side * side);
    const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
    for (let row = 0; row < rows; row++) {
      const image = x.subarray(row * side * side, (row + 1) * side * side);
      const [right, down] = [4 * rng.uniform() - 2, 4 * rng.uniform() - 2];
      for (const { x, y, angle, half } of shapes[labels[row]!]!)
        draw(image, side, {
          x: x + right + 0.4 * rng.normal(),
          y: y + down + 0.4 * rng.normal(),
          angle: angle + 0.2 * rng.normal(),
          half,
        });
      draw(image, side, stroke(rng));
      for (let i = 0; i < image.length; i++) image[i]! += noise * rng.normal();
    }
    return { x, labels };
  };
}

/** Brightens every pixel by how near it is to the stroke: `exp(−distance²)`, at most 1 in all. */
function draw(image: Float32Array, side: number, { x, y, angle, half }: Stroke): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const [dx, dy] = [column - x, row - y];
      const along = Math.max(-half, Math.min(half, dx * c + dy * s));
      const value = Math.exp(-((dx - along * c) ** 2 + (dy - along * s) ** 2));
      image[row * side + column] = Math.max(image[row * side + column]!, value);
    }
}

/** A convolutional teacher, and smaller students: with a quarter of its channels by default. */
export function imagesRoom(
  tf: Tensorflow,
  { noise, rows, epochs, learningRate, arms, alphas, ...nets }: ImagesSetting,
  seed: number,
): Classroom {
  const random = rng(seed).split('stroke images');
  const sample = strokeImages(noise, random.split('problem'));
  const net = { ...usualSize, drawn: { backbone: 'kaiming', heads: 'torch-linear' } } as const;
  return {
    train: sample(rows, random.split('train')),
    validation: sample(1000, random.split('validation')),
    test: sample(2000, random.split('test')),
    schedule: { batch: 64, epochs, learningRate, momentum: 0.9, weightDecay: 5e-4, decayAt: publishedDecay },
    alphas,
    arms,
    collapse: true,
    teacher: (rng) => convStudent(tf, { ...net, ...nets.teacher }, rng),
    student: (rng, [auxiliary]) =>
      convStudent(tf, { ...net, ...nets.student, ...(auxiliary !== undefined && { auxiliary }) }, rng),
  };
}
