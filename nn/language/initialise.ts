import type { Rng } from '../../core/rng.ts';
import type { TransformerConfig } from './config.ts';
import type { NamedShape } from './parameters.ts';
import { sizeOf } from './parameters.ts';

/**
 * Fresh weights [P]: tables N(0, 1/(4d)), linear layers N(0, 1/I), divided by √(2·layers) where they end a residual branch; gains 1,
 * the rest 0. The tables' deviation is GPT-2's 0.02 carried over from its width of 768.
 *
 * Source: Radford et al. (2019), "Language Models are Unsupervised Multitask Learners", 2.3 (the residual factor).
 */
export function initialWeights(shapes: readonly NamedShape[], config: TransformerConfig, rng: Rng): Float32Array {
  const weights = new Float32Array(shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { name, shape } of shapes) {
    const part = weights.subarray(at, (at += sizeOf(shape)));
    if (shape.length === 1) {
      if (name.endsWith('.gain')) part.fill(1);
      continue;
    }
    const isTable = /^(embedding|position|head)\./.test(name);
    const endsBranch = /\.(out|down)\.weight$/.test(name);
    const deviation = isTable
      ? 0.5 / Math.sqrt(config.width)
      : 1 / Math.sqrt(shape[0]! * (endsBranch ? 2 * config.layers : 1));
    const stream = rng.split(name);
    for (let i = 0; i < part.length; i++) part[i] = deviation * stream.normal();
  }
  return weights;
}
