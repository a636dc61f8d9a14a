type Floats = Float32Array | Float64Array;

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/**
 * Log-density and entropy of independent normal components.
 *
 * `log π(a|x) = Σ_j −(aⱼ − μⱼ)²/(2sⱼ²) − log sⱼ − ½ log 2π`, `H = Σ_j ½ + ½ log 2π + log sⱼ`, in nats.
 * @param mean, deviation, action [rows×A]  @param logProb, entropy [rows]
 */
export function gaussianLogProb(
  mean: Floats,
  deviation: Float64Array,
  action: Floats,
  rows: number,
  actions: number,
  logProb: Float64Array,
  entropy: Float64Array,
): void {
  for (let row = 0, at = 0; row < rows; row++) {
    let density = 0;
    let spread = 0;
    for (let j = 0; j < actions; j++, at++) {
      const standard = (action[at]! - mean[at]!) / deviation[at]!;
      const logDeviation = Math.log(deviation[at]!);
      density -= 0.5 * standard * standard + logDeviation + halfLogTwoPi;
      spread += 0.5 + halfLogTwoPi + logDeviation;
    }
    logProb[row] = density;
    entropy[row] = spread;
  }
}

/**
 * Gradient of `L = Σ_rows (slope·log π(a|x) − e·H) / rows`.
 *
 * `∂log π/∂μ = (a − μ)/s²`, `∂log π/∂log s = (a − μ)²/s² − 1`, `∂H/∂log s = 1`.
 * @param slope [rows] ∂(rows·L)/∂log π  @param dMean, dLogDeviation [rows×A]
 */
export function gaussianGradient(
  mean: Floats,
  deviation: Float64Array,
  action: Floats,
  rows: number,
  actions: number,
  slope: Float64Array,
  entropyCoefficient: number,
  dMean: Floats,
  dLogDeviation: Float64Array,
): void {
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < actions; j++, at++) {
      const standard = (action[at]! - mean[at]!) / deviation[at]!;
      dMean[at] = (slope[row]! * standard) / deviation[at]! / rows;
      dLogDeviation[at] = (slope[row]! * (standard * standard - 1) - entropyCoefficient) / rows;
    }
  }
}
