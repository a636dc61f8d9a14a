import { PolicyFileError } from '../../core/errors.ts';
import type { Normaliser } from '../../core/policy.ts';
import type { Feature } from '../../core/space.ts';
import type { ImportedLayer, ImportedModel } from './imported-model.ts';

/** `clip((x − mean) / √(variance + epsilon), ±clip)` in float64. @param x [O] */
export function normalise({ mean, variance, epsilon, clip }: Normaliser, x: Float64Array): Float64Array {
  return x.map((value, i) => Math.min(clip, Math.max(-clip, (value - mean[i]!) / Math.sqrt(variance[i]! + epsilon))));
}

/**
 * A model behind statistics that lie in a file of their own.
 * @throws {PolicyFileError} when it has some already, or they are of another number of features.
 */
export function withNormaliser(model: ImportedModel, normaliser: Normaliser, note: string): ImportedModel {
  const inputs = model.layers[0]!.inputs;
  if (model.normaliser !== undefined)
    throw new PolicyFileError('the policy has observation statistics of its own; it cannot stand behind others');
  if (normaliser.mean.length !== inputs)
    throw new PolicyFileError(`the statistics are of ${normaliser.mean.length} features, the policy reads ${inputs}`);
  return {
    ...model,
    normaliser,
    evaluate: (observation) => model.evaluate(normalise(normaliser, observation)),
    notes: [...model.notes, note],
  };
}

/** Beyond any float32 that means something: a normaliser that only shifts and scales. */
const noClip = 3.4e38;

/**
 * The same controller on features from 0 to 1 instead of physical values `p = low + x·span`:
 * `(p − m)/s = (x − (m − low)/span) / (s/span)`. A feature that never changes (span 0) reads as p = low whatever x is; its weights go into the bias.
 * @returns the normaliser and the first layer
 */
export function readingPhysical(
  first: ImportedLayer,
  normaliser: Normaliser | undefined,
  features: readonly Feature[],
): { readonly normaliser: Normaliser; readonly first: ImportedLayer } {
  const { inputs, outputs } = first;
  const { weight } = first;
  const spans = features.map(({ low, high }) => high - low);
  const bias = Float64Array.from(first.bias);
  const mean: number[] = [];
  const variance: number[] = [];
  const lows = Float64Array.from(features, (feature) => feature.low);
  const atLow = normaliser === undefined ? lows : normalise(normaliser, lows);
  for (let i = 0; i < inputs; i++) {
    const { low } = features[i]!;
    const span = spans[i]!;
    if (span === 0) {
      for (let o = 0; o < outputs; o++) bias[o]! += atLow[i]! * weight(i, o);
      mean.push(0);
      variance.push(1);
      continue;
    }
    const [m, v] =
      normaliser === undefined ? [0, 1] : [normaliser.mean[i]!, normaliser.variance[i]! + normaliser.epsilon];
    mean.push((m - low) / span);
    variance.push(v / span ** 2);
  }
  return {
    normaliser: { mean, variance, epsilon: 0, clip: normaliser?.clip ?? noClip },
    first: { ...first, weight: (i, o) => (spans[i] === 0 ? 0 : weight(i, o)), bias },
  };
}
