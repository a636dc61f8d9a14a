import { expect, it } from 'vitest';
import { attackEngine } from '../../../attacks/engine.ts';
import { attacks } from '../../../attacks/index.ts';
import { rng } from '../../../core/rng.ts';
import { drawnRehearsal } from '../../support/ready-attack.ts';
import { referenceVictim } from '../../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../../support/threat.ts';
import { paperBattery, toyDay, toyPlant } from '../../support/toy-plant.ts';

/*
 * The planned attack over a short day, hour by hour, against a second formulation in float64: a linear controller, whose reach is known, every
 * sequence of actions tried with the paper's battery, and the action forced by bisection; to 1e-5.
 */

const weights = [-0.2, -0.5, 0.1];
const bias = 0.3;
const epsilon = [0.4, 0.4, 0.1].map(Math.fround);
const victim = referenceVictim(
  { weights: [weights.map((weight) => [weight])], biases: [[bias]] },
  { kind: 'deterministic', low: [-0.78125], high: [0.78125] },
);
const threat = threatOf(epsilon, -10, 10);
/** No action within reach of any state is clipped, so the reach is this to either side everywhere. */
const radius = weights.reduce((sum, w, j) => sum + Math.abs(w) * epsilon[j]!, 0);
const hours = 8;
const horizon = 4;
const replan = 3;
const choices = 6;

interface Day {
  readonly base: readonly number[];
  readonly price: readonly number[];
  readonly carbon: readonly number[];
}
/** So many hours of the toy day from one on. */
function dayFrom(first: number): Day {
  const [base, price, carbon] = toyDay(first + hours).map((values) => values.slice(first));
  return { base: base!, price: price!, carbon: carbon! };
}

interface House {
  readonly soc: number;
  readonly net: number;
  readonly efficiency: number;
}
const seen = (t: number, { soc, net }: House): number[] => [soc, (net + 6) / 18, t / 24];
const decided = (x: readonly number[]): number => x.reduce((sum, v, j) => sum + weights[j]! * v, bias);
function after({ base }: Day, t: number, { soc, efficiency }: House, action: number): House {
  const [charge, drawn, used] = paperBattery(soc, efficiency, action);
  return { soc: charge, net: base[t + 1]! + drawn, efficiency: used };
}
const share = {
  consumption: (_day: Day, _t: number, net: number) => Math.max(0, net),
  ramping: (_day: Day, _t: number, net: number, before: number) => Math.abs(net - before),
  cost: ({ price }: Day, t: number, net: number) => price[t + 1]! * Math.max(0, net),
  carbon: ({ carbon }: Day, t: number, net: number) => carbon[t + 1]! * Math.max(0, net),
};

interface Course {
  readonly damage: number;
  /** NaN where the controller is left alone. */
  readonly actions: readonly number[];
}

/** Every course of the `left` hours from `t` on. */
function courses(
  damage: keyof typeof share,
  day: Day,
  t: number,
  left: number,
  house: House,
  budget: number,
): readonly Course[] {
  if (left === 0) return [{ damage: 0, actions: [] }];
  const own = decided(seen(t, house));
  const options: (readonly [number, number])[] = [[own, Number.NaN]];
  const most = budget > 0 ? choices : 0;
  for (let c = 0; c < most; c++) {
    const action = own + radius * ((2 * c) / (choices - 1) - 1);
    options.push([action, action]);
  }
  return options.flatMap(([action, wanted]) => {
    const next = after(day, t, house, action);
    const gain = share[damage](day, t, next.net, house.net);
    const others = courses(damage, day, t + 1, left - 1, next, Number.isNaN(wanted) ? budget : budget - 1);
    return others.map((rest) => ({ damage: gain + rest.damage, actions: [wanted, ...rest.actions] }));
  });
}

/** The point on the line from the lowest action to the highest whose action is nearest to the one wanted, of 12 halvings and the ends. */
function forced(x: readonly number[], wanted: number): readonly number[] {
  if (Number.isNaN(wanted)) return x;
  const at = (part: number): number[] => x.map((v, j) => v + (2 * part - 1) * Math.sign(weights[j]!) * epsilon[j]!);
  const tried = [[...x], at(0), at(1)];
  let [from, to] = [0, 1];
  for (let k = 0; k < 12; k++) {
    const middle = (from + to) / 2;
    tried.push(at(middle));
    if (decided(at(middle)) < wanted) from = middle;
    else to = middle;
  }
  const off = tried.map((point) => Math.abs(decided(point) - wanted));
  return tried[off.indexOf(Math.min(...off))]!;
}

/** Without a tie for the best course, which order alone would break; in some (carbon from 11, 14 and 15 on) it forces an action between the ends. */
const starts = [0, 6, 12, 15, 16, 19, 22];
const cases = [
  ['consumption', undefined, starts],
  ['ramping', undefined, starts],
  ['cost', undefined, starts],
  ['carbon', undefined, [...starts, 11, 14]],
  ['ramping', 2, starts],
  ['cost', 1, starts],
] as const;

it.each(cases.flatMap(([damage, budget, from]) => from.map((first) => [damage, first, budget] as const)))(
  'planned: the most %s of the hours from %d on, hour by hour; budget %s',
  (damage, first, budget) => {
    const day = dayFrom(first);
    const attack = attacks.planned.make({
      damage,
      horizon,
      replan,
      steps: 3,
      socPoints: 3,
      netPoints: 2,
      actions: choices,
      ...(budget === undefined ? {} : { budget }),
    });
    const plant = toyPlant(day.base, day.price, day.carbon);
    for (const _ of attack.prepare!({ ...drawnRehearsal(victim), plants: () => [plant] }));
    const engine = attackEngine({ attack, threat, victim, features: plainFeatures(3) });
    let house: House = { soc: 0.4, net: day.base[0]!, efficiency: 0.9 };
    let plan: readonly number[] = [];
    let begun = 0;
    const out = new Float32Array(3);
    for (let t = 0; t < hours; t++) {
      if (t % (budget === undefined ? replan : horizon) === 0) {
        const left = Math.min(horizon, hours - t);
        const all = courses(damage, day, t, left, house, budget ?? left).toSorted((a, b) => b.damage - a.damage);
        expect(all[0]!.damage - all[1]!.damage).toBeGreaterThan(1e-5);
        plan = all[0]!.actions;
        begun = t;
      }
      const x = Float32Array.from(seen(t, house));
      const expected = forced([...x], plan[t - begun]!);
      engine.perturb(x, 1, t, [rng(t)], out);
      expected.forEach((v, j) => expect(Math.abs(out[j]! - v), `hour ${t}, feature ${j}`).toBeLessThan(1e-5));
      const action = decided([...out]);
      engine.acted(Float64Array.of(action));
      house = after(day, t, house, action);
    }
  },
);
