import type { LayerSpec } from '../core/policy.ts';
import { rng } from '../core/rng.ts';
import type { Tensorflow } from './backend/tensorflow.ts';
import { createNetwork } from './create-network.ts';
import { initialise } from './initialise.ts';
import { tensorNetwork } from './tensor-network.ts';

/** Input gradients of a network on the own kernel and on the tensor backend. */
export interface Calibration {
  readonly points: readonly { readonly rows: number; readonly kernelMs: number; readonly tensorMs: number }[];
  /** From how many rows on the tensor backend is the faster one; null: at none of those tried. */
  readonly crossover: number | null;
}

/** Batches that are tried: the closed loop's, a worker's share, and what recorded years make. */
export const calibrationRows = [1, 256, 4096] as const;

/** Milliseconds of a call that needs no warming up, and that nobody wants to wait for four times. */
const longMs = 500;

/**
 * Times one input gradient at each batch size on both, each once to warm up, then the best of three: the least disturbed one; what takes
 * long, as on the JavaScript backend, is timed once. Between two sizes the crossover is where the straight lines through their times meet.
 * @param now milliseconds
 */
export async function calibrate(
  tf: Tensorflow,
  layers: readonly LayerSpec[],
  now: () => number,
  batches: readonly number[] = calibrationRows,
): Promise<Calibration> {
  using network = createNetwork(layers);
  initialise(network, rng(0), { kind: 'torch-linear' });
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  using tensors = tensorNetwork(tf, layers);
  tensors.writeParameters(parameters);
  const stream = rng(1);
  const points: Calibration['points'][number][] = [];
  for (const rows of batches) {
    const x = Float32Array.from({ length: rows * network.inputs }, () => stream.uniform());
    const out = new Float32Array(rows * network.outputs);
    const dOut = new Float32Array(out.length).fill(0.1);
    const dX = new Float32Array(x.length);
    const kernelMs = await fastest(now, () => {
      network.forward(x, rows, out);
      network.backwardInput(dOut, rows, dX);
    });
    const tensorMs = await fastest(now, () => tensors.gradient(x, rows, (_z, _row, _count, d) => void d.fill(0.1), dX));
    points.push({ rows, kernelMs, tensorMs });
  }
  return { points, crossover: crossoverOf(points) };
}

/** The smallest number of rows from which on, at all larger batches tried, tensors are faster. */
export function crossoverOf(points: Calibration['points']): number | null {
  const slower = points.findLastIndex(({ kernelMs, tensorMs }) => tensorMs >= kernelMs);
  if (slower === points.length - 1) return null;
  const above = points[slower + 1]!;
  const below = points[slower];
  if (below === undefined) return above.rows;
  const gapBelow = below.tensorMs - below.kernelMs;
  const gapAbove = above.kernelMs - above.tensorMs;
  return Math.ceil(below.rows + ((above.rows - below.rows) * gapBelow) / (gapBelow + gapAbove));
}

async function fastest(now: () => number, call: () => void | Promise<void>): Promise<number> {
  const time = async (): Promise<number> => {
    const started = now();
    await call();
    return now() - started;
  };
  const first = await time();
  return first > longMs ? first : Math.min(await time(), await time(), await time());
}
