import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../backend/tensorflow.ts';
import type { TransformerConfig } from './config.ts';
import { attention } from './layer/attention.ts';
import { embedding } from './layer/embedding.ts';
import { gated } from './layer/gated.ts';
import { linear, lowRank, scores } from './layer/linear.ts';
import { layerNorm, rmsNorm } from './layer/normalise.ts';
import { rotaryAngles } from './layer/rotary.ts';
import type { Parameters } from './parameters.ts';
import { isRagged, positionsOf } from './token-batch.ts';
import type { TokenBatch } from './token-batch.ts';

/** What a transformer computes with. */
export interface Weights {
  readonly tf: Tensorflow;
  readonly config: TransformerConfig;
  readonly base: Parameters;
  /** With adapters the base is frozen. */
  readonly adapters?: { readonly parameters: Parameters; readonly scale: number } | undefined;
}

/** Attention of a layer: [N × 3d] → [N × d]. */
export type Attend = (qkv: Tensor2D, layer: number) => Tensor2D;

/** What keeps a token from looking at another one; finite, so that a row of padding alone stays a number. */
export const unseen = -1e9;

/** Logits [B×T×V] of the token after each token of a batch; differentiable. */
export function forward(weights: Weights, batch: TokenBatch): Tensor3D {
  const { rows, length } = batch;
  return head(weights, through(weights, batch)).reshape([rows, length, weights.config.vocabulary]);
}

/** What the head reads of each token of a batch: states [B×T×d] after the final norm; differentiable. */
export function finalStates(weights: Weights, batch: TokenBatch): Tensor3D {
  const { rows, length } = batch;
  return normed(weights, through(weights, batch), 'norm').reshape([rows, length, weights.config.width]);
}

/** States [B·T×d] after all layers. */
function through(weights: Weights, batch: TokenBatch): Tensor2D {
  const { tf, config } = weights;
  const { rows, length } = batch;
  const ragged = isRagged(batch);
  const positions = positionsOf(batch);
  const headWidth = config.width / config.heads;
  const shape = { rows, length, heads: config.heads, headWidth };
  // Without padding in front all sequences have the same positions and see the same.
  const seenRows = ragged ? rows : 1;
  const bias = causalBias(tf, ragged ? batch : { rows: 1, length, valid: new Uint8Array(length).fill(1) });
  const angles =
    config.positions === 'rotary'
      ? rotaryAngles(tf, ragged ? positions : Int32Array.from({ length }, (_, t) => t), seenRows, headWidth)
      : undefined;
  const ids = tf.tensor1d(batch.ids, 'int32');
  const x = embed(weights, ids, tf.tensor1d(positions, 'int32'));
  const attend: Attend = (qkv) => attention(tf, qkv, bias, shape, angles);
  return blocks(weights, x, attend);
}

/** The state [N×d] of tokens before the first layer. */
export function embed({ tf, config, base, adapters }: Weights, ids: Tensor1D, positions: Tensor1D): Tensor2D {
  const frozen = adapters !== undefined;
  const x = embedding(tf, base.matrix('embedding.weight'), ids, frozen);
  return config.positions === 'learned' ? x.add(embedding(tf, base.matrix('position.weight'), positions, frozen)) : x;
}

/** All layers, pre-norm: `x + attention(norm(x))`, then `x + mlp(norm(x))`. Source: Xiong et al. (2020). */
export function blocks(weights: Weights, state: Tensor2D, attend: Attend): Tensor2D {
  const { tf, config } = weights;
  let x = state;
  for (let layer = 0; layer < config.layers; layer++) {
    const name = `layers.${layer}`;
    const qkv = adapted(weights, normed(weights, x, `${name}.attention.norm`), `${name}.attention.qkv`);
    x = x.add(adapted(weights, attend(qkv, layer), `${name}.attention.out`));
    const up = adapted(weights, normed(weights, x, `${name}.mlp.norm`), `${name}.mlp.up`);
    x = x.add(adapted(weights, gated(tf, up, config.activation), `${name}.mlp.down`));
  }
  return x;
}

/** Logits [N×V] of states [N×d]. */
export function head(weights: Weights, state: Tensor2D): Tensor2D {
  const { tf, config, base, adapters } = weights;
  const table = base.matrix(config.tied ? 'embedding.weight' : 'head.weight');
  return scores(tf, normed(weights, state, 'norm'), table, adapters !== undefined);
}

function normed({ tf, config, base, adapters }: Weights, x: Tensor2D, name: string): Tensor2D {
  const gain = base.vector(`${name}.gain`);
  const frozen = adapters !== undefined;
  return config.norm === 'rms'
    ? rmsNorm(tf, x, gain, frozen)
    : layerNorm(tf, x, gain, base.vector(`${name}.shift`), frozen);
}

function adapted({ tf, base, adapters }: Weights, x: Tensor2D, name: string): Tensor2D {
  const y = linear(tf, x, base.matrix(`${name}.weight`), base.vector(`${name}.bias`), adapters !== undefined);
  if (adapters === undefined || !adapters.parameters.has(`${name}.lora.a`)) return y;
  const { parameters, scale } = adapters;
  return y.add(lowRank(tf, x, parameters.matrix(`${name}.lora.a`), parameters.matrix(`${name}.lora.b`), scale));
}

/** [R×1×T×T] 0 where a token may look, `unseen` at later tokens and at padding. */
function causalBias(tf: Tensorflow, { rows, length, valid }: Pick<TokenBatch, 'rows' | 'length' | 'valid'>): Tensor4D {
  const bias = new Float32Array(rows * length * length);
  for (let row = 0; row < rows; row++)
    for (let t = 0; t < length; t++)
      for (let s = 0; s < length; s++)
        if (s > t || valid[row * length + s] === 0) bias[(row * length + t) * length + s] = unseen;
  return tf.tensor4d(bias, [rows, 1, length, length]);
}
