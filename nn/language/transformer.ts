import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';
import { CachedDecoding } from './cached-decoding.ts';
import type { CausalModel, Decoding } from './causal-model.ts';
import { transformerSchema } from './config.ts';
import type { TransformerConfig } from './config.ts';
import { finalStates, forward } from './forward.ts';
import type { Weights } from './forward.ts';
import { initialWeights } from './initialise.ts';
import { transformerLayout } from './layout.ts';
import { freshAdapters } from './lora.ts';
import type { LoraOptions } from './lora.ts';
import { Parameters } from './parameters.ts';
import { assertBatch, tokenBatch } from './token-batch.ts';
import type { TokenBatch } from './token-batch.ts';
import { WholeDecoding } from './whole-decoding.ts';

/** A decoder-only transformer; with `lora` its base is frozen and only the adapters are trained. */
export class Transformer implements Weights, CausalModel {
  readonly tf: Tensorflow;
  readonly config: TransformerConfig;
  readonly base: Parameters;
  readonly lora: LoraOptions | undefined;
  readonly adapters: { readonly parameters: Parameters; readonly scale: number } | undefined;

  /** @param base and @param adapters owned by this from now on */
  constructor(
    tf: Tensorflow,
    config: TransformerConfig,
    base: Parameters,
    adapters?: { readonly lora: LoraOptions; readonly parameters: Parameters },
  ) {
    this.tf = tf;
    this.config = config;
    this.base = base;
    this.lora = adapters?.lora;
    this.adapters = adapters && {
      parameters: adapters.parameters,
      scale: adapters.lora.alpha / adapters.lora.rank,
    };
  }

  get vocabulary(): number {
    return this.config.vocabulary;
  }

  get context(): number {
    return this.config.context;
  }

  /** What a training changes: all weights, or the adapters. */
  get trained(): Parameters {
    return this.adapters?.parameters ?? this.base;
  }

  /**
   * Logits [B×T×V] of the token after each token; differentiable by `trained`. The caller owns them.
   * @throws {ShapeError} when a sequence is longer than the context.
   * @throws {ConfigError} when an id is none of the vocabulary.
   */
  logits(batch: TokenBatch): Tensor3D {
    assertBatch(batch, this.config);
    return this.tf.tidy('transformer', () => forward(this, batch));
  }

  /**
   * States [B×T×d] of the tokens as the head reads them, after the final norm. The caller owns them.
   * @throws {ShapeError} and {ConfigError} as `logits`.
   */
  states(batch: TokenBatch): Tensor3D {
    assertBatch(batch, this.config);
    return this.tf.tidy('transformer states', () => finalStates(this, batch));
  }

  async decode(prompts: readonly (readonly number[])[], { cache = true } = {}): Promise<Decoding> {
    if (cache) return new CachedDecoding(this, prompts);
    return WholeDecoding.of(prompts, this.config, (sequences) => Promise.resolve(this.#lastLogits(sequences)));
  }

  [Symbol.dispose](): void {
    this.base[Symbol.dispose]();
    this.adapters?.parameters[Symbol.dispose]();
  }

  #lastLogits(sequences: readonly (readonly number[])[]): Tensor2D {
    const batch = tokenBatch(
      sequences.map((tokens) => ({ tokens })),
      { side: 'left' },
    );
    const { rows, length } = batch;
    return this.tf.tidy(() =>
      this.tf.slice(this.logits(batch), [0, length - 1], [rows, 1]).reshape([rows, this.vocabulary]),
    );
  }
}

/** A transformer with fresh weights. @throws {ConfigError} when the config contradicts itself. */
export function freshTransformer(tf: Tensorflow, config: TransformerConfig, rng: Rng): Transformer {
  const checked = transformerSchema.safeParse(config);
  if (!checked.success) throw new ConfigError(`transformer: ${checked.error.issues[0]!.message}`);
  const shapes = transformerLayout(config);
  return new Transformer(tf, config, Parameters.of(tf, shapes, initialWeights(shapes, config, rng)));
}

/**
 * The same model with fresh adapters, its base shared and frozen. With `layers` only as many first layers are taken, with the final norm
 * and the head: the *assistant* of Ji et al. (2024), "Reversing the Forget-Retain Objectives" (ULD). The source stays the caller's, and
 * a later training of it does not move this one.
 * @param layers K, at most the source's: all
 */
export function withAdapters(
  source: Transformer,
  lora: LoraOptions,
  rng: Rng,
  layers = source.config.layers,
): Transformer {
  const { tf } = source;
  if (source.lora !== undefined) throw new ConfigError('lora: the model has adapters already, expected one without');
  if (!Number.isInteger(layers) || layers < 1 || layers > source.config.layers)
    throw new ConfigError(`lora: a model of ${layers} layers, expected 1 … ${source.config.layers}`);
  const config = { ...source.config, layers };
  const parameters = freshAdapters(tf, config, lora, rng);
  return new Transformer(tf, config, source.base.share(transformerLayout(config)), { lora, parameters });
}
