import { expect, it } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Rehearsal } from '../../../core/attack.ts';
import { shuffle } from '../../../core/shuffle.ts';
import { createNetwork } from '../../../nn/create-network.ts';
import { initialise } from '../../../nn/initialise.ts';
import { mlp } from '../../../nn/layers.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import type { ReferenceNetwork } from '../../support/reference-victim.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { contextOf, threatOf } from '../../support/threat.ts';

/*
 * The attacks through a learnt critic against second formulations in float64: the critic is learnt once more, its losses differentiated by
 * central differences, and what it makes of a perturbation is climbed likewise; to 1e-5. Only the initial parameters and the order of the
 * rows, which are random draws, are taken as they are.
 */

const size = 9;
const epsilon = [0.05, 0.03, 0, 0.05, 0.05, 0.00048, 0.2, 0.05, 0.1].map((v) => Math.fround(3 * v));
const x = Float32Array.from([0.31, 0.62, 0.5, 0.001, 0.999, 0.4, 0.75, 0.12, 0.88]);
const steps = 16;
const learning = { watch: 40, epochs: 5, width: 4, batch: 8, learningRate: 0.1, gamma: 0.9 };
const robust = { radius: 0.3, smoothness: 2 };
const share = 0.4;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
function standardised(values: readonly number[]): number[] {
  const middle = mean(values);
  const deviation = Math.sqrt(mean(values.map((v) => (v - middle) ** 2)));
  return values.map((v) => (v - middle) / deviation);
}

function slopes(of: (at: readonly number[]) => number, at: readonly number[]): number[] {
  const h = 1e-5;
  const moved = [...at];
  const valueAt = (j: number, to: number): number => {
    moved[j] = to;
    return of(moved);
  };
  return at.map((v, j) => {
    const slope = (valueAt(j, v + h) - valueAt(j, v - h)) / (2 * h);
    moved[j] = v;
    return slope;
  });
}

type Dense = (input: readonly number[]) => number[];

/** tanh between layers, linear at the end. */
const dense =
  ({ weights, biases }: ReferenceNetwork): Dense =>
  (input) =>
    weights.reduce<number[]>(
      (before, weight, layer) => {
        const sums = biases[layer]!.map((bias, o) => bias + sum(before.map((v, i) => v * weight[i]![o]!)));
        return layer === weights.length - 1 ? sums : sums.map(Math.tanh);
      },
      [...input],
    );

/** The critic of parameters θ = W₀ b₀ W₁ b₁ W₂ b₂, W [inputs×outputs], at an input: tanh twice, then linear. */
function critic(theta: readonly number[], input: readonly number[]): number {
  let from = 0;
  let before = input;
  for (const outputs of [learning.width, learning.width, 1]) {
    const bias = from + before.length * outputs;
    const sums: number[] = [];
    for (let o = 0; o < outputs; o++) {
      let total = theta[bias + o]!;
      for (let i = 0; i < before.length; i++) total += before[i]! * theta[from + i * outputs + o]!;
      sums.push(outputs === 1 ? total : Math.tanh(total));
    }
    before = sums;
    from = bias + outputs;
  }
  return before[0]!;
}

function drawnParameters(inputs: number, key: 'q' | 'v', stream: Rng): number[] {
  using network = createNetwork(mlp([inputs, learning.width, learning.width, 1], 'tanh'));
  initialise(network, stream.split(key), { kind: 'torch-linear' });
  const theta = new Float32Array(network.size);
  network.readParameters(theta);
  return [...theta];
}

/** Kingma and Ba (2015), algorithm 1; each call is a step of θ down a loss. */
function adam(theta: number[]): (loss: (theta: readonly number[]) => number) => void {
  const m = theta.map(() => 0);
  const v = theta.map(() => 0);
  let t = 0;
  return (loss) => {
    t++;
    slopes(loss, theta).forEach((g, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * g;
      v[i] = 0.999 * v[i]! + 0.001 * g * g;
      theta[i]! -= (learning.learningRate * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
    });
  };
}

interface Seen {
  readonly x: readonly (readonly number[])[];
  /** [steps][A] on −1 … 1. */
  readonly action: readonly (readonly number[])[];
  readonly reward: readonly number[];
}

/** Calls `learn` with the rows of each minibatch, so many epochs. */
function minibatches(rows: Int32Array, stream: Rng, learn: (rows: readonly number[]) => void): void {
  for (let epoch = 0; epoch < learning.epochs; epoch++) {
    shuffle(rows, stream);
    for (let first = 0; first + learning.batch <= rows.length; first += learning.batch)
      learn([...rows.subarray(first, first + learning.batch)]);
  }
}

/** `Q(x, a) ← r + γ Q̄(x', a')` with `weight · max (Q(x, a ± radius) − Q(x, a))²`. */
function learntQ({ x: seen, action, reward }: Seen, stream: Rng, radius: number, weight: number, shuffled: boolean) {
  const theta = drawnParameters(size + action[0]!.length, 'q', stream);
  const slow = [...theta];
  const step = adam(theta);
  minibatches(Int32Array.from(action.slice(1).keys()), stream.split('order'), (rows) => {
    const targets = rows.map((row, k) => {
      const next = shuffled ? rows[(k + 1) % rows.length]! : row + 1;
      return reward[row]! + learning.gamma * critic(slow, [...seen[next]!, ...action[next]!]);
    });
    const worst = rows.map((row) => {
      const q = (a: readonly number[]): number => critic(theta, [...seen[row]!, ...a]);
      const climb = slopes(q, action[row]!);
      const [below, above] = [-radius, radius].map((by) => action[row]!.map((a, b) => a + by * Math.sign(climb[b]!)));
      const gap = (a: readonly number[]): number => (q(a) - q(action[row]!)) ** 2;
      return gap(below!) > gap(above!) ? below! : above!;
    });
    step((at) =>
      mean(
        rows.map((row, k) => {
          const q = critic(at, [...seen[row]!, ...action[row]!]);
          const smooth = weight === 0 ? 0 : weight * (critic(at, [...seen[row]!, ...worst[k]!]) - q) ** 2;
          return (q - targets[k]!) ** 2 + smooth;
        }),
      ),
    );
    theta.forEach((value, i) => (slow[i]! += 0.02 * (value - slow[i]!)));
  });
  return (at: readonly number[], a: readonly number[]): number => critic(theta, [...at, ...a]);
}

/** V fitted to the standardised returns, nothing being known after the last row. */
function learntV({ x: seen, reward }: Seen, stream: Rng): (at: readonly number[]) => number {
  const theta = drawnParameters(size, 'v', stream);
  const step = adam(theta);
  const returns = standardised(
    reward.map((_, t) => sum(reward.slice(t).map((value, k) => learning.gamma ** k * value))),
  );
  minibatches(Int32Array.from(reward.keys()), stream.split('order'), (rows) =>
    step((at) => mean(rows.map((row) => (critic(at, seen[row]!) - returns[row]!) ** 2))),
  );
  return (at) => critic(theta, at);
}

const softmax = (z: readonly number[]): number[] => {
  const e = z.map((v) => Math.exp(v - Math.max(...z)));
  return e.map((v) => v / sum(e));
};

/** Sign ascent from the clean point with cosine steps, the best of all points. */
function climbed(value: (at: readonly number[]) => number): readonly number[] {
  let at = [...x];
  let best = { point: at, value: value(at) };
  for (let k = 0; k < steps; k++) {
    const g = slopes(value, at);
    const rate = 1 + Math.cos((Math.PI * k) / steps);
    at = at.map((v, j) => {
      const to = v + rate * epsilon[j]! * Math.sign(g[j]!);
      return Math.min(1, x[j]! + epsilon[j]!, Math.max(0, x[j]! - epsilon[j]!, to));
    });
    if (value(at) > best.value) best = { point: at, value: value(at) };
  }
  return best.point;
}

const names = ['critic', 'min-q', 'robust-sarsa', 'robust-sarsa-shuffled', 'rs-mad'] as const;
type CriticAttack = (typeof names)[number];
type Kind = keyof typeof victimHeads;
const victimHeads = {
  bins: heads.categorical,
  pair: { kind: 'squashed-gaussian', low: [-0.78125, -0.78125], high: [0.78125, 0.78125] },
} as const;

/** What an attack maximises once it has learnt, of the observation shown. */
function objectiveOf(
  name: CriticAttack,
  network: ReferenceNetwork,
  kind: Kind,
  rehearsal: Rehearsal,
): (at: readonly number[]) => number {
  const { observation, action, reward } = rehearsal.record(learning.watch);
  const actions = rehearsal.victim.actionSize;
  const most = 0.78125;
  const seen: Seen = {
    x: Array.from({ length: learning.watch }, (_, t) => [...observation.subarray(t * size, (t + 1) * size)]),
    action: Array.from({ length: learning.watch }, (_, t) =>
      [...action.subarray(t * actions, (t + 1) * actions)].map((a) => a / most),
    ),
    reward: standardised([...reward]),
  };
  if (name === 'critic') {
    const v = learntV(seen, rehearsal.rng);
    return (at) => -v(at);
  }
  const q = learntQ(
    seen,
    rehearsal.rng,
    robust.radius,
    name === 'min-q' ? 0 : robust.smoothness,
    name === 'robust-sarsa-shuffled',
  );
  const z = dense(network);
  const bins = victimHeads.bins.values.map((a) => [a / most]);
  const unliked = (at: readonly number[]): number =>
    kind === 'bins'
      ? -sum(softmax(z(at)).map((p, i) => p * q([...x], bins[i]!)))
      : -q([...x], z(at).slice(0, actions).map(Math.tanh));
  if (name !== 'rs-mad') return unliked;
  const apart = (one: readonly number[], other: readonly number[]): number => {
    if (kind === 'pair') {
      const [p, r] = [z(one), z(other)];
      return sum([0, 1].map((b) => ((p[b]! - r[b]!) / Math.exp(Math.min(2, p[2 + b]!))) ** 2 / 2));
    }
    const [p, r] = [softmax(z(one)), softmax(z(other))];
    return sum(p.map((value, i) => value * Math.log(value / r[i]!)));
  };
  const pairs = seen.x.slice(1).map((_, t) => t);
  const divergence = mean(pairs.map((t) => apart(seen.x[t]!, seen.x[t + 1]!)));
  const spread = mean(
    pairs.map((t) => Math.abs(q(seen.x[t + 1]!, seen.action[t + 1]!) - q(seen.x[t]!, seen.action[t]!))),
  );
  return (at) => (share * unliked(at)) / spread + ((1 - share) * apart([...x], at)) / divergence;
}

/** What the attack shows. */
function shown(name: CriticAttack, rehearsal: Rehearsal): Float32Array {
  const attack = attacks[name].make({
    ...learning,
    steps,
    ...(name === 'critic' || name === 'min-q' ? {} : robust),
    ...(name === 'rs-mad' ? { share } : {}),
  });
  for (const _ of attack.prepare!(rehearsal));
  const out = new Float32Array(size);
  attack.perturb(x, 1, rehearsal.victim as never, contextOf(x, threatOf(epsilon), [rng(1)]), out);
  attack.dispose?.();
  return out;
}

/*
 * On these networks the attacks part, or nothing would tell their critics apart: so many of the five points are different ones. Not networks 6 and 9
 * on bins: there points up to 0.03 apart differ in value by 2e-8, which is rounding of float32.
 */
it.each([
  ['bins', 5, 5],
  ['bins', 7, 4],
  ['bins', 8, 4],
  ['pair', 1, 4],
  ['pair', 3, 5],
] as const)('what is learnt is climbed to one point by both; %s, network %d', (kind, seed, different) => {
  const head = victimHeads[kind];
  const network = randomNetwork(rng(seed), [size, 12, headOutputs(head)], kind === 'bins' ? 3 : 1.5);
  const points = names.map((name) => {
    const rehearsal = drawnRehearsal(referenceVictim(network, head), seed);
    const expected = climbed(objectiveOf(name, network, kind, rehearsal));
    const out = shown(name, rehearsal);
    expected.forEach((v, j) => expect(Math.abs(out[j]! - v), `${name}, feature ${j}`).toBeLessThan(1e-5));
    return expected.map((v) => v.toFixed(3)).join(' ');
  });
  expect(new Set(points).size).toBe(different);
});
