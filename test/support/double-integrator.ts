import type { Recording, Rehearsal } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { Rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { plainFeatures } from './threat.ts';

/**
 * A double integrator `p' = p + h v`, `v' = v + h a` with reward `−(p² + 0.1 v² + 0.1 a²)`, driven by `a = −k₁ p − k₂ v`; observed on 0…1 for
 * −2…2. With a linear policy and a quadratic cost its Q function is known.
 */
const h = 0.2;
const gains = [0.6, 1.0] as const; // well below the optimal ones, so that the critic has something to say
const reach = 2;
export const integratorHead: Head = { kind: 'gaussian', low: [-reach], high: [reach] };
const range = 2;

const seen = (state: number): number => (state + range) / (2 * range);
const state = (observed: number): number => 2 * range * observed - range;

/** The policy as a linear network would have it: a mean on 0…1 of the observation. */
export function integratorVictim(): GradientAccess {
  // (a + reach) / (2 reach) with a = −k·s, s = 4x − 2
  const weight = gains.map((k) => (-k * 2 * range) / (2 * reach));
  const bias = 0.5 + (gains.reduce((sum, k) => sum + k, 0) * range) / (2 * reach);
  const mean = (x: Float32Array, r: number): number => weight[0]! * x[2 * r]! + weight[1]! * x[2 * r + 1]! + bias;
  const victim: GradientAccess = {
    head: integratorHead,
    observationSize: 2,
    actionSize: 1,
    logitsSize: 1,
    logits(x, rows, out) {
      for (let r = 0; r < rows; r++) out[r] = mean(x, r);
    },
    decide(x, rows, action) {
      for (let r = 0; r < rows; r++) action[r] = Math.min(1, Math.max(0, mean(x, r))) * 2 * reach - reach;
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const z = new Float32Array(rows);
      const slope = new Float32Array(rows);
      victim.logits(x, rows, z);
      objective.evaluate(integratorHead, z, goal, rows, value, slope);
      for (let r = 0; r < rows; r++) for (const j of [0, 1] as const) gradient[2 * r + j] = slope[r]! * weight[j]!;
    },
  };
  return victim;
}

/** One step of the plant: the next state and the reward. */
export function integrate(p: number, v: number, a: number): readonly [number, number, number] {
  return [p + h * v, v + h * a, -(p * p + 0.1 * v * v + 0.1 * a * a)];
}

/** Episodes that the clock ends after 40 steps, from random states, noise on the actions. */
export function recordIntegrator(lanes: number, steps: number, noise: number, stream: Rng): Recording {
  const victim = integratorVictim();
  const observation = new Float32Array((steps + 1) * lanes * 2);
  const action = new Float64Array(steps * lanes);
  const reward = new Float64Array(steps * lanes);
  const truncated = new Uint8Array(steps * lanes);
  const states = Array.from({ length: lanes }, () => [0, 0] as [number, number]);
  const begin = (s: [number, number]): void => {
    s[0] = 2 * stream.uniform() - 1;
    s[1] = 2 * stream.uniform() - 1;
  };
  states.forEach(begin);
  const show = (t: number): void => {
    states.forEach(([p, v], n) => observation.set([seen(p), seen(v)], 2 * (t * lanes + n)));
  };
  show(0);
  for (let t = 0; t < steps; t++) {
    const decided = new Float64Array(lanes);
    victim.decide(observation.subarray(2 * t * lanes, 2 * (t + 1) * lanes), lanes, decided);
    states.forEach((s, n) => {
      const at = t * lanes + n;
      const a = Math.min(reach, Math.max(-reach, decided[n]! + noise * reach * stream.normal()));
      const [p, v, r] = integrate(s[0], s[1], a);
      action[at] = a;
      reward[at] = r;
      truncated[at] = (t + 1) % 40 === 0 ? 1 : 0;
      s[0] = p;
      s[1] = v;
      if (truncated[at] === 1) begin(s);
    });
    show(t + 1);
  }
  return { lanes, steps, observation, action, reward, terminated: new Uint8Array(steps * lanes), truncated };
}

/** What an attack on the integrator may learn from. */
export function integratorRehearsal(seed: number): Rehearsal {
  return {
    features: plainFeatures(2),
    victim: integratorVictim(),
    rng: rng(seed).split('rehearsal'),
    stepsPerDay: 24,
    record: (steps, exploration = 0) => recordIntegrator(8, steps, exploration, rng(seed).split('plant')),
    policy: () => integratorVictim(),
  };
}

/** The true `∂Q/∂a` at the policy's own action, by rolling the plant out in float64: endless, discounted by γ. @param x [2] */
export function trueSlope(x: Float32Array, gamma: number): number {
  const [p0, v0] = [state(x[0]!), state(x[1]!)];
  const a0 = -gains[0] * p0 - gains[1] * v0;
  return (trueReturn(p0, v0, a0 + 0.01, gamma) - trueReturn(p0, v0, a0 - 0.01, gamma)) / 0.02;
}

/** What the worst action costs: `Q(x, μ(x)) − min_a Q(x, a)` over nine actions of the range. @param x [2] */
export function trueDamage(x: Float32Array, gamma: number): number {
  const [p0, v0] = [state(x[0]!), state(x[1]!)];
  const a0 = Math.min(reach, Math.max(-reach, -gains[0] * p0 - gains[1] * v0));
  const own = trueReturn(p0, v0, a0, gamma);
  const others = Array.from({ length: 9 }, (_, k) => trueReturn(p0, v0, reach * (k / 4 - 1), gamma));
  return own - Math.min(own, ...others);
}

/** What this action costs beside the policy's own: `Q(x, μ(x)) − Q(x, a)`. @param x [2] */
export function trueCost(x: Float32Array, a: number, gamma: number): number {
  const [p0, v0] = [state(x[0]!), state(x[1]!)];
  const a0 = Math.min(reach, Math.max(-reach, -gains[0] * p0 - gains[1] * v0));
  return trueReturn(p0, v0, a0, gamma) - trueReturn(p0, v0, a, gamma);
}

/** The discounted return of one action, and the policy's after it, in float64. */
function trueReturn(p0: number, v0: number, a0: number, gamma: number): number {
  let [p, v, total] = [p0, v0, 0];
  for (let t = 0, weight = 1; t < 400; t++, weight *= gamma) {
    const [nextP, nextV, r] = integrate(p, v, t === 0 ? a0 : -gains[0] * p - gains[1] * v);
    total += weight * r;
    [p, v] = [nextP, nextV];
  }
  return total;
}

/** The return of 40 steps from random states while `attack` [2] changes what the policy sees. */
export function attackedReturn(attack: (x: Float32Array, out: Float32Array) => void, seed: number): number {
  const stream = rng(seed).split('attacked');
  const victim = integratorVictim();
  const out = new Float32Array(2);
  const action = new Float64Array(1);
  let total = 0;
  const episodes = 20;
  for (let e = 0; e < episodes; e++) {
    let [p, v] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
    for (let t = 0; t < 40; t++) {
      attack(Float32Array.of(seen(p), seen(v)), out);
      victim.decide(out, 1, action);
      const [nextP, nextV, r] = integrate(p, v, action[0]!);
      total += r;
      [p, v] = [nextP, nextV];
    }
  }
  return total / episodes;
}
