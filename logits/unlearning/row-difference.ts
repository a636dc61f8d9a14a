import { logSoftmax } from '../log-softmax.ts';
import type { DifferenceOptions } from './difference.ts';

/**
 * `logitDifference` on one row: `l_f = l − α·l_a` on the alternatives that the target finds probable enough, l on the others; and its slopes.
 * Which these are is a constant of the gradient.
 * @param k K
 */
export class RowDifference {
  readonly #alpha: number;
  readonly #rate: number;
  readonly #logP: Float64Array;

  constructor({ alpha, filterRate }: Omit<DifferenceOptions, 'exclude'>, k: number) {
    this.#alpha = alpha;
    this.#rate = filterRate;
    this.#logP = new Float64Array(k);
  }

  /** @param z, za, out [rows×K], row at `at` */
  value(z: Float32Array, za: Float32Array, at: number, out: Float32Array): void {
    const least = this.#least(z, at);
    this.#logP.forEach((logP, a) => {
      out[at + a] = logP < least ? z[at + a]! : z[at + a]! - this.#alpha * za[at + a]!;
    });
  }

  /** Adds ∂/∂l and ∂/∂l_a of `Σ dOut l_f`. */
  slope(z: Float32Array, at: number, dOut: Float32Array, dZ: Float32Array, dZa: Float32Array): void {
    const least = this.#least(z, at);
    this.#logP.forEach((logP, a) => {
      dZ[at + a]! += dOut[at + a]!;
      if (logP >= least) dZa[at + a]! -= this.#alpha * dOut[at + a]!;
    });
  }

  /** `min(max log p + ln rate, log p_(m))`, m = max(1, ⌊rate·K⌋). */
  #least(z: Float32Array, at: number): number {
    const k = this.#logP.length;
    for (let a = 0; a < k; a++) this.#logP[a] = z[at + a]!;
    logSoftmax(this.#logP, 0, k, this.#logP);
    const sorted = this.#logP.toSorted();
    const kept = Math.max(1, Math.floor(this.#rate * k));
    return Math.min(sorted[k - 1]! + Math.log(this.#rate), sorted[k - kept]!);
  }
}
