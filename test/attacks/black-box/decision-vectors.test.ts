import { describe, expect, it } from 'vitest';
import { attacks } from '../../../attacks/index.ts';
import { headOutputs } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { heads, randomNetwork, referenceVictim } from '../../support/reference-victim.ts';
import { contextOf, threatOf } from '../../support/threat.ts';

/*
 * HopSkipJump and the boundary attack against second formulations of them, in plain float64 from their papers, drawing from the same random
 * stream: what is handed out, to 1e-5.
 */

const size = 7;
const epsilon = [0.2, 0.08, 0, 0.4, 0.2, 0.6, 0.2].map(Math.fround);
const free = [0, 1, 3, 4, 5, 6];
const threat = threatOf(epsilon);
const x = Float32Array.from({ length: size }, (_, j) => 0.1 + 0.12 * j);
const victim = referenceVictim(
  randomNetwork(rng(3), [size, 9, headOutputs(heads.categorical)], 2.5),
  heads.categorical,
);

type Metric = 'l2' | 'linf';
interface Setting {
  readonly metric: Metric;
  readonly until: 'inside' | 'nearest';
  readonly queries: number;
  readonly tries: number;
}

const far = (metric: Metric, offset: readonly number[]): number =>
  metric === 'l2' ? Math.hypot(...offset) : Math.max(...offset.map(Math.abs));

/** No query is left, or there is nothing more to look for. */
class Over extends Error {}

/** Offsets are of the free features, in epsilons; a point is what a sensor can show: float32, in the box. */
class Questions {
  best: { readonly offset: readonly number[]; readonly distance: number } | undefined;
  #left: number;
  readonly #clean: number;
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#left = setting.queries;
    this.#clean = this.#decide([...x]);
    this.#left--;
  }

  get left(): number {
    return this.#left;
  }

  /** The offset that is shown for one that is wished for. */
  shown(offset: readonly number[]): number[] {
    return offset.map((o, f) => {
      const j = free[f]!;
      return (Math.min(1, Math.max(0, this.#float(o, f))) - x[j]!) / epsilon[j]!;
    });
  }

  #float(o: number, f: number): number {
    return Math.fround(x[free[f]!]! + o * epsilon[free[f]!]!);
  }

  /** Whether each of some offsets brings another decision; all are asked together. */
  ask(offsets: readonly (readonly number[])[]): boolean[] {
    if (offsets.length > this.#left) throw new Over();
    this.#left -= offsets.length;
    const hits = offsets.map((offset) => {
      const point = [...x];
      this.shown(offset).forEach((o, f) => (point[free[f]!] = this.#float(o, f)));
      return this.#decide(point) !== this.#clean;
    });
    offsets.forEach((offset, k) => {
      const seen = this.shown(offset);
      const distance = far(this.#setting.metric, seen);
      const inside = seen.every((o, f) => Math.abs(this.#float(o, f) - x[free[f]!]!) <= epsilon[free[f]!]!);
      if (hits[k] && inside && distance < (1 - 1e-6) * (this.best?.distance ?? Infinity))
        this.best = { offset: seen, distance };
    });
    return hits;
  }

  stopIfDone(): void {
    if (this.#setting.until === 'inside' && this.best !== undefined) throw new Over();
  }

  #decide(point: readonly number[]): number {
    const action = new Float64Array(1);
    victim.decide(Float32Array.from(point), 1, action);
    return action[0]!;
  }
}

/** The outermost float32 of a feature's interval. */
function end(j: number, sign: -1 | 1): number {
  let to = Math.fround(x[j]! + sign * epsilon[j]!);
  while (Math.abs(to - x[j]!) > epsilon[j]!) to = Math.fround(to - sign * 2 ** -24 * Math.max(Math.abs(to), 2 ** -10));
  return Math.min(1, Math.max(0, to));
}

/** Half of the tries at corners of the threat set, half anywhere in the box, five at a time; the nearest of those that decide otherwise. */
function start(asking: Questions, stream: Rng, { metric, tries }: Setting): number[] {
  for (let tried = 0; tried < tries; tried += 5) {
    const offsets = Array.from({ length: Math.min(5, tries - tried, asking.left) }, (_, k) =>
      free.map((j) => {
        const to = tried + k < tries / 2 ? end(j, stream.uniform() < 0.5 ? -1 : 1) : stream.uniform();
        return (to - x[j]!) / epsilon[j]!;
      }),
    );
    const hits = asking.ask(offsets);
    const found = offsets.filter((_, k) => hits[k]).map((offset) => asking.shown(offset));
    if (found.length > 0) return found.reduce((a, b) => (far(metric, b) < far(metric, a) ? b : a));
  }
  throw new Over();
}

function hopSkipJump(asking: Questions, stream: Rng, setting: Setting, probes: number): void {
  const { metric } = setting;
  const d = free.length;
  const theta = metric === 'l2' ? 1 / (d * Math.sqrt(d)) : 1 / d ** 2;
  const toBoundary = (from: readonly number[]): number[] => {
    const reach = far(metric, from);
    const between = (share: number): number[] =>
      metric === 'l2'
        ? from.map((o) => share * o)
        : from.map((o) => Math.sign(o) * Math.min(Math.abs(o), share * reach));
    let [low, high] = [0, 1];
    while (high - low > (metric === 'l2' ? theta : Math.min(reach * theta, theta) / reach)) {
      asking.stopIfDone();
      const middle = (low + high) / 2;
      if (asking.ask([between(middle)])[0]!) high = middle;
      else low = middle;
    }
    asking.stopIfDone();
    return between(high);
  };

  let at = start(asking, stream, setting);
  asking.stopIfDone();
  at = toBoundary(at);
  for (let t = 1; ; t++) {
    const distance = far(metric, at);
    const delta = (metric === 'l2' ? Math.sqrt(d) : d) * theta * distance;
    const count = Math.min(Math.round(probes * Math.sqrt(t)), asking.left);
    if (count < 2) return;
    const probed = Array.from({ length: count }, () => {
      const u = free.map(() => (metric === 'l2' ? stream.normal() : 2 * stream.uniform() - 1));
      return at.map((o, f) => o + (delta * u[f]!) / Math.hypot(...u));
    });
    const hits = asking.ask(probed);
    asking.stopIfDone();
    const looked = probed.map((point) => asking.shown(point).map((o, f) => (o - at[f]!) / delta));
    const wins = hits.filter(Boolean).length;
    const alike = wins === 0 || wins === count;
    const weights = hits.map((hit) => (hit ? 1 : -1) - (alike ? 0 : (2 * wins) / count - 1));
    const sum = free.map((_, f) => looked.reduce((total, u, b) => total + weights[b]! * u[f]!, 0));
    const v = metric === 'l2' ? sum.map((s) => s / Math.hypot(...sum)) : sum.map(Math.sign);
    let to: number[] | undefined;
    for (let halvings = 0; halvings < 15 && to === undefined; halvings++) {
      const jump = at.map((o, f) => o + (distance / Math.sqrt(t) / 2 ** halvings) * v[f]!);
      if (asking.ask([jump])[0]!) to = asking.shown(jump);
      asking.stopIfDone();
    }
    if (to !== undefined) at = toBoundary(to);
  }
}

function boundaryWalk(asking: Questions, stream: Rng, setting: Setting): void {
  const { metric } = setting;
  let at = start(asking, stream, setting);
  let [sideways, inwards] = [0.1, 0.1];
  while (asking.left > 0) {
    asking.stopIfDone();
    const distance = far(metric, at);
    const normal = free.map(() => stream.normal());
    const share = normal.reduce((sum, n, f) => sum + n * at[f]!, 0) / at.reduce((sum, o) => sum + o * o, 0);
    const along = normal.map((n, f) => n - share * at[f]!);
    const moved = at.map((o, f) => o + (sideways * distance * along[f]!) / far(metric, along));
    const onSphere = moved.map((o) => (o * distance) / far(metric, moved));
    if (!asking.ask([onSphere])[0]!) {
      sideways /= 1.1;
      continue;
    }
    asking.stopIfDone();
    sideways = Math.min(1, 1.1 * sideways);
    at = asking.shown(onSphere);
    const nearer = at.map((o) => (1 - inwards) * o);
    if (asking.ask([nearer])[0]!) {
      at = nearer;
      inwards = Math.min(0.9, 1.1 * inwards);
    } else inwards /= Math.cbrt(1.1);
  }
}

describe.each(['l2', 'linf'] as const)('in %s', (metric) => {
  it.each(['inside', 'nearest'] as const)('hop-skip-jump, until %s', (until) => {
    follow('hop-skip-jump', { metric, until, queries: 160, tries: 2 }, (asking, stream, setting) =>
      hopSkipJump(asking, stream, setting, 20),
    );
  });
  it.each(['inside', 'nearest'] as const)('boundary, until %s', (until) => {
    follow('boundary', { metric, until, queries: 160, tries: 2 }, boundaryWalk);
  });
});

function follow(
  name: 'hop-skip-jump' | 'boundary',
  setting: Setting,
  search: (asking: Questions, stream: Rng, setting: Setting) => void,
): void {
  let moved = 0;
  for (let seed = 0; seed < 18; seed++) {
    const asking = new Questions(setting);
    try {
      search(asking, rng(seed), setting);
    } catch (over) {
      if (!(over instanceof Over)) throw over;
    }
    const { metric, until, queries, tries } = setting;
    const attack = attacks[name].make({ wanted: 'changed', metric, until, queryBudget: queries, tries });
    if (attack.access !== 'decision') throw new Error(attack.access);
    const out = new Float32Array(size);
    attack.perturb(x, 1, victim, contextOf(x, threat, [rng(seed)]), out);
    const expected = [...x];
    asking.best?.offset.forEach((o, f) => (expected[free[f]!]! += o * epsilon[free[f]!]!));
    out.forEach((v, j) => expect(Math.abs(v - expected[j]!), `seed ${seed}, feature ${j}`).toBeLessThan(1e-5));
    if (asking.best !== undefined) moved++;
  }
  expect(moved).toBeGreaterThan(6);
}
