import { expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { DecisionAccess } from '../../core/victim.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { drawnRehearsal } from '../support/ready-attack.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import type { ReferenceNetwork } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/* An action that an adversary names, forced on a fixed network at a fixed input, against a second search in float64; to 1e-5. */

const size = 9;
const epsilon = [0.05, 0.03, 0, 0.05, 0.05, 0.00048, 0.2, 0.05, 0.1].map((v) => Math.fround(3 * v));
const x = Float32Array.from([0.31, 0.62, 0.5, 0.001, 0.999, 0.4, 0.75, 0.12, 0.88]);
const steps = 8;
const most = 0.78125;
type Kind = 'categorical' | 'squashed-gaussian' | 'deterministic';

/** What an attack shows whose adversary always names the same action, −1 the lowest … 1 the highest. */
function shownFor(choice: number, network: ReferenceNetwork, kind: Kind): Float32Array {
  const victim = referenceVictim(network, heads[kind]);
  const adversary: DecisionAccess = {
    observationSize: size,
    actionSize: 1,
    decide: (_x, _rows, action) => action.set([choice]),
  };
  const attack = attacks['action-adversary'].make({ policy: 'fixed', steps });
  for (const _ of attack.prepare!({ ...drawnRehearsal(victim), policy: () => adversary }));
  const out = new Float32Array(size);
  attack.perturb(x, 1, victim as never, contextOf(x, threatOf(epsilon), [rng(1)]), out);
  return out;
}

function outputs({ weights, biases }: ReferenceNetwork, input: readonly number[]): number[] {
  let before = [...input];
  weights.forEach((weight, layer) => {
    const sums = biases[layer]!.map((bias, o) => before.reduce((sum, v, i) => sum + v * weight[i]![o]!, bias));
    before = layer === weights.length - 1 ? sums : sums.map(Math.tanh);
  });
  return before;
}

/** Another search for the point whose action is nearest to the one wanted; and how far off the clean action and that of the point are. */
function forced(wanted: number, network: ReferenceNetwork, kind: Kind) {
  const bins = heads.categorical.values;
  const decided = (at: readonly number[]): number => {
    const z = outputs(network, at);
    if (kind === 'categorical') return bins[z.indexOf(Math.max(...z))]!;
    return kind === 'deterministic' ? Math.min(most, Math.max(-most, z[0]!)) : most * Math.tanh(z[0]!);
  };
  const leaning = (at: readonly number[]): number => {
    const z = outputs(network, at);
    if (kind !== 'categorical') return z[0]!;
    const weights = z.map((v) => Math.exp(v - Math.max(...z)));
    return weights.reduce((sum, w, i) => sum + w * bins[i]!, 0) / weights.reduce((sum, w) => sum + w, 0);
  };
  const slope = (at: readonly number[], j: number): number => {
    const moved = (by: number): number => leaning(at.with(j, at[j]! + by));
    return moved(1e-6) - moved(-1e-6);
  };
  const clean = [...x];
  /** Every point on the way to one side. */
  const way = (side: -1 | 1): number[][] => {
    const points = [clean];
    for (let k = 0; k < steps; k++) {
      const rate = 1 + Math.cos((Math.PI * k) / steps);
      const at = points.at(-1)!;
      points.push(
        at.map((v, j) => {
          const to = v + side * rate * epsilon[j]! * Math.sign(slope(at, j));
          return Math.min(1, x[j]! + epsilon[j]!, Math.max(0, x[j]! - epsilon[j]!, to));
        }),
      );
    }
    return points;
  };
  // Whichever side was meant, the outermost actions of all, each where it was first met.
  const met = [...way(-1), ...way(1)];
  const actions = met.map(decided);
  const low = met[actions.indexOf(Math.min(...actions))]!;
  const high = met[actions.indexOf(Math.max(...actions))]!;
  const tried = [clean, low, high];
  let [from, to] = [0, 1];
  for (let k = 0; k < 12; k++) {
    const share = (from + to) / 2;
    const point = low.map((l, j) => l + share * (high[j]! - l));
    tried.push(point);
    if (decided(point) < wanted) from = share;
    else to = share;
  }
  const off = tried.map((point) => Math.abs(decided(point) - wanted));
  return { point: tried[off.indexOf(Math.min(...off))]!, off: Math.min(...off), before: off[0]! };
}

// On networks 11 and 20 of the bins the outermost action to one side is met on the way to the other.
it.each([
  ['categorical', 10],
  ['categorical', 11],
  ['categorical', 20],
  ['categorical', 28],
  ['squashed-gaussian', 1],
  ['squashed-gaussian', 2],
  ['squashed-gaussian', 3],
  ['deterministic', 1],
  ['deterministic', 11],
  ['deterministic', 23],
] as const)(
  'action-adversary: the named action, forced between the outermost two; %s head, network %d',
  (kind, seed) => {
    const network = randomNetwork(rng(seed), [size, 12, headOutputs(heads[kind])], kind === 'categorical' ? 2 : 1);
    let closer = 0;
    for (const choice of [-0.97, -0.41, 0.03, 0.37, 0.83]) {
      const { point, off, before } = forced(choice * most, network, kind);
      if (off < before) closer++;
      const out = shownFor(choice, network, kind);
      point.forEach((v, j) => expect(Math.abs(out[j]! - v), `${choice}, feature ${j}`).toBeLessThan(1e-5));
    }
    expect(closer).toBeGreaterThan(2); // or there was little to find
  },
);
