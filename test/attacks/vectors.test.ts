import { expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ThreatModel } from '../../core/attack.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import type { Ask } from '../support/reference-search.ts';
import { askOf, referenceAcg, referenceApgd } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/* Each attack on a fixed network and input against a second formulation of it, in plain float64 from its paper, to 1e-5. */

const size = 9;
const epsilon = [0.05, 0.03, 0, 0.05, 0.05, 0.00048, 0.2, 0.05, 0.1];
const x = Float32Array.from([0.31, 0.62, 0.5, 0.001, 0.999, 0.4, 0.75, 0.12, 0.88]);
const steps = 24;

/** `x' = clip(x + move(k, x', g))`, the last point. */
function iterate(
  ask: Ask,
  threat: ThreatModel,
  move: (k: number, gradient: readonly number[], at: readonly number[]) => number[],
  count = steps,
  look: (at: readonly number[]) => number[] = (at) => [...at],
): number[] {
  let at = [...x];
  for (let k = 0; k < count; k++) {
    const { gradient } = ask([look(at)]);
    const to = move(k, gradient[0]!, at);
    at = clipped(threat, to);
  }
  return at;
}

const clipped = ({ epsilon: e }: ThreatModel, to: readonly number[]): number[] =>
  to.map((v, j) => Math.min(1, x[j]! + e[j]!, Math.max(0, x[j]! - e[j]!, v)));

/** g of the features that may move, in units of epsilon, at length 1 in L1. */
function unit(threat: ThreatModel, gradient: readonly number[]): number[] {
  const scaled = gradient.map((g, j) => g * threat.epsilon[j]!);
  const sum = scaled.reduce((a, b) => a + Math.abs(b), 0);
  return scaled.map((g) => g / sum);
}

const second: Record<string, readonly [AttackName, object, (ask: Ask, threat: ThreatModel) => readonly number[]]> = {
  'one full step': [
    'fgsm',
    {},
    (ask, t) => iterate(ask, t, (_k, g, at) => at.map((v, j) => v + t.epsilon[j]! * Math.sign(g[j]!)), 1),
  ],
  'basic iterations': [
    'bim',
    { steps, keep: 'last' },
    (ask, t) =>
      iterate(ask, t, (_k, g, at) => at.map((v, j) => v + ((1.25 * t.epsilon[j]!) / steps) * Math.sign(g[j]!))),
  ],
  'cosine steps': [
    'pgd',
    { steps, keep: 'last' },
    (ask, t) =>
      iterate(ask, t, (k, g, at) =>
        at.map((v, j) => v + t.epsilon[j]! * (1 + Math.cos((Math.PI * k) / steps)) * Math.sign(g[j]!)),
      ),
  ],
  momentum: [
    'mi-fgsm',
    { steps, keep: 'last', decay: 0.9 },
    (ask, t) => {
      let m = epsilon.map(() => 0);
      return iterate(ask, t, (_k, g, at) => {
        m = unit(t, g).map((v, j) => 0.9 * m[j]! + v);
        return at.map((v, j) => v + (t.epsilon[j]! / steps) * Math.sign(m[j]!));
      });
    },
  ],
  'momentum, looking ahead': [
    'ni-fgsm',
    { steps, keep: 'last' },
    (ask, t) => {
      let m = epsilon.map(() => 0);
      return iterate(
        ask,
        t,
        (_k, g, at) => {
          m = unit(t, g).map((v, j) => m[j]! + v);
          return at.map((v, j) => v + (t.epsilon[j]! / steps) * Math.sign(m[j]!));
        },
        steps,
        (at) =>
          clipped(
            t,
            at.map((v, j) => v + (t.epsilon[j]! / steps) * m[j]!),
          ),
      );
    },
  ],
  // One gradient more in the reference: ours judges its last point by a forward pass. The windows of 24 and 25 are the same.
  'Auto-PGD': ['apgd', { steps, again: false }, (ask, t) => referenceApgd(ask, x, t, steps + 1).point[0]!],
  ACG: ['acg', { steps, again: false }, (ask, t) => referenceAcg(ask, x, t, steps + 1).point[0]!],
  'ACG, textbook': [
    'acg',
    { steps, again: false, beta: 'textbook', clamp: false },
    (ask, t) => referenceAcg(ask, x, t, steps + 1, (over, under) => -over / under).point[0]!,
  ],
  'ACG, no coefficient': [
    'acg',
    { steps, again: false, beta: 'zero' },
    (ask, t) => referenceAcg(ask, x, t, steps + 1, () => 0).point[0]!,
  ],
};

function run(name: AttackName, config: object, victim: GradientAccess, threat: ThreatModel): Float32Array {
  const out = new Float32Array(size);
  const attack = attacks[name].make(config);
  if (attack.access !== 'gradient') throw new Error(name);
  attack.perturb(x, 1, victim, contextOf(x, threat, [rng(1)]), out);
  return out;
}

it.each(
  Object.entries(second).flatMap(([title, entry]) =>
    (['categorical', 'squashed-gaussian'] as const).map((head) => [title, head, entry] as const),
  ),
)('%s, on a %s head', (_title, head, [name, config, formulation]) => {
  const victim = referenceVictim(randomNetwork(rng(8), [size, 16, headOutputs(heads[head])]), heads[head]);
  const threat = threatOf(epsilon);
  const expected = formulation(askOf(victim, objectives['grouped-margin'], x), threat);
  const out = run(name, { objective: 'grouped-margin', ...config }, victim, threat);
  out.forEach((v, j) => expect(v, `feature ${j}`).toBeCloseTo(expected[j]!, 5));
  expect(out.some((v, j) => v !== x[j])).toBe(true);
});

it('one full step under L2 is ε ⊙ u / ‖u‖, u = ε ⊙ ∇L, under L1 the one feature with the largest u', () => {
  const victim = referenceVictim(randomNetwork(rng(8), [size, 16, 20]), heads.categorical);
  const inside = epsilon.map((e, j) => ([3, 4].includes(j) ? 0 : e)); // nothing is cut by the box
  const ask = askOf(victim, objectives['grouped-margin'], x);
  const u = ask([[...x]]).gradient[0]!.map((g, j) => g * Math.fround(inside[j]!));
  const length = Math.hypot(...u);
  const l2 = run('fgsm', { objective: 'grouped-margin' }, victim, { ...threatOf(inside), norm: 'l2' });
  l2.forEach((v, j) => expect(v).toBeCloseTo(x[j]! + (inside[j]! * u[j]!) / length, 6));
  const most = u.map(Math.abs).indexOf(Math.max(...u.map(Math.abs)));
  const l1 = run('fgsm', { objective: 'grouped-margin' }, victim, { ...threatOf(inside), norm: 'l1' });
  l1.forEach((v, j) => expect(v).toBeCloseTo(x[j]! + (j === most ? inside[j]! * Math.sign(u[j]!) : 0), 6));
});
