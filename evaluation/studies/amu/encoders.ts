import type { Rng } from '../../../core/rng.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import type { Network } from '../../../nn/network.ts';
import { attributesFrom, captioned, latentSize, pixels } from './world.ts';
import type { World } from './world.ts';

/** How long the encoders are trained; every batch is drawn anew. */
export interface EncoderOptions {
  readonly steps: number;
  readonly batch: number;
  /** Width of their hidden layers, and of the auxiliary features. */
  readonly width: number;
}

/** Yes-or-no questions of the attribute task. */
const questions = 48;

/**
 * Two encoders of the same images, trained here on different tasks. `caption`: the caption of the image's class (mean square error), of coordinates
 * 0 to 13; in its space a class never seen can be told by its caption alone. `attribute`: 48 yes-or-no questions on the image itself, of
 * coordinates 8 to 23; its features are what stands before the answers.
 */
export class Encoders implements Disposable {
  readonly #caption: Network;
  readonly #trunk: Network;
  readonly #answers: Network;
  readonly #options: EncoderOptions;

  constructor(options: EncoderOptions) {
    this.#options = options;
    const { width } = options;
    this.#caption = createNetwork([
      { inputs: pixels, outputs: width, activation: 'relu' },
      { inputs: width, outputs: captioned, activation: 'linear' },
    ]);
    this.#trunk = createNetwork([
      { inputs: pixels, outputs: width, activation: 'relu' },
      { inputs: width, outputs: width, activation: 'relu' },
    ]);
    this.#answers = createNetwork([{ inputs: width, outputs: questions, activation: 'linear' }]);
  }

  /** Trains both on the base classes. @param progress share done, 0…1 */
  train(world: World, rng: Rng, progress: (done: number) => void): void {
    const { steps, batch, width } = this.#options;
    for (const [name, network] of Object.entries({
      caption: this.#caption,
      trunk: this.#trunk,
      answers: this.#answers,
    }))
      initialise(network, rng.split(name), { kind: 'torch-linear' });
    const captions = world.baseCaptions();
    const directions = questionDirections(rng.split('questions'));
    const draw = rng.split('images');
    const said = new Float32Array(batch * captioned);
    const features = new Float32Array(batch * width);
    const answered = new Float32Array(batch * questions);
    const dFeatures = new Float32Array(batch * width);
    for (let step = 0; step < steps; step++) {
      const { x, labels, latents } = world.baseImages(batch, draw);
      const learningRate = 1e-3 * (1 + Math.cos((Math.PI * step) / steps));
      this.#caption.forward(x, batch, said);
      for (let i = 0; i < said.length; i++) {
        const wanted = captions[labels[Math.floor(i / captioned)]! * captioned + (i % captioned)]!;
        said[i] = (2 * (said[i]! - wanted)) / batch;
      }
      this.#caption.backward(said, batch);
      this.#caption.adam({ learningRate });
      this.#trunk.forward(x, batch, features);
      this.#answers.forward(features, batch, answered);
      answerSlopes(answered, latents, directions, batch);
      this.#answers.backward(answered, batch, dFeatures);
      this.#trunk.backward(dFeatures, batch);
      this.#answers.adam({ learningRate });
      this.#trunk.adam({ learningRate });
      if (step % 50 === 0) progress(step / steps);
    }
  }

  /** What the caption encoder says of images: [N×14]. */
  captions(x: Float32Array): Float32Array {
    return output(this.#caption, x);
  }

  /** Auxiliary features: [N×width]. */
  auxiliary(x: Float32Array): Float32Array {
    return output(this.#trunk, x);
  }

  [Symbol.dispose](): void {
    for (const network of [this.#caption, this.#trunk, this.#answers]) network[Symbol.dispose]();
  }
}

function output(network: Network, x: Float32Array): Float32Array {
  const rows = x.length / network.inputs;
  const out = new Float32Array(rows * network.outputs);
  network.forward(x, rows, out);
  return out;
}

/** [48×16] */
function questionDirections(rng: Rng): Float32Array {
  return Float32Array.from({ length: questions * (latentSize - attributesFrom) }, () => rng.normal());
}

/** Logits of the answers become `σ(o) − a`, the slopes of their cross-entropy; a = 1 where direction · latent is above 0. */
function answerSlopes(logits: Float32Array, latents: Float32Array, directions: Float32Array, batch: number): void {
  const width = latentSize - attributesFrom;
  for (let row = 0; row < batch; row++)
    for (let q = 0; q < questions; q++) {
      let along = 0;
      for (let d = 0; d < width; d++)
        along += directions[q * width + d]! * latents[row * latentSize + attributesFrom + d]!;
      const at = row * questions + q;
      logits[at] = (1 / (1 + Math.exp(-logits[at]!)) - (along > 0 ? 1 : 0)) / batch;
    }
}
