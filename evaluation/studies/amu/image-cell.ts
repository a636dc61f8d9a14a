import { rng } from '../../../core/rng.ts';
import { fixedAlpha, methodsWith } from './arms.ts';
import { Encoders } from './encoders.ts';
import type { EncoderOptions } from './encoders.ts';
import type { MethodScores } from './measured.ts';
import { scoreOf, unitRows, zeroShotLogits } from './problem.ts';
import type { Rows } from './problem.ts';
import { defaultWorld, World } from './world.ts';
import type { Images, WorldOptions } from './world.ts';

/** How much of the study on images one cell does. */
export interface ImageSize {
  readonly shots: readonly number[];
  readonly testPerClass: number;
  readonly encoders: EncoderOptions;
  /** Names of the methods that take part; absent: all. */
  readonly methods?: readonly string[];
  /** Methods that stop at so many shots: beyond, they take the most time and no claim is about them. */
  readonly short?: { readonly most: number; readonly methods: readonly string[] };
  /** Share of the methods' epochs: 1 but in tests. */
  readonly effort?: number;
}

/** What a cell found: each method at each number of shots. */
export interface ShotFigures {
  readonly results: readonly { readonly shots: number; readonly methods: readonly MethodScores[] }[];
}

/** Validation rows of each class: as many as there are shots, four at most, as is usual for few-shot methods of this kind. */
const mostValidation = 4;

/** Zero-shot logits are `12·cos(f₀, prototype)`: as sure as a softmax over 30 classes of that accuracy should be. */
const logitScale = 12;

/** Rows a step: the published 8 at few shots, more at many, where an epoch has more. */
export function batchOf(shots: number): number {
  return Math.max(8, Math.min(32, 2 * shots));
}

/** Trains both encoders in a world of its own, then every method at every number of shots on its novel classes. */
export async function imageCell(
  seed: number,
  options: Partial<WorldOptions>,
  size: ImageSize,
  progress: (done: number) => void,
): Promise<ShotFigures> {
  const random = rng(seed).split('amu images');
  const world = new World({ ...defaultWorld, ...options }, random.split('world'));
  const classes = world.options.novelClasses;
  using encoders = new Encoders(size.encoders);
  encoders.train(world, random.split('encoders'), (done) => progress(0.3 * done));
  const prototypes = world.novelCaptions(random.split('captions'));
  const rows = ({ x, labels }: Images): Rows => {
    const f0 = unitRows(encoders.captions(x), labels.length);
    const z0 = zeroShotLogits(f0, prototypes, classes, logitScale);
    return { classes, z0, f0, f1: unitRows(encoders.auxiliary(x), labels.length), labels };
  };
  const test = rows(world.novelImages(size.testPerClass, random.split('test')));
  const methods = methodsWith([fixedAlpha]).filter(({ name }) => size.methods?.includes(name) ?? true);
  const results: { shots: number; methods: MethodScores[] }[] = [];
  for (const [s, shots] of size.shots.entries()) {
    const draw = random.split(`${shots} shots`);
    const own = rows(world.novelImages(shots, draw.split('shots')));
    const validation = rows(world.novelImages(Math.min(shots, mostValidation), draw.split('validation')));
    const taking = methods.filter(
      ({ name }) => size.short === undefined || shots <= size.short.most || !size.short.methods.includes(name),
    );
    const found = taking.map(({ name, settings, learn }, m): MethodScores => {
      const answer = learn(own, draw.split('training'), { batch: batchOf(shots), share: size.effort });
      const [onValidation, onTest] = [validation, test].map((of) => answer(of).map((logits) => scoreOf(logits, of)));
      progress(0.3 + (0.7 * (s + (m + 1) / taking.length)) / size.shots.length);
      return {
        method: name,
        settings: settings.map((setting, i) => ({ setting, validation: onValidation![i]!, test: onTest![i]! })),
      };
    });
    results.push({ shots, methods: found });
  }
  return { results };
}
