import { logSoftmax } from '../log-softmax.ts';
import { largestKurtosis } from '../tensor/confidence-factor.ts';

/** A head that was trained, and how its bias counts. */
export interface TrainedBias {
  /** W₁ [D×C] */
  readonly head: Float32Array;
  /** α */
  readonly alpha: number;
  readonly uncertainty: 'kurtosis' | 'none';
  /** ρ */
  readonly power: number;
}

/** A smaller standard deviation of a row's auxiliary logits counts as this one, as in `standardize`; a shorter row of features as in `unitRows`. */
const [leastDeviation, leastNorm] = [1e-6, 1e-12];

/** What a row's bias is made of. */
interface Bias {
  /** f₁ at length 1 [D], and the length it had. */
  readonly unit: Float64Array;
  readonly norm: number;
  /** b [C], and the deviation it was divided by. */
  readonly b: Float64Array;
  readonly deviation: number;
}

/** The weight `α·u(z₀)` of a row's bias, and its slope by z₀ [C]. */
interface Weight {
  readonly value: number;
  readonly slope: Float64Array;
}

/**
 * `z = z₀ + α·u(z₀)·b`, b = standardize(f₁·W₁), on one row, with its slopes by z₀ and by the features: `fuse` and `logitBias` on typed arrays, in
 * float64 within the row.
 * Source: AMU-Tuning (arXiv 2404.08958).
 */
export class RowBias {
  readonly #trained: TrainedBias;
  readonly #width: number;
  readonly #k: number;

  /** @param width D  @param k C */
  constructor(trained: TrainedBias, width: number, k: number) {
    this.#trained = trained;
    this.#width = width;
    this.#k = k;
  }

  /** @param z0, out [rows×C], row at `at`  @param f features [rows×D] as the encoder gives them, row at `fAt` */
  value(z0: Float32Array, at: number, f: Float32Array, fAt: number, out: Float32Array): void {
    const { b } = this.#bias(f, fAt);
    const { value } = this.#weight(z0, at);
    for (let c = 0; c < this.#k; c++) out[at + c] = z0[at + c]! + value * b[c]!;
  }

  /** Adds ∂/∂z₀ and ∂/∂f of `Σ dOut z`. */
  slope(
    z0: Float32Array,
    at: number,
    f: Float32Array,
    fAt: number,
    dOut: Float32Array,
    dZ0: Float32Array,
    dF: Float32Array,
  ): void {
    const k = this.#k;
    const { unit, norm, b, deviation } = this.#bias(f, fAt);
    const weight = this.#weight(z0, at);
    let [along, total, ofWeight] = [0, 0, 0];
    for (let c = 0; c < k; c++) {
      const g = weight.value * dOut[at + c]!;
      total += g;
      along += g * b[c]!;
      ofWeight += dOut[at + c]! * b[c]!;
    }
    for (let c = 0; c < k; c++) dZ0[at + c]! += dOut[at + c]! + ofWeight * weight.slope[c]!;
    const { head } = this.#trained;
    const free = deviation > leastDeviation ? 1 : 0;
    const scale = Math.max(deviation, leastDeviation);
    const dUnit = new Float64Array(this.#width);
    for (let c = 0; c < k; c++) {
      const g = weight.value * dOut[at + c]!;
      const dA = (g - total / k - (free * b[c]! * along) / (k - 1)) / scale;
      for (let d = 0; d < this.#width; d++) dUnit[d]! += dA * head[d * k + c]!;
    }
    const radial = norm > leastNorm ? dUnit.reduce((sum, value, d) => sum + value * unit[d]!, 0) : 0;
    for (let d = 0; d < this.#width; d++) dF[fAt + d]! += (dUnit[d]! - radial * unit[d]!) / Math.max(norm, leastNorm);
  }

  #bias(f: Float32Array, fAt: number): Bias {
    const k = this.#k;
    let squares = 0;
    for (let d = 0; d < this.#width; d++) squares += f[fAt + d]! ** 2;
    const norm = Math.sqrt(squares);
    const unit = Float64Array.from({ length: this.#width }, (_, d) => f[fAt + d]! / Math.max(norm, leastNorm));
    const b = new Float64Array(k);
    const { head } = this.#trained;
    unit.forEach((value, d) => {
      for (let c = 0; c < k; c++) b[c]! += value * head[d * k + c]!;
    });
    const { deviation } = standardized(b, leastDeviation);
    return { unit, norm, b, deviation };
  }

  /** `u = (κ(softmax z₀)/κ₀)^−ρ`, κ₀ = κ_max(C)/4; `dκ/dp_j = 4/(C s)·(t_j³ − mean t³ − t_j Σ t⁴/(C − 1))` of the z-scores t. */
  #weight(z0: Float32Array, at: number): Weight {
    const k = this.#k;
    const { alpha, uncertainty, power } = this.#trained;
    const slope = new Float64Array(k);
    if (uncertainty === 'none') return { value: alpha, slope };
    const p = Float64Array.from({ length: k }, (_, c) => z0[at + c]!);
    logSoftmax(p, 0, k, p);
    for (let c = 0; c < k; c++) p[c] = Math.exp(p[c]!);
    const t = p.slice();
    const { deviation } = standardized(t, 1e-12);
    const fourth = t.reduce((sum, value) => sum + value ** 4, 0);
    const kappa = fourth / k;
    const least = ((k - 1) / k) ** 2;
    const value = alpha * (Math.max(kappa, least) / (largestKurtosis(k) / 4)) ** -power;
    if (kappa > least && deviation > 0) {
      const third = t.reduce((sum, value) => sum + value ** 3, 0) / k;
      const dP = t.map(
        (own) => ((4 / (k * deviation)) * (own ** 3 - third - (own * fourth) / (k - 1)) * -power * value) / kappa,
      );
      const mean = dP.reduce((sum, own, c) => sum + own * p[c]!, 0);
      for (let c = 0; c < k; c++) slope[c] = p[c]! * (dP[c]! - mean);
    }
    return { value, slope };
  }
}

/** z-scores of a row in place, std unbiased and at least `floor`; returns what std was. */
function standardized(row: Float64Array, floor: number): { readonly deviation: number } {
  const k = row.length;
  const mean = row.reduce((sum, value) => sum + value, 0) / k;
  const deviation = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (k - 1));
  for (let c = 0; c < k; c++) row[c] = (row[c]! - mean) / Math.max(deviation, floor);
  return { deviation };
}
