import type { Rng } from '../../core/rng.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';
import type { TransformerConfig } from './config.ts';
import { linearNames, linearOf } from './layout.ts';
import type { LinearName } from './layout.ts';
import { Parameters, sizeOf } from './parameters.ts';
import type { NamedShape } from './parameters.ts';

/** Low-rank adapters: `W + (alpha/r)·A·B` in the place of W. Source: Hu et al. (2022), "LoRA". */
export interface LoraOptions {
  /** r */
  readonly rank: number;
  readonly alpha: number;
  /** The first K layers get them: all. */
  readonly layers?: number | undefined;
  /** Of each layer, these: all. */
  readonly targets?: readonly LinearName[] | undefined;
}

/** `layers.0.attention.qkv.lora.a` [I×r] and `….b` [r×O] of every adapted layer. */
export function loraLayout(config: TransformerConfig, options: LoraOptions): NamedShape[] {
  const { rank, layers = config.layers, targets = linearNames } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new ConfigError(`lora: rank is ${rank}, expected a positive integer`);
  if (!Number.isInteger(layers) || layers < 1 || layers > config.layers)
    throw new ConfigError(`lora: layers is ${layers}, expected 1 … ${config.layers}`);
  if (targets.length === 0) throw new ConfigError('lora: targets is empty, expected at least one linear layer');
  return Array.from({ length: layers }, (_, layer) =>
    linearNames
      .filter((name) => targets.includes(name))
      .map((part) => linearOf(config, layer, part))
      .flatMap(({ name, inputs, outputs }) => [
        { name: `${name}.lora.a`, shape: [inputs, rank] },
        { name: `${name}.lora.b`, shape: [rank, outputs] },
      ]),
  ).flat();
}

/** Fresh adapters: A is N(0, 1/I) and B is 0, so that nothing has changed yet. */
export function freshAdapters(tf: Tensorflow, config: TransformerConfig, options: LoraOptions, rng: Rng): Parameters {
  const shapes = loraLayout(config, options);
  const values = new Float32Array(shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { name, shape } of shapes) {
    const part = values.subarray(at, (at += sizeOf(shape)));
    if (name.endsWith('.b')) continue;
    const stream = rng.split(name);
    for (let i = 0; i < part.length; i++) part[i] = stream.normal() / Math.sqrt(shape[0]!);
  }
  return Parameters.of(tf, shapes, values);
}
