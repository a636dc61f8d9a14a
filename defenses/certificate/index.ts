import type { ActionCertificate } from '../../core/certificate.ts';
import type { Head, LayerSpec, Normaliser } from '../../core/policy.ts';
import { headActions } from '../../core/policy.ts';
import { decodeAction } from '../../nn/victim.ts';
import { affineLayers } from './affine.ts';
import type { AffineLayer } from './affine.ts';
import { boundedNetwork } from './crown.ts';
import type { BoundedNetwork, Range } from './crown.ts';

/**
 * Bounds on a network policy's actions over boxes of observations.
 *
 * A continuous action grows with its mean, so its ends are those of the mean's bounds. A bin is possible only if no other is higher in all of
 * the box, `max (z_i − z_j) ≥ 0` for all j; the ends are the outermost possible bins. Source: specs/attacks-and-defenses.md 2.15.
 *
 * @param parameters in the order of `Network.readParameters`  @param method `interval` is a hundred times faster and looser
 * @throws {ConfigError} for activations other than relu, tanh and linear.
 */
export function actionCertificate(
  policy: {
    readonly layers: readonly LayerSpec[];
    readonly head: Head;
    readonly normaliser?: Normaliser | undefined;
  },
  parameters: Float32Array,
  method: 'interval' | 'crown' = 'crown',
): ActionCertificate {
  const layers = affineLayers(policy.layers, parameters);
  const { head, normaliser } = policy;
  const size = layers[0]!.inputs;
  const actions = headActions(head);
  const ends = (values: Float32Array, row: number): Float64Array =>
    Float64Array.from(values.subarray(row * size, (row + 1) * size), (value, i) =>
      normaliser === undefined ? value : standardised(value, i, normaliser),
    );
  return {
    bounds(low, high, rows, lowest, highest) {
      for (let row = 0; row < rows; row++) {
        const input = widened({ low: ends(low, row), high: ends(high, row) }, normaliser !== undefined);
        const network = boundedNetwork(layers, input, method);
        if (head.kind === 'categorical') {
          const middle = outputsAt(
            layers,
            input.low.map((value, i) => (value + input.high[i]!) / 2),
          );
          [lowest[row], highest[row]] = outermostBins(network, head.values, middle);
          continue;
        }
        const bounds = network.outputs();
        decodeAction(head, rounded(bounds.low, -1), 1, lowest.subarray(row * actions, (row + 1) * actions));
        decodeAction(head, rounded(bounds.high, 1), 1, highest.subarray(row * actions, (row + 1) * actions));
      }
    },
  };
}

function standardised(value: number, i: number, { mean, variance, epsilon, clip }: Normaliser): number {
  return Math.min(clip, Math.max(-clip, (value - mean[i]!) / Math.sqrt(variance[i]! + epsilon)));
}

/** A standardised feature is rounded to float32, in more steps than one. */
function widened({ low, high }: Range, standardises: boolean): Range {
  if (!standardises) return { low, high };
  const slack = (value: number): number => 1e-5 * Math.max(1, Math.abs(value));
  return { low: low.map((value) => value - slack(value)), high: high.map((value) => value + slack(value)) };
}

/**
 * The least and the greatest value of the bins that can be the highest somewhere in the box. From either end of the values inwards, each bin is
 * compared with its rivals until one beats it, those that are high in the middle of the box first: few comparisons of many tell.
 */
function outermostBins(network: BoundedNetwork, values: readonly number[], middle: Float64Array): [number, number] {
  const row = new Float64Array(values.length);
  const bins = Array.from(values.keys());
  const rivals = bins.toSorted((a, b) => middle[b]! - middle[a]!);
  const beaten = (bin: number): boolean =>
    rivals.some((rival) => {
      if (rival === bin) return false;
      row[bin] = 1;
      row[rival] = -1;
      const most = network.upper(row);
      row[bin] = 0;
      row[rival] = 0;
      return most < 0;
    });
  const ascending = bins.toSorted((a, b) => values[a]! - values[b]!);
  const lowest = ascending.find((bin) => !beaten(bin))!;
  const highest = ascending.findLast((bin) => bin === lowest || !beaten(bin))!;
  return [values[lowest]!, values[highest]!];
}

/** A network's pre-activations of the last layer at a point. */
function outputsAt(layers: readonly AffineLayer[], point: Float64Array): Float64Array {
  const { outputs } = boundedNetwork(layers, { low: point, high: point }, 'interval');
  const { low, high } = outputs();
  return low.map((value, o) => (value + high[o]!) / 2);
}

/** As float32, rounded outwards. */
function rounded(values: Float64Array, way: 1 | -1): Float32Array {
  return Float32Array.from(values, (value) => {
    const single = Math.fround(value);
    return way * single >= way * value ? single : Math.fround(value + way * Math.abs(value) * 2 ** -23);
  });
}
