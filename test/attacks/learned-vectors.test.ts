import { expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { DecisionAccess, GradientAccess, Objective } from '../../core/victim.ts';
import { drawnRehearsal } from '../support/ready-attack.ts';
import { askOf } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/* Attacks that learn first, step by step against second formulations in float64, once what they have learnt is fixed; to 1e-5. */

const size = 9;
const epsilon = [0.05, 0.03, 0, 0.05, 0.05, 0.00048, 0.2, 0.05, 0.1].map(Math.fround);
const threat = threatOf(epsilon);
const x = Float32Array.from([0.31, 0.62, 0.5, 0.001, 0.999, 0.4, 0.75, 0.12, 0.88]);
const clipped = (to: readonly number[], around: readonly number[] = [...x]): number[] =>
  to.map((v, j) => Math.min(1, around[j]! + epsilon[j]!, Math.max(0, around[j]! - epsilon[j]!, v)));

/** What an attack whose adversary always chooses the same shows. */
function shownFor(
  name: 'learned-adversary' | 'pa-ad',
  options: object,
  choice: readonly number[],
  victim: GradientAccess,
) {
  const adversary: DecisionAccess = {
    observationSize: size,
    actionSize: choice.length,
    decide: (_x, _rows, action) => action.set(choice),
  };
  const attack = attacks[name].make({ policy: 'fixed', ...options });
  for (const _ of attack.prepare!({ ...drawnRehearsal(victim), policy: () => adversary }));
  const out = new Float32Array(size);
  attack.perturb(x, 1, victim as never, contextOf(x, threat, [rng(1)]), out);
  return out;
}
const expectClose = (out: Float32Array, expected: readonly number[], title = ''): void =>
  out.forEach((v, j) => expect(Math.abs(v - expected[j]!), `${title} feature ${j}`).toBeLessThan(1e-5));

it('a learned adversary shows Π(x + ε ⊙ δ), δ for the features that may move', () => {
  const victim = referenceVictim(randomNetwork(rng(1), [size, 20]), heads.categorical);
  const delta = [0.5, -1, 0.25, 1, -0.75, 0.1, -0.3, 1];
  const all = [...delta.slice(0, 2), 0, ...delta.slice(2)];
  expectClose(shownFor('learned-adversary', {}, delta, victim), clipped(all.map((d, j) => x[j]! + epsilon[j]! * d)));
});

it.each([1, 2, 3, 4])(
  'PA-AD climbs cos(Δ, d) + ‖Δ‖ by signs, Δ the change of the probabilities; network %d',
  (seed) => {
    const victim = referenceVictim(
      randomNetwork(rng(seed), [size, 12, headOutputs(heads.categorical)], 3),
      heads.categorical,
    );
    const stream = rng(seed).split('direction');
    const first = Array.from({ length: 19 }, () => stream.normal());
    const d = [...first, -first.reduce((sum, v) => sum + v, 0)];
    const softmax = (z: readonly number[]): number[] => {
      const e = z.map((v) => Math.exp(v - Math.max(...z)));
      return e.map((v) => v / e.reduce((sum, w) => sum + w, 0));
    };
    /** Its slopes by the logits are central differences. */
    const pushed: Objective = {
      name: 'pushed',
      check() {},
      evaluate(_head, logits, { clean }, _rows, value, gradient) {
        const before = softmax([...clean]);
        const still = logits.every((z, k) => z === clean[k]);
        const of = (z: readonly number[]): number => {
          const change = softmax(z).map((p, k) => p - before[k]!);
          const along = change.reduce((sum, v, k) => sum + v * d[k]!, 0) / Math.hypot(...d);
          return still ? along : along / Math.hypot(...change) + Math.hypot(...change);
        };
        const z = [...logits];
        value[0] = of(z);
        const moved = (k: number, by: number): number => of(z.map((v, i) => (i === k ? v + by : v)));
        for (let k = 0; k < z.length; k++) gradient[k] = (moved(k, 1e-4) - moved(k, -1e-4)) / 2e-4;
      },
    };
    const ask = askOf(victim, pushed, x);
    let at: number[] = [...x];
    let best = { point: at, value: -Infinity };
    for (let k = 0; k <= 8; k++) {
      const { value, gradient } = ask([at]);
      if (k > 0 && value[0]! > best.value) best = { point: at, value: value[0]! };
      const rate = 1 + Math.cos((Math.PI * k) / 8);
      at = clipped(at.map((v, j) => v + rate * epsilon[j]! * Math.sign(gradient[0]![j]!)));
    }
    expectClose(shownFor('pa-ad', { steps: 8 }, first, victim), best.point);
  },
);

it.each([1, 2, 3, 4])(
  'universal: one bias by the signs of the summed gradients, each at length 1 in L1; network %d',
  (seed) => {
    const head = heads['squashed-gaussian'];
    const victim = referenceVictim(randomNetwork(rng(seed), [size, 12, headOutputs(head)], 3), head);
    const rehearsal = drawnRehearsal(victim);
    const steps = 12;
    const attack = attacks.universal.make({ objective: 'grouped-margin', target: 'charge', record: 20, steps });
    if (attack.access !== 'none') throw new Error(attack.access);
    for (const _ of attack.prepare!(rehearsal));
    const out = new Float32Array(size);
    attack.perturb(x, 1, victim, contextOf(x, threat, [rng(1)], 2), out);

    const { observation } = rehearsal.record(20);
    const even = Array.from({ length: 10 }, (_, k) => [...observation.subarray(2 * k * size, (2 * k + 1) * size)]);
    const ask = askOf(victim, objectives['grouped-margin'], Float32Array.from(even.flat()), 1);
    const biased = (row: readonly number[], bias: readonly number[]): number[] =>
      clipped(
        row.map((v, j) => v + epsilon[j]! * bias[j]!),
        row,
      );
    let bias: number[] = epsilon.map((_, j) => (j % 2 === 0 ? 1e-3 : -1e-3));
    let best = { bias, value: -Infinity };
    for (let k = 0; k < steps; k++) {
      const { value, gradient } = ask(even.map((row) => biased(row, bias)));
      const mean = value.reduce((sum, v) => sum + v, 0) / value.length;
      if (mean > best.value) best = { bias, value: mean };
      const units = gradient.map((g) => g.map((v, j) => v * epsilon[j]!));
      const length = units.map((u) => u.reduce((sum, v) => sum + Math.abs(v), 0));
      const rate = (1 + Math.cos((Math.PI * k) / steps)) / 4;
      bias = bias.map((v, j) => {
        const sum = units.reduce((total, u, t) => total + u[j]! / length[t]!, 0);
        return Math.min(1, Math.max(-1, v + rate * Math.sign(sum)));
      });
    }
    expectClose(out, biased([...x], best.bias));
  },
);
