import { expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import type { ConstraintSpec, ObservationAttack } from '../../../core/attack.ts';
import { rng } from '../../../core/rng.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { plainFeatures } from '../../support/threat.ts';
import { linearWeights, linearVictim as victim, toyThreat } from '../../support/toy-optimum.ts';
import { toyDay, toyPlant } from '../../support/toy-plant.ts';

const from = 14;
const hours = 6;
const [base, price, carbon] = toyDay().map((values) => values.slice(from, from + hours + 1)) as [
  number[],
  number[],
  number[],
];
const plantOf = () => toyPlant(base, price, carbon);

/** Largest change a step of each feature, and how many of how many steps may be attacked. */
interface Rules {
  readonly rate: readonly number[];
  readonly steps: number;
  readonly of: number;
}

const listOf = ({ rate, steps, of }: Rules): ConstraintSpec[] => [
  { name: 'rate', limits: Object.fromEntries(rate.map((limit, j) => [`f${j}`, limit])) },
  { name: 'budget', steps, of },
];

const ramp = (so: number, net: number, before: number): number => so + Math.abs(net - before);
const draw = (so: number, net: number): number => so + Math.max(0, net);
const points = 4;

/** The most damage of all sequences of choices, one by one: the truth, or what is nearest to it after all that was shown, or a point between the corners of the box that the rules leave. */
function exhaustive(rules: Rules, add: typeof ramp): number {
  const plant = plantOf();
  const { epsilon } = toyThreat;
  const visit = (
    t: number,
    state: Float64Array,
    so: number,
    past: { readonly truth: number[]; readonly shown: number[] } | undefined,
    struck: readonly number[],
  ): number => {
    if (t === hours) return so;
    const observed = new Float32Array(3);
    plant.observe(t, state, 0, observed, 0);
    const truth = [...observed];
    const ends = truth.map((x, j) => {
      const change = past === undefined ? 0 : x - past.truth[j]!;
      const low = past === undefined ? -Infinity : past.shown[j]! + Math.min(-rules.rate[j]!, change);
      const high = past === undefined ? Infinity : past.shown[j]! + Math.max(rules.rate[j]!, change);
      return [Math.max(x - epsilon[j]!, low), Math.min(x + epsilon[j]!, high)] as const;
    });
    const corner = (side: 0 | 1): number[] => ends.map((end, j) => end[linearWeights[j]! > 0 ? side : 1 - side]!);
    const [low, high] = [corner(0), corner(1)];
    const may = struck.filter((step) => step > t - rules.of).length < rules.steps;
    let most = Number.NEGATIVE_INFINITY;
    for (let c = -1; c < (may ? points : 0); c++) {
      const own = may ? truth.map((x, j) => Math.min(ends[j]![1], Math.max(ends[j]![0], x))) : truth;
      const shown = c < 0 ? own : low.map((value, j) => value + (c / (points - 1)) * (high[j]! - value));
      const action = new Float64Array(1);
      victim.decide(Float32Array.from(shown), 1, action);
      const next = state.slice();
      plant.advance(t, action[0]!, next, 0);
      most = Math.max(
        most,
        visit(
          t + 1,
          next,
          add(so, next[1]!, state[1]!),
          { truth, shown },
          shown.every((value, j) => value === truth[j]) ? struck : [...struck, t],
        ),
      );
    }
    return most;
  };
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  return visit(0, state, 0, undefined, []);
}

/** The damage of the hours in the closed loop. */
function suffered(attack: ObservationAttack, rules: Rules, add: typeof ramp): number {
  const plant = plantOf();
  for (const _ of attack.prepare?.({ ...drawnRehearsal(victim), plants: () => [plantOf()] }) ?? []);
  const threat = { ...toyThreat, constraints: listOf(rules) };
  const engine = attackEngine({ attack, threat, victim, features: plainFeatures(3) });
  const state = new Float64Array(plant.stateSize);
  plant.start(state, 0);
  const x = new Float32Array(3);
  const seen = new Float32Array(3);
  const action = new Float64Array(1);
  let so = 0;
  for (let t = 0; t < hours; t++) {
    plant.observe(t, state, 0, x, 0);
    engine.perturb(x, 1, t, [rng(t)], seen);
    victim.decide(seen, 1, action);
    const before = state[1]!;
    plant.advance(t, action[0]!, state, 0);
    so = add(so, state[1]!, before);
  }
  return so;
}

/** The planned attack as if nothing but the norm confined what it foresees. */
function unaware(attack: ObservationAttack): ObservationAttack {
  const own = attack as ObservationAttack<'gradient'>;
  const made: ObservationAttack<'gradient'> = {
    ...own,
    perturb: (x, rows, access, context, out) => own.perturb(x, rows, access, { ...context, foresee: undefined }, out),
  };
  return made;
}

it.each([
  ['ramping', ramp, { rate: [0.05, 0.05, 0.02], steps: 6, of: 6 }],
  ['ramping', ramp, { rate: [1, 1, 1], steps: 2, of: 4 }],
  ['ramping', ramp, { rate: [0.1, 0.08, 0.05], steps: 3, of: 5 }],
  ['consumption', draw, { rate: [0.1, 0.08, 0.05], steps: 3, of: 5 }],
] as const)('a plan for %s within rules that remember is the best there is, %#', (damage, add, rules) => {
  const made = () =>
    attacks.planned.make({ damage, horizon: hours, replan: hours, drift: 1, actions: points, steps: 3 });
  const clean = suffered(attacks.none.make({}), rules, add);
  const exact = exhaustive(rules, add);
  const attained = suffered(made(), rules, add);
  const blind = suffered(unaware(made()), rules, add);
  expect(attained - clean).toBeGreaterThan(0.95 * (exact - clean));
  expect(attained - clean).toBeLessThan(1.001 * (exact - clean));
  expect(attained).toBeGreaterThan(blind - 1e-9);
});
