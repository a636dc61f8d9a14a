import { expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { Norm, ThreatModel } from '../../core/attack.ts';
import { headOutputs } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess, Objective } from '../../core/victim.ts';
import type { Ask } from '../support/reference-search.ts';
import { askOf } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/*
 * Attacks that look for the least perturbation, and the greedy one, step by step against second formulations in float64 from their papers, on
 * curved networks: what is handed out, to 1e-5. d = (x' − x) ⊘ ε throughout.
 */

const size = 9;
const epsilon = [0.2, 0.12, 0, 0.2, 0.2, 0.002, 0.8, 0.2, 0.4].map(Math.fround);
const free = [0, 1, 3, 4, 5, 6, 7, 8];
const x = Float32Array.from([0.31, 0.62, 0.5, 0.001, 0.999, 0.4, 0.75, 0.12, 0.88]);

/** What a second formulation is given. `f` is above 0 where the decision has changed. */
interface Given {
  readonly victim: GradientAccess;
  readonly threat: ThreatModel;
  /** f and its gradient by d, of the free features; a point is what can be shown, a float32. */
  readonly f: (d: readonly number[]) => { value: number; slope: number[] };
  /** The same of the difference of bin k to the clean one; on a continuous head there is one border only, f itself. */
  readonly borders: readonly ((d: readonly number[]) => { value: number; slope: number[] })[];
}

/** Within [0, 1], by feature. */
const boxed = (d: readonly number[]): number[] =>
  d.map((v, f) => {
    const j = free[f]!;
    return Math.min((1 - x[j]!) / epsilon[j]!, Math.max(-x[j]! / epsilon[j]!, v));
  });
const lengthOf = (norm: Norm, d: readonly number[]): number =>
  norm === 'linf'
    ? Math.max(...d.map(Math.abs))
    : norm === 'l2'
      ? Math.hypot(...d)
      : d.reduce((sum, v) => sum + Math.abs(v), 0);
/** The norm that a gradient is measured in where steps are measured in `norm`. */
const dualOf = (norm: Norm, u: readonly number[]): number =>
  lengthOf(({ linf: 'l1', l2: 'l2', l1: 'linf' } as const)[norm as 'linf' | 'l2' | 'l1'], u);

/** The nearest point of {‖d‖ ≤ r} within the box, by bisection of the multiplier: L1 takes the same from every |d|, L2 the same share. */
function nearest(norm: Norm, wished: readonly number[], radius: number): number[] {
  const less = (v: number, by: number): number => {
    if (norm === 'linf') return Math.sign(v) * Math.min(Math.abs(v), radius);
    return norm === 'l2' ? (1 - by) * v : Math.sign(v) * Math.max(0, Math.abs(v) - by * lengthOf('linf', wished));
  };
  let [low, high] = [0, 1];
  if (lengthOf(norm, boxed(wished.map((v) => less(v, 0)))) <= radius) return boxed(wished.map((v) => less(v, 0)));
  for (let k = 0; k < 60; k++) {
    const by = (low + high) / 2;
    if (lengthOf(norm, boxed(wished.map((v) => less(v, by)))) > radius) low = by;
    else high = by;
  }
  return boxed(wished.map((v) => less(v, high)));
}
/** The d of the float32 numbers that are shown for it: of a tiny epsilon they are few. */
const shown = (d: readonly number[]): number[] => {
  const point = pointOf(d);
  return free.map((j) => (point[j]! - x[j]!) / epsilon[j]!);
};
const inSet = (norm: Norm, d: readonly number[]): number[] => nearest(norm, d, 1);
const nothing = free.map(() => 0);

/** Perturbation of the free features, or nothing where none was found. */
type Formulation = (given: Given, norm: Norm) => readonly number[];

const deepfool: Formulation = ({ f, borders }, norm) => {
  let way = [...nothing];
  let at = [...nothing];
  for (let k = 0; k < 15; k++) {
    const steps = borders.flatMap((border) => {
      const { value, slope } = border(at);
      const dual = dualOf(norm, slope);
      if (dual === 0) return [];
      const length = Math.abs(value) / dual + 1e-5;
      const most = slope.map(Math.abs).indexOf(Math.max(...slope.map(Math.abs)));
      const along = slope.map((u, i) =>
        norm === 'linf' ? Math.sign(u) : norm === 'l2' ? u / Math.hypot(...slope) : i === most ? Math.sign(u) : 0,
      );
      return [{ length, step: along.map((a) => length * a) }];
    });
    const { step } = steps.reduce((a, b) => (b.length < a.length ? b : a));
    way = way.map((v, i) => v + step[i]!);
    at = boxed(way.map((v) => 1.02 * v));
    if (f(at).value > 0) break;
  }
  const within = inSet(norm, at);
  return f(within).value > 0 ? within : nothing;
};

const fmn: Formulation = ({ f }, norm) => {
  const steps = 20;
  let at = [...nothing];
  let radius = 0;
  let best: readonly number[] = nothing;
  let least = Infinity;
  for (let k = 0; k <= steps; k++) {
    const decay = (1 + Math.cos((Math.PI * k) / steps)) / 2;
    const alpha = (norm === 'linf' ? Math.sqrt(free.length) : 1) * (0.01 + 0.99 * decay);
    const gamma = 0.001 + 0.049 * decay;
    const tried = inSet(norm, at);
    const length = lengthOf(norm, tried);
    if (f(tried).value > 0 && length < least) [best, least] = [tried, length];
    if (k === steps) break;
    const { value, slope } = f(at);
    if (value > 0) radius = Math.min(radius * (1 - gamma), least);
    else if (least === Infinity) radius = (length + Math.abs(value) / dualOf(norm, slope)) * (1 + gamma);
    else radius *= 1 + gamma;
    at = shown(
      nearest(
        norm,
        at.map((v, i) => v + (alpha * slope[i]!) / Math.hypot(...slope)),
        radius,
      ),
    );
  }
  return best;
};

const carlini: Formulation = ({ f }) => {
  let [c, under, above] = [0.01, 0, Infinity];
  let best: readonly number[] = nothing;
  let least = Infinity;
  for (let search = 0; search < 5; search++) {
    let d = [...nothing];
    let [m, v] = [[...nothing], [...nothing]];
    let found = false;
    for (let k = 1; k <= 12; k++) {
      const { value, slope } = f(d);
      const g = d.map((now, i) => 2 * now - (value < 0 ? c * slope[i]! : 0));
      m = m.map((mean, i) => 0.9 * mean + 0.1 * g[i]!);
      v = v.map((square, i) => 0.999 * square + 0.001 * g[i]! ** 2);
      const rates = m.map((mean, i) => (0.1 * mean) / (1 - 0.9 ** k) / (Math.sqrt(v[i]! / (1 - 0.999 ** k)) + 1e-8));
      d = shown(boxed(d.map((now, i) => now - rates[i]!)));
      const tried = inSet('l2', d);
      if (!(f(tried).value > 0)) continue;
      found = true;
      if (Math.hypot(...tried) < least) [best, least] = [tried, Math.hypot(...tried)];
    }
    if (found) above = c;
    else under = c;
    c = above === Infinity ? 10 * c : (under + above) / 2;
  }
  return best;
};

/** PGD with cosine steps at each share of the epsilons that a bisection of {1/32 … 1} looks at. */
const smallestShare: Formulation = ({ f, victim }) => {
  const clean = decision(victim, nothing);
  let found: readonly number[] = nothing;
  let [low, high] = [1, 32];
  while (low <= high) {
    const share = (low + high) >> 1;
    let d = [...nothing];
    for (let k = 0; k < 10; k++) {
      const { slope } = f(d);
      const step = (share / 32) * (1 + Math.cos((Math.PI * k) / 10));
      d = boxed(d.map((v, i) => Math.min(share / 32, Math.max(-share / 32, v + step * Math.sign(slope[i]!)))));
    }
    if (decision(victim, d) !== clean) {
      found = d;
      high = share - 1;
    } else low = share + 1;
  }
  return found;
};

/** Of all features and ends, the one that raises f most, three times. */
const greedy: Formulation = ({ f }) => {
  let d: readonly number[] = nothing;
  for (let k = 0; k < 3; k++) {
    const tries = free.flatMap((_, i) => [-1, 1].map((end) => boxed(d.map((v, other) => (other === i ? end : v)))));
    const best = tries.reduce((a, b) => (f(b).value > f(a).value ? b : a), [...d]);
    if (!(f(best).value > f(d).value)) break;
    d = best;
  }
  return d;
};

function pointOf(d: readonly number[]): Float32Array {
  const point = x.slice();
  d.forEach((v, f) => (point[free[f]!] = x[free[f]!]! + v * epsilon[free[f]!]!));
  return point;
}

function decision(victim: GradientAccess, d: readonly number[]): number {
  const action = new Float64Array(1);
  victim.decide(pointOf(d), 1, action);
  return victim.head.kind === 'categorical' ? action[0]! : Math.sign(action[0]!);
}

function over(bin: number): Objective {
  return {
    name: `bin ${bin} over the clean one`,
    check() {},
    evaluate(_head, logits, { clean }, _rows, value, gradient) {
      const own = clean.indexOf(Math.max(...clean));
      value[0] = logits[bin]! - logits[own]!;
      logits.forEach((_, i) => (gradient[i] = Number(i === bin) - Number(i === own)));
    },
  };
}

function given(head: Head, seed: number, norm: Norm): Given {
  const victim = referenceVictim(randomNetwork(rng(seed), [size, 10, headOutputs(head)], 3), head);
  const byDistance = (ask: Ask) => (d: readonly number[]) => {
    const { value, gradient } = ask([[...pointOf(d)]]);
    return { value: value[0]!, slope: free.map((j) => gradient[0]![j]! * epsilon[j]!) };
  };
  const onBins = head.kind === 'categorical';
  const f = byDistance(askOf(victim, onBins ? objectives.margin : objectives['grouped-margin'], x));
  const borders = onBins ? head.values.map((_, bin) => byDistance(askOf(victim, over(bin), x))) : [f];
  return { victim, threat: { ...threatOf(epsilon), norm }, f, borders };
}

const cases: readonly (readonly [AttackName, object, Formulation, readonly Norm[]])[] = [
  ['deepfool', { steps: 15 }, deepfool, ['linf', 'l2', 'l1']],
  ['fmn', { steps: 20 }, fmn, ['linf', 'l2']],
  ['cw-l2', { steps: 12, searches: 5, rate: 0.1 }, carlini, ['l2']],
  ['min-epsilon', { attack: 'pgd', config: { steps: 10, keep: 'last' } }, smallestShare, ['linf']],
  ['greedy-sensors', { sensors: 3 }, greedy, ['linf']],
];

it.each(
  cases.flatMap(([name, config, formulation, norms]) =>
    norms.flatMap((norm) =>
      (['categorical', 'squashed-gaussian'] as const).map((head) => [name, norm, head, config, formulation] as const),
    ),
  ),
)('%s, %s, on a %s head', (name, norm, head, config, formulation) => {
  let moved = 0;
  for (let seed = 0; seed < 12; seed++) {
    const own = given(heads[head], seed, norm);
    const expected = pointOf(formulation(own, norm));
    const inner = (config as { config?: object }).config;
    const objective = head === 'categorical' ? 'margin' : 'grouped-margin';
    const options =
      name === 'greedy-sensors'
        ? { ...config, objective }
        : inner === undefined
          ? config
          : { ...config, config: { ...inner, objective } };
    const attack = attacks[name].make(options);
    if (attack.access !== 'gradient' && attack.access !== 'score') throw new Error(name);
    const out = new Float32Array(size);
    attack.perturb(x, 1, own.victim, contextOf(x, own.threat, [rng(1)]), out);
    out.forEach((v, j) => expect(Math.abs(v - expected[j]!), `network ${seed}, feature ${j}`).toBeLessThan(1e-5));
    if (out.some((v, j) => v !== x[j])) moved++;
  }
  expect(moved).toBeGreaterThan(2);
});
