import { assertLength } from '../../core/errors.ts';
import { logitsOf, rowCount } from './response.ts';
import type { Response } from './response.ts';
import { signStep } from './sign-attack.ts';

/** How far the central difference looks to both sides. */
const eta = 1e-3;

/**
 * `v = (∂z/∂x) s`, the logits' response to a step along s, by the central difference `(z(x + ηs) − z(x − ηs))/2η`: two forward passes,
 * since tensors here have no forward mode. To first order the attack leaves the logits `z + ε v`, so that a difference
 * `Δ_1j` shrinks by `ε χ_1j`, with the susceptibility `χ_1j = v_j − v_(1)`.
 * @param x [N×D]  @param s [N×D]  @returns [N×K]
 */
export async function logitResponse(response: Response, x: Float32Array, s: Float32Array): Promise<Float32Array> {
  rowCount(response, x);
  assertLength(s, x.length, 's', 'logitResponse');
  const shifted = new Float32Array(x.length);
  signStep(x, s, eta, shifted);
  const up = await logitsOf(response, shifted);
  signStep(x, s, -eta, shifted);
  const down = await logitsOf(response, shifted);
  for (let i = 0; i < up.length; i++) up[i] = (up[i]! - down[i]!) / (2 * eta);
  return up;
}

/** Logits of the linear response, `z + ε v`. @param z [N×K]  @param v [N×K]  @returns [N×K] */
export function linearLogits(z: Float32Array, v: Float32Array, epsilon: number): Float32Array {
  assertLength(v, z.length, 'v', 'linearLogits');
  const moved = new Float32Array(z.length);
  signStep(z, v, epsilon, moved);
  return moved;
}

/** The law's prefactor and what it is made of. */
export interface Prefactor {
  /** `p̂_Δ12(0)`: the share of samples nearer to the boundary than δ, over δ. */
  readonly density: number;
  /** `E[χ⁺ | Δ_12 ≈ 0]`: mean of the runner-up's over those samples, negative ones as 0: they move away. */
  readonly susceptibility: number;
  /** `E[χ⁺]` of all samples. */
  readonly meanSusceptibility: number;
  /** `A = p̂_Δ12(0) E[χ⁺ | Δ_12 ≈ 0]`: `Err(ε) ≈ A ε`, without an attack. */
  readonly value: number;
  /** `p̂_Δ12(0) E[χ⁺]`: the same where χ does not depend on Δ_12, which is what the mean-field argument assumes. */
  readonly meanField: number;
}

/**
 * The prefactor from clean logits and their response alone; δ is the given quantile of Δ_12.
 *
 * `Err(ε) = P(Δ_12 < ε χ) = ∫ p(δ) P(χ > δ/ε | Δ_12 = δ) dδ → ε p(0) E[χ⁺ | Δ_12 = 0]` as ε → 0, by δ = ε u. So the mean is one over the
 * samples at the boundary; specs/logit-methods.md 2.1 takes χ as independent of Δ_12, and both are given.
 * @param z [N×K]  @param v [N×K]  @param size K
 */
export function prefactor(z: Float32Array, v: Float32Array, size: number, quantile = 0.03): Prefactor {
  assertLength(v, z.length, 'v', 'prefactor');
  const rows = z.length / size;
  const delta = new Float64Array(rows);
  const chi = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const [first, second] = topTwo(z, row * size, size);
    delta[row] = z[first]! - z[second]!;
    chi[row] = Math.max(0, v[second]! - v[first]!);
  }
  const count = Math.max(1, Math.round(quantile * rows));
  const near = Float64Array.from(delta).sort()[count - 1]!;
  let within = 0;
  let sum = 0;
  let all = 0;
  for (let row = 0; row < rows; row++) {
    all += chi[row]!;
    if (delta[row]! > near) continue;
    within += 1;
    sum += chi[row]!;
  }
  const density = near > 0 ? within / rows / near : Number.NaN;
  return {
    density,
    susceptibility: sum / within,
    meanSusceptibility: all / rows,
    value: (density * sum) / within,
    meanField: (density * all) / rows,
  };
}

/** Places of the largest and second largest of a row. */
function topTwo(z: Float32Array, at: number, size: number): readonly [number, number] {
  let first = at;
  let second = -1;
  for (let i = at + 1; i < at + size; i++) {
    if (z[i]! > z[first]!) [first, second] = [i, first];
    else if (second < 0 || z[i]! > z[second]!) second = i;
  }
  return [first, second];
}
