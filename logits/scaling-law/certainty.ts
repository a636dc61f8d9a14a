import { crossEntropy } from '../cross-entropy.ts';
import { entropy } from '../entropy.ts';
import { argMax } from '../row.ts';
import { differencesOf } from './error-curve.ts';
import { logitResponse, prefactor } from './linear-response.ts';
import { logitsOf } from './response.ts';
import type { Response } from './response.ts';
import { signs } from './sign-attack.ts';

/** How sure a network is, and what the error law makes of it. */
export interface Certainty {
  /** Mean over the rows of H(softmax z), nats. */
  readonly entropy: number;
  /** Of Δ_12. */
  readonly medianDifference: number;
  /** `p̂_Δ12(0)`, `χ̄` at the boundary, and `A`, their product. */
  readonly density: number;
  readonly susceptibility: number;
  readonly prefactor: number;
}

/** What the entropy penalty is to change: entropy down, differences up; and the prefactor, which says whether that helps. @param x [N×D] */
export async function certaintyOf(response: Response, x: Float32Array): Promise<Certainty> {
  const k = response.outputs;
  const z = await logitsOf(response, x);
  const rows = z.length / k;
  const scratch = new Float32Array(z.length);
  const top = new Int32Array(rows);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    total += entropy(z, row * k, k, scratch);
    top[row] = argMax(z, row * k, k);
  }
  const v = await logitResponse(response, x, await signs(response, x, top, crossEntropy));
  const { density, susceptibility, value } = prefactor(z, v, k);
  return {
    entropy: total / rows,
    medianDifference: differencesOf(z, k, 1)[0]!.sort()[Math.floor(rows / 2)]!,
    density,
    susceptibility,
    prefactor: value,
  };
}
