import { diagonalLayer, weightsOf } from '../dense.ts';
import { isIdentity } from './stage.ts';
import type { Affine, StandardisedStage } from './stage.ts';
import type { ImportedLayer } from '../imported-model.ts';
import type { Normaliser } from '../../../core/policy.ts';

/** The largest limit that a normaliser's clip can have: no float32 is beyond it. */
const noClip = 3.4e38;

/** Dense layers for an affine at the end of a graph, and what stands in front of the first. */
export interface LayerSequence {
  readonly layers: readonly ImportedLayer[];
  readonly normaliser: Normaliser | undefined;
}

/** The layers that an affine of the last stage comes to; an affine that changes nothing is no layer of its own. */
export function layersOf(affine: Affine): LayerSequence {
  const layers: ImportedLayer[] = [];
  let current = affine;
  let activation: ImportedLayer['activation'] = 'linear';
  for (;;) {
    const { stage } = current;
    // y = φ(z) as it is: the layer below says φ itself.
    const skip = activation === 'linear' && stage.kind === 'layer' && isIdentity(current);
    if (!skip) layers.unshift(layerOf(current, activation));
    if (stage.kind !== 'layer')
      return { layers, normaliser: stage.kind === 'standardised' ? normaliserOf(stage) : undefined };
    activation = stage.activation;
    current = stage.before;
  }
}

function layerOf(affine: Affine, activation: ImportedLayer['activation']): ImportedLayer {
  const { stage, width, weight, bias } = affine;
  if (weight === undefined) return diagonalLayer(affine.scale, bias, activation);
  return { inputs: stage.width, outputs: width, activation, weight: weightsOf(weight, width), bias };
}

/** `variance = 1/scale²`, with nothing added. */
function normaliserOf({ mean, scale, clip }: StandardisedStage): Normaliser {
  return {
    mean: [...mean],
    variance: Array.from(scale, (s) => 1 / s ** 2),
    epsilon: 0,
    clip: Math.min(clip, noClip),
  };
}
