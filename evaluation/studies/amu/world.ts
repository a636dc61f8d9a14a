import type { Rng } from '../../../core/rng.ts';

/** Coordinates of a latent; the captions speak of the first `captioned`, the attributes of those from `attributesFrom` on. */
export const latentSize = 24;
export const captioned = 14;
export const attributesFrom = 8;

/** Pixels of an image, which is square. */
const side = 12;
export const pixels = side * side;

/** Amplitudes that say nothing of the class: light, background. */
const nuisances = 8;

/** How hard the images are. */
export interface WorldOptions {
  /** Standard deviation of a sample's latent about its class, in units of the classes' own: the difficulty. */
  readonly noise: number;
  /** Standard deviation of the noise of a pixel. */
  readonly pixelNoise: number;
  /** Classes that the encoders are trained on. */
  readonly baseClasses: number;
  /** Classes that come later, with a caption each and a few shots. */
  readonly novelClasses: number;
  /** Strengths of samples are `U(1 − spread, 1 + spread)` times the noise: how unlike they are in difficulty. */
  readonly spread: number;
  /** Standard deviation of what a novel class's caption gets wrong. */
  readonly captionNoise: number;
}

export const defaultWorld: WorldOptions = {
  noise: 1,
  spread: 0.75,
  pixelNoise: 0.1,
  baseClasses: 150,
  novelClasses: 30,
  captionNoise: 0.1,
};

/** Images with their classes. */
export interface Images {
  /** [N×pixels] */
  readonly x: Float32Array;
  /** [N] */
  readonly labels: Int32Array;
  /** [N×24] what each image was rendered from. */
  readonly latents: Float32Array;
}

/**
 * Generated images: a class is a latent `u_c ~ N(0, I)`, a sample `u_c + noise·s·ε` with a strength `s ~ U(1 − spread, 1 + spread)` of its own, and an image
 * `tanh(½ Σ_k latent_k P_k + ½ Σ_j n_j Q_j) + pixelNoise·ε` with smooth patterns P of the latents and Q of nuisances.
 */
export class World {
  readonly options: WorldOptions;
  readonly #patterns: Float32Array;
  readonly #base: Float32Array;
  readonly #novel: Float32Array;

  constructor(options: WorldOptions, rng: Rng) {
    this.options = options;
    this.#patterns = smoothPatterns(latentSize + nuisances, rng.split('patterns'));
    this.#base = classLatents(options.baseClasses, rng.split('base classes'));
    this.#novel = classLatents(options.novelClasses, rng.split('novel classes'));
  }

  /** Rows of base classes, drawn evenly at random. */
  baseImages(rows: number, rng: Rng): Images {
    const labels = Int32Array.from({ length: rows }, () => rng.int(this.options.baseClasses));
    return this.#render(this.#base, labels, rng);
  }

  /** So many images of each novel class, class after class. */
  novelImages(perClass: number, rng: Rng): Images {
    const labels = Int32Array.from({ length: perClass * this.options.novelClasses }, (_, i) =>
      Math.floor(i / perClass),
    );
    return this.#render(this.#novel, labels, rng);
  }

  /** What the captions say of the base classes: [classes×14]. */
  baseCaptions(): Float32Array {
    return captions(this.#base, () => 0);
  }

  /** What they say of the novel ones, with an error: [classes×14]. */
  novelCaptions(rng: Rng): Float32Array {
    return captions(this.#novel, () => this.options.captionNoise * rng.normal());
  }

  #render(classes: Float32Array, labels: Int32Array, rng: Rng): Images {
    const latents = new Float32Array(labels.length * latentSize);
    const x = new Float32Array(labels.length * pixels);
    const amplitudes = new Float64Array(latentSize + nuisances);
    for (let row = 0; row < labels.length; row++) {
      const strength = this.options.noise * (1 - this.options.spread + 2 * this.options.spread * rng.uniform());
      for (let k = 0; k < amplitudes.length; k++) {
        const own = k < latentSize ? classes[labels[row]! * latentSize + k]! : 0;
        amplitudes[k] = own + (k < latentSize ? strength : 1) * rng.normal();
        if (k < latentSize) latents[row * latentSize + k] = amplitudes[k]!;
      }
      for (let pixel = 0; pixel < pixels; pixel++) {
        let sum = 0;
        for (let k = 0; k < amplitudes.length; k++) sum += amplitudes[k]! * this.#patterns[k * pixels + pixel]!;
        x[row * pixels + pixel] = Math.tanh(0.5 * sum) + this.options.pixelNoise * rng.normal();
      }
    }
    return { x, labels, latents };
  }
}

function classLatents(classes: number, rng: Rng): Float32Array {
  return Float32Array.from({ length: classes * latentSize }, () => rng.normal());
}

function captions(classes: Float32Array, error: () => number): Float32Array {
  const count = classes.length / latentSize;
  return Float32Array.from(
    { length: count * captioned },
    (_, i) => classes[Math.floor(i / captioned) * latentSize + (i % captioned)]! + error(),
  );
}

/** Each the sum of three waves of up to two periods over the image, mean square ⅓. [count×pixels] */
function smoothPatterns(count: number, rng: Rng): Float32Array {
  const out = new Float32Array(count * pixels);
  for (let k = 0; k < count; k++) {
    const waves = Array.from({ length: 3 }, () => ({
      across: 4 * rng.uniform() - 2,
      down: 4 * rng.uniform() - 2,
      phase: 2 * Math.PI * rng.uniform(),
    }));
    for (let pixel = 0; pixel < pixels; pixel++) {
      const [u, v] = [(pixel % side) / side, Math.floor(pixel / side) / side];
      let sum = 0;
      for (const { across, down, phase } of waves) sum += Math.cos(2 * Math.PI * (across * u + down * v) + phase);
      out[k * pixels + pixel] = (Math.SQRT2 * sum) / 3;
    }
  }
  return out;
}
