import { ConfigError, ShapeError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { logitScale, unitRows, zeroShotLogits } from './problem.ts';
import type { Rows } from './problem.ts';
import { captioned } from './world.ts';

/** Coordinates that the auxiliary encoder sees: as in the method's specification, where they are 8 to 23. */
const attributes = 16;
/** Features of each encoder. */
const width = 64;
/** Factors of each encoder that say nothing of the class. */
const factors = 8;

/** How hard the rows are to tell. */
export interface LatentOptions {
  readonly classes: number;
  /** Standard deviation of a sample's latent about its class, in units of the classes' own. */
  readonly noise: number;
  /** Strengths of samples are `U(1 − spread, 1 + spread)` times the noise: how unlike they are in difficulty. */
  readonly spread: number;
  /** Coordinates that both encoders see; each sees as many as ever, so that less in common is more in all. */
  readonly overlap: number;
  /** Standard deviation of an encoder's nuisance factors. */
  readonly nuisance: number;
  /** Standard deviation of the noise of a feature, in units of what the classes make of it. */
  readonly featureNoise: number;
  /** Standard deviation of what the code of a class gets wrong. */
  readonly codeNoise: number;
}

/** As in the method's specification where it says so (30 classes, 6 coordinates in common); the noises are ours, see docs/few-shot.md. */
export const claimedLatents: LatentOptions = {
  classes: 30,
  noise: 0.9,
  spread: 0.75,
  overlap: 6,
  nuisance: 1.2,
  featureNoise: 0.75,
  codeNoise: 0.45,
};

/** What an encoder makes of a latent: `M₁·view + nuisance·M₂·n + featureNoise·ε`. */
interface Eye {
  /** Coordinates from here on. */
  readonly from: number;
  readonly sees: number;
  /** [64×(sees+8)] */
  readonly mixing: Float64Array;
}

/**
 * Class latents `u_c ~ N(0, I)`, samples `u_c + noise·s·ε` with a strength s of their own, and two frozen encoders of 64 features which see the first 14 coordinates
 * and the last 16, each through a random mixing with nuisance factors and noise. The zero-shot encoder's prototypes are what it makes of the classes' codes, which have an error.
 */
export class LatentWorld {
  readonly options: LatentOptions;
  readonly #classes: Float64Array;
  readonly #size: number;
  readonly #eyes: readonly [Eye, Eye];
  readonly #prototypes: Float64Array;

  /** @throws {ConfigError} for a difficulty that there is not */
  constructor(given: Partial<LatentOptions>, rng: Rng) {
    const options = { ...claimedLatents, ...given };
    checked(options);
    this.options = options;
    this.#size = captioned + attributes - options.overlap;
    const draw = rng.split('classes');
    this.#classes = Float64Array.from({ length: options.classes * this.#size }, () => draw.normal());
    this.#eyes = [
      eye(0, captioned, rng.split('zero-shot encoder')),
      eye(captioned - options.overlap, attributes, rng.split('auxiliary encoder')),
    ];
    const error = rng.split('codes');
    const codes = this.#classes.map((value) => value + options.codeNoise * error.normal());
    this.#prototypes = see(this.#eyes[0], codes, this.#size, { nuisance: 0, featureNoise: 0 }, error);
  }

  /** So many rows of each class, class after class. */
  rows(perClass: number, rng: Rng): Rows {
    const { classes, noise, spread } = this.options;
    const labels = Int32Array.from({ length: perClass * classes }, (_, i) => Math.floor(i / perClass));
    const latents = new Float64Array(labels.length * this.#size);
    labels.forEach((label, row) => {
      const strength = noise * (1 - spread + 2 * spread * rng.uniform());
      for (let k = 0; k < this.#size; k++)
        latents[row * this.#size + k] = this.#classes[label * this.#size + k]! + strength * rng.normal();
    });
    const [f0, f1] = this.features(latents, rng);
    return { classes, z0: zeroShotLogits(f0, this.#prototypes, classes, logitScale), f0, f1, labels };
  }

  /** What the zero-shot encoder and the auxiliary one make of latents. @param latents [N×(30 − overlap)]  @returns [N×64] each, rows of length 1  @throws {ShapeError} for other latents */
  features(latents: Float64Array, rng: Rng): [Float64Array, Float64Array] {
    if (latents.length % this.#size !== 0)
      throw new ShapeError(`latents: ${latents.length} numbers, expected rows of ${this.#size}`);
    const [zeroShot, auxiliary] = this.#eyes;
    const of = (one: Eye): Float64Array =>
      unitRows(see(one, latents, this.#size, this.options, rng), latents.length / this.#size);
    return [of(zeroShot), of(auxiliary)];
  }
}

function eye(from: number, sees: number, rng: Rng): Eye {
  const scale = 1 / Math.sqrt(sees);
  return { from, sees, mixing: Float64Array.from({ length: width * (sees + factors) }, () => scale * rng.normal()) };
}

function checked({ classes, spread, overlap, ...noises }: LatentOptions): void {
  if (!Number.isInteger(classes) || classes < 2)
    throw new ConfigError(`latents: classes is ${classes}, expected an integer from 2`);
  if (!(spread >= 0 && spread <= 1)) throw new ConfigError(`latents: spread is ${spread}, expected a number in [0, 1]`);
  if (!Number.isInteger(overlap) || overlap < 0 || overlap > captioned)
    throw new ConfigError(`latents: overlap is ${overlap}, expected an integer from 0 to ${captioned}`);
  for (const [name, value] of Object.entries(noises))
    if (!(value >= 0 && value < Infinity))
      throw new ConfigError(`latents: ${name} is ${value}, expected a number from 0`);
}

function see(
  { from, sees, mixing }: Eye,
  latents: Float64Array,
  size: number,
  { nuisance, featureNoise }: Pick<LatentOptions, 'nuisance' | 'featureNoise'>,
  rng: Rng,
): Float64Array {
  const rows = latents.length / size;
  const inputs = sees + factors;
  const seen = new Float64Array(inputs);
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < inputs; k++) seen[k] = k < sees ? latents[row * size + from + k]! : nuisance * rng.normal();
    for (let d = 0; d < width; d++) {
      let sum = featureNoise * rng.normal();
      for (let k = 0; k < inputs; k++) sum += mixing[d * inputs + k]! * seen[k]!;
      out[row * width + d] = sum;
    }
  }
  return out;
}
