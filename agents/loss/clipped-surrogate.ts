import { logSoftmax } from '../../logits/log-softmax.ts';

/** Means over a minibatch. */
export interface SurrogateStats {
  readonly loss: number;
  readonly entropy: number;
  /** Schulman's estimate of KL(old ‖ new), `mean((r − 1) − log r)`. */
  readonly kl: number;
  readonly clipped: number;
}

/**
 * PPO's clipped surrogate with entropy bonus for a categorical policy, and its gradient.
 *
 * `L = −mean min(rÂ, clip(r, 1−c, 1+c)·Â) − e·mean H`, `r = π(a|x)/π_old(a|x)`;
 * `∂/∂z_k = (−Â·r·[not clipped]·(1[k=a] − p_k) + e·p_k·(log p_k + H)) / rows`.
 *
 * Source: Schulman et al. (2017), "Proximal Policy Optimization Algorithms", eq. 7 and 9.
 * @param logits [rows×K], overwritten with log-probabilities  @param gradient [rows×K] ∂L/∂logits
 */
export function clippedSurrogate(
  logits: Float32Array,
  rows: number,
  bins: number,
  action: Int32Array,
  oldLogProb: Float32Array,
  advantage: Float32Array,
  clip: number,
  entropyCoefficient: number,
  gradient: Float32Array,
): SurrogateStats {
  let loss = 0;
  let entropySum = 0;
  let kl = 0;
  let clipped = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * bins;
    logSoftmax(logits, at, bins, logits);
    const chosen = at + action[row]!;
    const logRatio = logits[chosen]! - oldLogProb[row]!;
    const ratio = Math.exp(logRatio);
    const a = advantage[row]!;
    const bounded = Math.min(1 + clip, Math.max(1 - clip, ratio)) * a;
    const free = ratio * a <= bounded;
    let entropy = 0;
    for (let i = at; i < at + bins; i++) entropy -= Math.exp(logits[i]!) * logits[i]!;
    const slope = free ? -ratio * a : 0;
    for (let i = at; i < at + bins; i++) {
      const p = Math.exp(logits[i]!);
      gradient[i] = ((i === chosen ? slope : 0) - slope * p + entropyCoefficient * p * (logits[i]! + entropy)) / rows;
    }
    loss -= Math.min(ratio * a, bounded);
    entropySum += entropy;
    kl += ratio - 1 - logRatio;
    if (Math.abs(ratio - 1) > clip) clipped++;
  }
  return {
    loss: loss / rows - (entropyCoefficient * entropySum) / rows,
    entropy: entropySum / rows,
    kl: kl / rows,
    clipped: clipped / rows,
  };
}
