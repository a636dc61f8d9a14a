import { ConfigError } from '../../core/errors.ts';
import { logitsOf } from './response.ts';
import type { Response } from './response.ts';

/**
 * `z/τ`, of Q-values: no decision and no exponent depends on τ, but the cross-entropy does, whose gradient is one towards all other actions alike
 * where τ is far above their differences.
 * @throws {ConfigError} unless τ is above 0.
 */
export function tempered(response: Response, tau: number): Response {
  if (!(tau > 0 && tau < Infinity)) throw new ConfigError(`tempered: τ is ${tau}, expected a number above 0`);
  const { inputs, outputs } = response;
  return {
    inputs,
    outputs,
    async forward(x, rows, out) {
      await response.forward(x, rows, out);
      for (let i = 0; i < rows * outputs; i++) out[i]! /= tau;
    },
    async backwardInput(dOut, rows, dX) {
      const scaled = dOut.subarray(0, rows * outputs).map((value) => value / tau);
      await response.backwardInput(scaled, rows, dX);
    },
  };
}

/** Mean over rows of the deviation of the logits of a row: a τ that brings Q-values to the scale of 1. @param x [N×D] */
export async function spreadOf(response: Response, x: Float32Array): Promise<number> {
  const k = response.outputs;
  const z = await logitsOf(response, x);
  const rows = z.length / k;
  let total = 0;
  for (let at = 0; at < z.length; at += k) {
    let mean = 0;
    for (let i = at; i < at + k; i++) mean += z[i]! / k;
    let square = 0;
    for (let i = at; i < at + k; i++) square += (z[i]! - mean) ** 2 / k;
    total += Math.sqrt(square) / rows;
  }
  return total;
}
