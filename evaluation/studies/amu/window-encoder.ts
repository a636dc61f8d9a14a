import type { Rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import type { Network } from '../../../nn/network.ts';
import { isCalendar, tamper } from './tampering.ts';

/** How long the window encoder is trained; every window is tampered with anew. */
export interface WindowEncoderOptions {
  readonly steps: number;
  readonly batch: number;
  /** Width of its layers, and of the features. */
  readonly width: number;
}

/** Differences are clipped at so many standard deviations. */
const clip = 5;

/**
 * An encoder of days, trained by itself: clean days of other buildings are tampered with at random, and it learns to say which sensors were. No incident of
 * any kind has a part in that. An hour is its row and its change from the hour before, in standard deviations; the features are the mean over the
 * hours of two layers, `h = mean_t relu(W relu(V [x_t, Δx_t]))`.
 */
export class WindowEncoder implements Disposable {
  readonly #options: WindowEncoderOptions;
  readonly #hours: Network;
  readonly #answers: Network;
  readonly #size: number;
  readonly #window: number;
  /** Columns that may have been tampered with. */
  readonly #asked: readonly number[];
  readonly #scale: Float32Array;
  /** Mean of the features of clean days: taken off, so that directions tell days apart. */
  #centre: Float32Array;

  /** @param window hours of a day  @param clean [steps×O] of each building that is learned from */
  constructor(
    features: readonly Feature[],
    window: number,
    clean: readonly Float32Array[],
    options: WindowEncoderOptions,
  ) {
    this.#options = options;
    this.#size = features.length;
    this.#window = window;
    this.#asked = features.flatMap(({ name }, j) => (isCalendar(name) ? [] : [j]));
    this.#scale = deviationOfChanges(clean, this.#size);
    this.#centre = new Float32Array(options.width);
    const { width } = options;
    this.#hours = createNetwork([
      { inputs: 2 * this.#size, outputs: width, activation: 'relu' },
      { inputs: width, outputs: width, activation: 'relu' },
    ]);
    this.#answers = createNetwork([{ inputs: width, outputs: this.#asked.length, activation: 'linear' }]);
  }

  /** @param clean as for the constructor  @param progress share done, 0…1 */
  train(clean: readonly Float32Array[], rng: Rng, progress: (done: number) => void): void {
    const { steps, batch, width } = this.#options;
    initialise(this.#hours, rng.split('hours'), { kind: 'torch-linear' });
    initialise(this.#answers, rng.split('answers'), { kind: 'torch-linear' });
    const draw = rng.split('windows');
    const [size, window] = [this.#size, this.#window];
    const row = window * size;
    const x = new Float32Array(batch * row);
    const touched = new Uint8Array(batch * size);
    const answers = new Float32Array(batch * this.#asked.length);
    const dFeatures = new Float32Array(batch * width);
    const dHours = new Float32Array(batch * window * width);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < batch; b++) {
        const from = clean[draw.int(clean.length)]!;
        const start = draw.int(from.length / size - window + 1);
        x.set(from.subarray(start * size, start * size + row), b * row);
        tamper(x.subarray(b * row, (b + 1) * row), size, this.#asked, touched.subarray(b * size, (b + 1) * size), draw);
      }
      const features = this.#encode(x, batch);
      this.#answers.forward(features, batch, answers);
      for (let b = 0; b < batch; b++)
        this.#asked.forEach((j, q) => {
          const at = b * this.#asked.length + q;
          answers[at] = (1 / (1 + Math.exp(-answers[at]!)) - touched[b * size + j]!) / batch;
        });
      this.#answers.backward(answers, batch, dFeatures);
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < window; t++)
          for (let d = 0; d < width; d++) dHours[(b * window + t) * width + d] = dFeatures[b * width + d]! / window;
      this.#hours.backward(dHours, batch * window);
      const learningRate = 1.5e-3 * (1 + Math.cos((Math.PI * step) / steps));
      this.#hours.adam({ learningRate });
      this.#answers.adam({ learningRate });
      if (step % 20 === 0) progress(step / steps);
    }
    this.#centre = this.#meanFeature(clean);
  }

  /** Features of days less their clean mean. @param x [days×window×O]  @returns [days×width] */
  features(x: Float32Array): Float32Array {
    const days = x.length / (this.#window * this.#size);
    const out = this.#encode(x, days);
    return out.map((value, i) => value - this.#centre[i % this.#centre.length]!);
  }

  [Symbol.dispose](): void {
    for (const network of [this.#hours, this.#answers]) network[Symbol.dispose]();
  }

  #meanFeature(clean: readonly Float32Array[]): Float32Array {
    const { width } = this.#options;
    const day = this.#window * this.#size;
    const sum = new Float64Array(width);
    let days = 0;
    for (const from of clean)
      for (let at = 0; at + day <= from.length; at += day, days++)
        this.#encode(from.subarray(at, at + day), 1).forEach((value, d) => (sum[d]! += value));
    return Float32Array.from(sum, (value) => value / days);
  }

  /** [days×width]; the networks keep what `backward` needs. */
  #encode(x: Float32Array, days: number): Float32Array {
    const { width } = this.#options;
    const [size, window] = [this.#size, this.#window];
    const input = new Float32Array(days * window * 2 * size);
    for (let i = 0; i < days * window; i++) {
      const first = i % window === 0;
      for (let j = 0; j < size; j++) {
        const value = x[i * size + j]!;
        const change = first ? 0 : (value - x[(i - 1) * size + j]!) / this.#scale[j]!;
        input[2 * i * size + j] = value;
        input[(2 * i + 1) * size + j] = Math.max(-clip, Math.min(clip, change));
      }
    }
    const hours = new Float32Array(days * window * width);
    this.#hours.forward(input, days * window, hours);
    const out = new Float32Array(days * width);
    for (let day = 0; day < days; day++)
      for (let t = 0; t < window; t++)
        for (let d = 0; d < width; d++) out[day * width + d]! += hours[(day * window + t) * width + d]! / window;
    return out;
  }
}

/** Of each column from hour to hour, over all buildings; not below 0.005. [O] */
function deviationOfChanges(clean: readonly Float32Array[], size: number): Float32Array {
  const square = new Float64Array(size);
  let count = 0;
  for (const from of clean)
    for (let t = 1; t < from.length / size; t++, count++)
      for (let j = 0; j < size; j++) square[j]! += (from[t * size + j]! - from[(t - 1) * size + j]!) ** 2;
  return Float32Array.from(square, (sum) => Math.max(0.005, Math.sqrt(sum / count)));
}
