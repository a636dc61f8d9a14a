import { constantLayer, diagonalLayer, scaledOutputs, stacked } from './dense.ts';
import type { Head } from '../../core/policy.ts';
import type { ImportedLayer, ImportedModel } from './imported-model.ts';

/** A head with the layers that feed it, and how to get the source's own numbers back. */
export type HeadedLayers = Pick<ImportedModel, 'layers' | 'head' | 'restore'>;

interface Bounds {
  /** [A] */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * Means in physical units, clipped to the bounds, as the heads of PPO and A2C have them, for our Gaussian head on the unit scale:
 * `mean' = (mean − low)/(high − low)` folded into the last layer, `log σ' = log σ − log(high − low)` constant.
 * @param logStd [A] physical; null: the source has none that does not depend on the state
 */
export function physicalGaussian(
  layers: readonly ImportedLayer[],
  { low, high }: Bounds,
  logStd: readonly number[] | null,
): HeadedLayers {
  const span = low.map((value, a) => high[a]! - value);
  const last = layers.at(-1)!;
  const unit = scaledOutputs(
    last,
    span.map((value) => 1 / value),
    low.map((value, a) => -value / span[a]!),
  );
  const head: Head = { kind: 'gaussian', low, high };
  if (logStd === null) return { layers: [...layers.slice(0, -1), unit], head, restore: { scale: span, shift: low } };
  const logSpan = span.map(Math.log);
  const constant = constantLayer(
    last.inputs,
    logStd.map((value, a) => value - logSpan[a]!),
  );
  return {
    layers: [...layers.slice(0, -1), stacked(unit, constant)],
    head,
    restore: { scale: [...span, ...span.map(() => 1)], shift: [...low, ...logSpan] },
  };
}

/** Means before the tanh, with a log σ that is the same everywhere. */
export function squashedGaussian(
  layers: readonly ImportedLayer[],
  { low, high }: Bounds,
  logStd: number,
): HeadedLayers {
  const last = layers.at(-1)!;
  const constant = constantLayer(
    last.inputs,
    low.map(() => logStd),
  );
  return {
    layers: [...layers.slice(0, -1), stacked(last, constant)],
    head: { kind: 'squashed-gaussian', low, high },
  };
}

/** `low + (tanh(z)+1)/2·(high − low)` as a tanh layer and a linear one: the action itself. */
export function squashedActions(layers: readonly ImportedLayer[], { low, high }: Bounds): HeadedLayers {
  const half = low.map((value, a) => (high[a]! - value) / 2);
  const physical = diagonalLayer(
    half,
    Float64Array.from(low, (value, a) => value + half[a]!),
  );
  return {
    layers: [...layers.slice(0, -1), { ...layers.at(-1)!, activation: 'tanh' }, physical],
    head: { kind: 'deterministic', low, high },
  };
}

/** `clip(z, −c, c) = relu(z + c) − relu(z − c) − c` behind a linear layer: PyTorch's Hardtanh, exactly. */
export function clippedOutputs(layer: ImportedLayer, limit: number): readonly ImportedLayer[] {
  const { outputs } = layer;
  const ones = Array<number>(outputs).fill(1);
  const shifted = (by: number): ImportedLayer => scaledOutputs(layer, ones, Array<number>(outputs).fill(by));
  return [
    { ...stacked(shifted(limit), shifted(-limit)), activation: 'relu' },
    {
      inputs: 2 * outputs,
      outputs,
      activation: 'linear',
      weight: (i, o) => (i === o ? 1 : i === outputs + o ? -1 : 0),
      bias: new Float64Array(outputs).fill(-limit),
    },
  ];
}
