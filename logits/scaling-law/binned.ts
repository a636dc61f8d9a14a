import { ConfigError } from '../../core/errors.ts';
import type { ContinuousHead } from '../neutral.ts';
import { unitAction, unitActionSlope } from '../unit-action.ts';
import type { Response } from './response.ts';

/**
 * A continuous head read as K bins: `z_k = −½ ((u(μ) − c_k)/w)²`, u the action on the scale 0…1, `c_k = k/(K − 1)`, `w = 1/(K − 1)`; up to a
 * constant the log-density of a Gaussian of deviation w at the bins' centres. The largest is that of the bin nearest to the action.
 *
 * All K logits are functions of one number, so that Δ_12 has a density at 0 where an action is midway between two bins, while three bins
 * are never equally near: Δ_13 ≥ ½, and no law of order 3 can hold.
 * @param means what gives the head's raw outputs, of which the first is μ
 * @throws {ConfigError} for a head of more than one component, or fewer than two bins.
 */
export function binned(means: Response, head: ContinuousHead, bins: number): Response {
  if (head.low.length !== 1) throw new ConfigError(`binned: the head has ${head.low.length} components, expected 1`);
  if (!Number.isInteger(bins) || bins < 2)
    throw new ConfigError(`binned: ${bins} bins, expected a whole number from 2`);
  const { inputs, outputs } = means;
  const steps = bins - 1;
  let mean = new Float32Array(0);
  return {
    inputs,
    outputs: bins,
    async forward(x, rows, out) {
      if (mean.length !== rows * outputs) mean = new Float32Array(rows * outputs);
      await means.forward(x, rows, mean);
      for (let row = 0; row < rows; row++) {
        const u = unitAction(head, 0, mean[row * outputs]!);
        for (let k = 0; k < bins; k++) out[row * bins + k] = -0.5 * (steps * u - k) ** 2;
      }
    },
    async backwardInput(dOut, rows, dX) {
      const dMean = new Float32Array(rows * outputs);
      for (let row = 0; row < rows; row++) {
        const mu = mean[row * outputs]!;
        const u = unitAction(head, 0, mu);
        let dU = 0;
        for (let k = 0; k < bins; k++) dU += dOut[row * bins + k]! * (k - steps * u) * steps;
        dMean[row * outputs] = dU * unitActionSlope(head, 0, mu);
      }
      await means.backwardInput(dMean, rows, dX);
    },
  };
}
