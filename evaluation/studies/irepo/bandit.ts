import type { Scalar } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { DecisionPolicy, oneDecision } from '../../../logits/preference/decision-policy.ts';
import type { Decisions } from '../../../logits/preference/decision-policy.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';

/** How hard the problem with the known optimum is. */
export interface BanditDifficulty {
  /** Contexts that are learned from. */
  readonly contexts: number;
  /** K, candidate schedules. */
  readonly actions: number;
  /** Hidden layers of the policy. */
  readonly hidden: readonly number[];
  /** τ of the annotators; at 1 their logit is the utility's difference. */
  readonly noise: number;
  /** Share of their answers that are a coin's. */
  readonly lapse: number;
  /** β of the regularised utility. */
  readonly beta: number;
}

/** The decision problem: contexts x ~ N(0, I₁₀), `r*(x) = 1.8 tanh(xW)` [K], and a reference that imitates another, weak rule. */
export interface Bandit extends Disposable {
  readonly difficulty: BanditDifficulty;
  readonly utility: (x: Float32Array, { actions }: Decisions) => number;
  /** r*(x) [K] */
  readonly utilities: (x: Float32Array) => Float64Array;
  readonly train: readonly Float32Array[];
  readonly validation: readonly Float32Array[];
  readonly test: readonly Float32Array[];
  readonly reference: DecisionPolicy<Float32Array>;
}

const inputs = 10;
/** The reference's rule is softened by as much (Gumbel noise on its scores), so that it knows every action. */
const ruleNoise = 1;
const imitation = { steps: 250, batch: 128, learningRate: 5e-3 } as const;

export async function bandit(tf: Tensorflow, difficulty: BanditDifficulty, rng: Rng): Promise<Bandit> {
  const { actions: k, contexts, hidden } = difficulty;
  const weights = (stream: Rng): Float64Array =>
    Float64Array.from({ length: inputs * k }, () => stream.normal() / Math.sqrt(inputs));
  const w = weights(rng.split('utility'));
  const rule = weights(rng.split('rule'));
  const draw = (count: number, stream: Rng): Float32Array[] =>
    Array.from({ length: count }, () => Float32Array.from({ length: inputs }, () => stream.normal()));
  const utilities = (x: Float32Array): Float64Array => scores(x, w, k).map((score) => 1.8 * Math.tanh(score));
  const train = draw(contexts, rng.split('train'));
  const network = createNetwork(mlp([inputs, ...hidden, k], 'tanh'));
  initialise(network, rng.split('reference'), { kind: 'torch-linear' });
  const reference = new DecisionPolicy(tf, network, oneDecision);
  const noise = rng.split('heuristic');
  using training = reference.descent(imitation.learningRate);
  for (let step = 0; step < imitation.steps; step++) {
    const shown = draw(imitation.batch, rng.split('imitation').split(step)).map((x) => ({
      x,
      y: { observations: x, actions: Int32Array.of(heuristic(scores(x, rule, k), noise)) },
    }));
    await training.step(shown, (logProb) => logProb.mean().neg() as Scalar);
  }
  return {
    difficulty,
    utilities,
    utility: (x, { actions }) => utilities(x)[actions[0]!]!,
    train,
    validation: draw(512, rng.split('validation')),
    test: draw(2000, rng.split('test')),
    reference,
    [Symbol.dispose]: () => reference[Symbol.dispose](),
  };
}

/** The rule's choice: the largest score after Gumbel noise, so a draw from its softmax. */
function heuristic(score: Float64Array, rng: Rng): number {
  let best = 0;
  const noisy = score.map((value) => value - ruleNoise * Math.log(-Math.log(1 - rng.uniform())));
  for (let k = 1; k < noisy.length; k++) if (noisy[k]! > noisy[best]!) best = k;
  return best;
}

/** x·W [K] */
function scores(x: Float32Array, weights: Float64Array, k: number): Float64Array {
  const out = new Float64Array(k);
  for (let i = 0; i < x.length; i++) for (let a = 0; a < k; a++) out[a]! += x[i]! * weights[i * k + a]!;
  return out;
}
