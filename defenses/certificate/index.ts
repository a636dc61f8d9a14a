import type { ActionCertificate } from '../../core/certificate.ts';
import type { Head, LayerSpec, Normaliser } from '../../core/policy.ts';
import { headActions } from '../../core/policy.ts';
import { decodeAction } from '../../nn/victim.ts';
import { affineLayers } from './affine.ts';
import type { AffineLayer } from './affine.ts';
import { outputBounds } from './crown.ts';
import type { Range } from './crown.ts';

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
  const pairs = head.kind === 'categorical' ? pairsOf(head.values.length) : [];
  const ends = (values: Float32Array, row: number): Float64Array =>
    Float64Array.from(values.subarray(row * size, (row + 1) * size), (value, i) =>
      normaliser === undefined ? value : standardised(value, i, normaliser),
    );
  return {
    bounds(low, high, rows, lowest, highest) {
      for (let row = 0; row < rows; row++) {
        const input = widened({ low: ends(low, row), high: ends(high, row) }, normaliser !== undefined);
        if (head.kind === 'categorical') {
          const possible = possibleBins(layers, input, method, pairs).map((bin) => head.values[bin]!);
          lowest[row] = Math.min(...possible);
          highest[row] = Math.max(...possible);
          continue;
        }
        const bounds = outputBounds(layers, input, method);
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

/** Bins i < j that are compared, and the row `z_i − z_j` of each pair [K]. */
interface Pair {
  readonly i: number;
  readonly j: number;
  readonly row: Float64Array;
}

function pairsOf(bins: number): readonly Pair[] {
  return Array.from({ length: bins }, (_, i) =>
    Array.from({ length: bins - i - 1 }, (_pair, k): Pair => {
      const j = i + 1 + k;
      const row = new Float64Array(bins);
      row[i] = 1;
      row[j] = -1;
      return { i, j, row };
    }),
  ).flat();
}

/** The bins that can be the highest somewhere in the box. */
function possibleBins(
  layers: readonly AffineLayer[],
  input: Range,
  method: 'interval' | 'crown',
  pairs: readonly Pair[],
): readonly number[] {
  const { low, high } = outputBounds(
    layers,
    input,
    method,
    pairs.map(({ row }) => row),
  );
  const bins = layers.at(-1)!.outputs;
  const beaten = new Uint8Array(bins);
  pairs.forEach(({ i, j }, k) => {
    if (high[k]! < 0) beaten[i] = 1;
    if (low[k]! > 0) beaten[j] = 1;
  });
  return Array.from({ length: bins }, (_, bin) => bin).filter((bin) => beaten[bin] === 0);
}

/** As float32, rounded outwards. */
function rounded(values: Float64Array, way: 1 | -1): Float32Array {
  return Float32Array.from(values, (value) => {
    const single = Math.fround(value);
    return way * single >= way * value ? single : Math.fround(value + way * Math.abs(value) * 2 ** -23);
  });
}
