import type { Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { LayerSpec } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import { linear, lowRank } from '../../nn/language/layer/linear.ts';
import type { LoraOptions } from '../../nn/language/lora.ts';
import { Parameters } from '../../nn/language/parameters.ts';
import type { NamedShape } from '../../nn/language/parameters.ts';
import type { Learner } from './learner.ts';

/** A policy of dense layers on tensors: a language model of one token, whose prompt [B×I] is an observation and whose answer an action. */
export class DenseLearner implements Learner<Tensor2D>, Disposable {
  readonly layers: readonly LayerSpec[];
  readonly #tf: Tensorflow;
  readonly #base: Parameters;
  readonly #adapters: { readonly parameters: Parameters; readonly scale: number } | undefined;

  /** @param base and @param adapters owned by this from now on */
  private constructor(
    tf: Tensorflow,
    layers: readonly LayerSpec[],
    base: Parameters,
    adapters?: { readonly parameters: Parameters; readonly scale: number },
  ) {
    this.#tf = tf;
    this.layers = layers;
    this.#base = base;
    this.#adapters = adapters;
  }

  /**
   * @param parameters in the order of `Network.readParameters`
   * @throws {ConfigError} for an activation other than ReLU, tanh and none.
   */
  static of(tf: Tensorflow, layers: readonly LayerSpec[], parameters: Float32Array): DenseLearner {
    const other = layers.find(({ activation }) => !['relu', 'tanh', 'linear'].includes(activation));
    if (other !== undefined)
      throw new ConfigError(`dense learner: a layer has activation ${other.activation}, expected relu, tanh or linear`);
    return new DenseLearner(tf, layers, Parameters.of(tf, shapesOf(layers), parameters));
  }

  get k(): number {
    return this.layers.at(-1)!.outputs;
  }

  /** What a training changes: all weights, or the adapters. */
  get trained(): Parameters {
    return this.#adapters?.parameters ?? this.#base;
  }

  /** [B×K] of x [B×I]; differentiable by both. The caller owns them. */
  logits(x: Tensor2D): Tensor2D {
    const frozen = this.#adapters !== undefined;
    return this.#tf.tidy('policy', () =>
      this.layers.reduce((h, { activation }, index) => {
        const [weight, bias] = [this.#base.matrix(`${index}.weight`), this.#base.vector(`${index}.bias`)];
        let z = linear(this.#tf, h, weight, bias, frozen);
        if (this.#adapters?.parameters.has(`${index}.lora.a`)) {
          const { parameters, scale } = this.#adapters;
          z = z.add(
            lowRank(this.#tf, h, parameters.matrix(`${index}.lora.a`), parameters.matrix(`${index}.lora.b`), scale),
          );
        }
        if (activation === 'tanh') return z.tanh() as Tensor2D;
        return activation === 'relu' ? (z.relu() as Tensor2D) : z;
      }, x),
    );
  }

  /**
   * The assistant: the first K hidden layers with the head, frozen, and adapters on those layers, which do nothing yet. It shares the
   * weights as they are now; a later training of this model does not move it.
   * @throws {ConfigError} when the head does not fit on layer K.
   */
  assistant({ rank, alpha, layers: adapted = 1 }: LoraOptions, rng: Rng): DenseLearner {
    const head = this.layers.length - 1;
    if (!Number.isInteger(adapted) || adapted < 1 || adapted > head)
      throw new ConfigError(`assistant: the first ${adapted} of ${head} hidden layers, expected 1 … ${head}`);
    if (this.layers[adapted - 1]!.outputs !== this.layers[head]!.inputs)
      throw new ConfigError(
        `assistant: layer ${adapted} has ${this.layers[adapted - 1]!.outputs} outputs, expected ${this.layers[head]!.inputs}, what the head reads`,
      );
    const kept = [...Array.from({ length: adapted }, (_, index) => index), head];
    const layers = kept.map((index) => this.layers[index]!);
    const weights = kept.flatMap((index) => [this.#base.get(`${index}.weight`), this.#base.get(`${index}.bias`)]);
    const base = new Parameters(
      this.#tf,
      shapesOf(layers),
      weights.map((weight) => weight.clone()),
    );
    return new DenseLearner(this.#tf, layers, base, {
      parameters: freshLowRank(this.#tf, layers.slice(0, adapted), rank, rng),
      scale: alpha / rank,
    });
  }

  /** Its weights with its adapters merged into them, `W + (α/r) A·B`, in the order of `Network.readParameters`. */
  merged(): Float32Array {
    const parts = this.layers.flatMap((_, index) => {
      const [weight, bias] = [this.#base.matrix(`${index}.weight`), this.#base.vector(`${index}.bias`)];
      if (!this.#adapters?.parameters.has(`${index}.lora.a`)) return [weight.dataSync(), bias.dataSync()];
      const { parameters, scale } = this.#adapters;
      const whole = this.#tf.tidy(() =>
        weight.add(
          parameters
            .matrix(`${index}.lora.a`)
            .matMul(parameters.matrix(`${index}.lora.b`))
            .mul(scale),
        ),
      );
      const values = whole.dataSync();
      whole.dispose();
      return [values, bias.dataSync()];
    });
    const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  [Symbol.dispose](): void {
    this.#base[Symbol.dispose]();
    this.#adapters?.parameters[Symbol.dispose]();
  }
}

function shapesOf(layers: readonly LayerSpec[]): NamedShape[] {
  return layers.flatMap(({ inputs, outputs }, index) => [
    { name: `${index}.weight`, shape: [inputs, outputs] },
    { name: `${index}.bias`, shape: [outputs] },
  ]);
}

/** A is N(0, 1/I) and B is 0, as for language models. */
function freshLowRank(tf: Tensorflow, layers: readonly LayerSpec[], rank: number, rng: Rng): Parameters {
  if (!Number.isInteger(rank) || rank < 1)
    throw new ConfigError(`assistant: rank is ${rank}, expected a positive integer`);
  const shapes = layers.flatMap(({ inputs, outputs }, index) => [
    { name: `${index}.lora.a`, shape: [inputs, rank] },
    { name: `${index}.lora.b`, shape: [rank, outputs] },
  ]);
  const values = layers.flatMap(({ inputs, outputs }, index) => {
    const stream = rng.split(index);
    const a = Array.from({ length: inputs * rank }, () => stream.normal() / Math.sqrt(inputs));
    return [...a, ...Array.from({ length: rank * outputs }, () => 0)];
  });
  return Parameters.of(tf, shapes, Float32Array.from(values));
}
