import type { Objective, GradientAccess, Goal } from '../../core/victim.ts';
import { goalOf } from '../../core/goal.ts';
import type { ThreatModel } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';

/*
 * PGD, APGD and ACG written once more, straight from the papers: plain arrays in float64, one function each, L-inf only. They share no code
 * with attacks/; the strength of ours is held against theirs on the same weights, inputs and number of gradients.
 */

/** Values [rows] and gradients [rows][O] at points [rows][O]. */
export type Ask = (points: readonly number[][]) => { value: number[]; gradient: number[][] };

/** An objective of a victim around clean rows, untargeted or as a goal says. */
export function askOf(victim: GradientAccess, objective: Objective, x: Float32Array, side: -1 | 0 | 1 = 0): Ask {
  const size = victim.observationSize;
  const rows = x.length / size;
  const goal: Goal = goalOf(victim, rows);
  goal.x.set(x);
  goal.side.fill(side);
  victim.logits(x, rows, goal.clean);
  return (points) => {
    const at = Float32Array.from(points.flat());
    const value = new Float32Array(rows);
    const gradient = new Float32Array(at.length);
    victim.valueAndGradient({ objective, goal }, at, rows, value, gradient);
    return { value: [...value], gradient: points.map((_, r) => [...gradient.subarray(r * size, (r + 1) * size)]) };
  };
}

interface Found {
  readonly point: number[][];
  readonly value: number[];
}

interface Start {
  readonly x: readonly number[][];
  readonly low: readonly number[][];
  readonly high: readonly number[][];
}

function startOf(x: Float32Array, { epsilon, low, high }: ThreatModel): Start {
  const size = epsilon.length;
  const rows = Array.from({ length: x.length / size }, (_, r) => [...x.subarray(r * size, (r + 1) * size)]);
  return {
    x: rows,
    low: rows.map((row) => row.map((v, j) => Math.max(v - epsilon[j]!, Math.min(v, low[j]!)))),
    high: rows.map((row) => row.map((v, j) => Math.min(v + epsilon[j]!, Math.max(v, high[j]!)))),
  };
}

const clip = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, j) => sum + v * b[j]!, 0);

/** Madry et al. (2018): random start, steps of 2.5 ε / N along the sign; the best of the N points whose gradient was taken. */
export function referencePgd(ask: Ask, x: Float32Array, threat: ThreatModel, gradients: number, rng: Rng): Found {
  const { low, high } = startOf(x, threat);
  let points = low.map((row, r) => row.map((l, j) => l + rng.uniform() * (high[r]![j]! - l)));
  const best: Found = { point: points, value: points.map(() => -Infinity) };
  for (let k = 0; k < gradients; k++) {
    const { value, gradient } = ask(points);
    value.forEach((v, r) => {
      if (v <= best.value[r]!) return;
      best.value[r] = v;
      best.point[r] = points[r]!;
    });
    points = points.map((row, r) =>
      row.map((v, j) =>
        clip(v + ((2.5 * threat.epsilon[j]!) / gradients) * Math.sign(gradient[r]![j]!), low[r]![j]!, high[r]![j]!),
      ),
    );
  }
  return best;
}

/** Croce and Hein (2020), algorithm 1, with the integer windows of AutoAttack, from a random start as there, or from a place that is named. */
export function referenceApgd(
  ask: Ask,
  x: Float32Array,
  threat: ThreatModel,
  gradients: number,
  start: Rng | 'clean' | 'centre',
): Found {
  const { x: clean, low, high } = startOf(x, threat);
  const place = (r: number, j: number, l: number, h: number): number => {
    if (start === 'clean') return clean[r]![j]!;
    return start === 'centre' ? (l + h) / 2 : l + start.uniform() * (h - l);
  };
  const begin = low.map((row, r) => row.map((l, j) => place(r, j, l, high[r]![j]!)));
  return adaptive(ask, begin, threat, gradients, (state, r, eta, k) => {
    const [now, before] = [state.x[r]!, state.previous[r]!];
    const alpha = k === 0 ? 1 : 0.75;
    return now.map((v, j) => {
      const [l, h] = [low[r]![j]!, high[r]![j]!];
      const z = clip(v + eta * threat.epsilon[j]! * Math.sign(state.g[r]![j]!), l, h);
      return clip(v + alpha * (z - v) + (1 - alpha) * (v - before[j]!), l, h);
    });
  });
}

/** Yamamura et al. (2022): from the centre of the box, along sign(g + βs), β = ⟨g, Δg⟩ / ⟨s, Δg⟩ at least 0, Auto-PGD's checkpoints. */
export function referenceAcg(
  ask: Ask,
  x: Float32Array,
  threat: ThreatModel,
  gradients: number,
  beta: (over: number, under: number) => number = (over, under) => Math.max(0, over / under),
): Found {
  const { low, high } = startOf(x, threat);
  const begin = low.map((row, r) => row.map((l, j) => (l + high[r]![j]!) / 2));
  return adaptive(ask, begin, threat, gradients, (state, r, eta, k) => {
    const [g, before, s] = [state.g[r]!, state.gPrevious[r]!, state.s[r]!];
    const change = g.map((v, j) => v - before[j]!);
    const raw = k === 0 ? 0 : beta(dot(g, change), dot(s, change));
    const direction = g.map((v, j) => v + (Number.isFinite(raw) ? raw : 0) * s[j]!);
    state.gPrevious[r] = g;
    state.s[r] = direction;
    return state.x[r]!.map((v, j) =>
      clip(v + eta * threat.epsilon[j]! * Math.sign(direction[j]!), low[r]![j]!, high[r]![j]!),
    );
  });
}

/**
 * Yamamura et al. (2024): the same without a clamp, with longer windows; where |β| is over the mean of |g_i / s_i|, the coefficient of gradients
 * at length 1 stands in, if it is smaller. The mean is over the features that may move.
 */
export function referenceReacg(ask: Ask, x: Float32Array, threat: ThreatModel, gradients: number): Found {
  const { low, high } = startOf(x, threat);
  const begin = low.map((row, r) => row.map((l, j) => (l + high[r]![j]!) / 2));
  const unit = (g: readonly number[]): number[] => g.map((v) => v / (Math.sqrt(dot(g, g)) + 1e-12));
  const coefficient = (g: readonly number[], before: readonly number[], s: readonly number[]): number => {
    const change = g.map((v, j) => v - before[j]!);
    const ratio = dot(g, change) / dot(s, change);
    return Number.isFinite(ratio) ? ratio : 0;
  };
  const step = (state: State, r: number, eta: number, k: number): number[] => {
    const [g, before, s] = [state.g[r]!, state.gPrevious[r]!, state.s[r]!];
    let beta = k === 0 ? 0 : coefficient(g, before, s);
    const ratios = g.flatMap((v, j) => (threat.epsilon[j]! > 0 ? [Math.abs(v / s[j]!)] : []));
    if (k > 0 && Math.abs(beta) > ratios.reduce((a, b) => a + b, 0) / ratios.length) {
      const normalised = coefficient(unit(g), unit(before), s);
      if (Math.abs(normalised) < Math.abs(beta)) beta = normalised;
    }
    const direction = g.map((v, j) => v + beta * s[j]!);
    state.gPrevious[r] = g;
    state.s[r] = direction;
    return state.x[r]!.map((v, j) =>
      clip(v + eta * threat.epsilon[j]! * Math.sign(direction[j]!), low[r]![j]!, high[r]![j]!),
    );
  };
  return adaptive(ask, begin, threat, gradients, step, { first: 0.43, shorter: 0.24, least: 0.08 });
}

interface State {
  x: number[][];
  previous: number[][];
  g: number[][];
  gPrevious: number[][];
  s: number[][];
}

function adaptive(
  ask: Ask,
  begin: number[][],
  threat: ThreatModel,
  gradients: number,
  step: (state: State, row: number, eta: number, k: number) => number[],
  windows = { first: 0.22, shorter: 0.03, least: 0.06 },
): Found {
  const rows = begin.map((_, r) => r);
  const first = ask(begin);
  const zeros = (): number[][] => rows.map(() => threat.epsilon.length).map((n) => Array.from({ length: n }, () => 0));
  const state: State = { x: begin.slice(), previous: begin.slice(), g: first.gradient, gPrevious: zeros(), s: zeros() };
  const eta = rows.map(() => 2);
  const losses = [first.value.slice()];
  const best = {
    point: begin.slice(),
    value: first.value.slice(),
    g: first.gradient.slice(),
    gPrevious: zeros(),
    s: zeros(),
  };
  let bestAtCheck = best.value.slice();
  let reduced = rows.map(() => true);
  let window = Math.max(Math.floor(windows.first * gradients), 1);
  let since = 0;
  for (let k = 0; k + 1 < gradients; k++) {
    const from = state.x.slice();
    state.x = rows.map((r) => step(state, r, eta[r]!, k));
    state.previous = from;
    const { value, gradient } = ask(state.x);
    state.g = gradient;
    losses.push(value);
    for (const r of rows) {
      if (value[r]! <= best.value[r]!) continue;
      best.value[r] = value[r]!;
      best.point[r] = state.x[r]!;
      best.g[r] = gradient[r]!;
      best.gPrevious[r] = state.gPrevious[r]!;
      best.s[r] = state.s[r]!;
    }
    if (++since < window) continue;
    const halved = rows.map((r) => {
      let climbs = 0;
      for (let i = losses.length - window; i < losses.length; i++) if (losses[i]![r]! > losses[i - 1]![r]!) climbs++;
      return climbs <= 0.75 * window || (!reduced[r]! && bestAtCheck[r]! >= best.value[r]!);
    });
    for (const r of rows) {
      if (!halved[r]) continue;
      eta[r]! /= 2;
      state.x[r] = best.point[r]!;
      state.g[r] = best.g[r]!;
      state.gPrevious[r] = best.gPrevious[r]!;
      state.s[r] = best.s[r]!;
    }
    reduced = halved;
    bestAtCheck = best.value.slice();
    since = 0;
    window = Math.max(
      window - Math.max(Math.floor(windows.shorter * gradients), 1),
      Math.max(Math.floor(windows.least * gradients), 1),
    );
  }
  return { point: best.point, value: best.value };
}
