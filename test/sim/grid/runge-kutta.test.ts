import { describe, expect, it } from 'vitest';
import { runHybrid } from '../../../sim/grid/frequency/hybrid-run.ts';
import type { HybridSystem } from '../../../sim/grid/frequency/hybrid-run.ts';
import { classicalMethod, dormandPrince } from '../../../sim/grid/frequency/runge-kutta.ts';
import type { StepMethod, VectorField } from '../../../sim/grid/frequency/runge-kutta.ts';

/** Logistic growth, whose solution is known: x' = x (1 − x), and its time beside it. */
const logistic: VectorField = {
  n: 1,
  rates(_, x, out) {
    out[0] = x[0]! * (1 - x[0]!);
  },
};
const solution = (t: number): number => 1 / (1 + 9 * Math.exp(-t));
/** Whatever the error, the step is taken. */
const loose = { relative: 1e9, absolute: 1e9 };
const methods = [
  ['classical', (n: number) => classicalMethod(n), 4, 4],
  ['Dormand and Prince', (n: number) => dormandPrince(n, loose), 5, 4],
] as const;

function integrate(method: StepMethod, steps: number, theta: number): number {
  const x = Float64Array.of(0.1);
  const h = 4 / steps;
  const inside = new Float64Array(1);
  let worst = 0;
  for (let k = 0; k < steps; k++) {
    method.step(logistic, k * h, x, h);
    method.at(theta, inside);
    worst = Math.max(worst, Math.abs(inside[0]! - solution((k + theta) * h)));
    method.at(1, x);
  }
  return worst;
}

describe.each(methods)('the %s method', (_, make, order, dense) => {
  it('is of its order at the ends of steps, and within them', () => {
    for (const [theta, wanted] of [
      [1, order],
      [0.37, dense],
    ] as const) {
      const errors = [16, 32, 64, 128].map((steps) => integrate(make(1), steps, theta));
      for (let k = 1; k < errors.length; k++) {
        const slope = Math.log2(errors[k - 1]! / errors[k]!);
        expect(slope).toBeGreaterThan(wanted - 0.2);
        expect(slope).toBeLessThan(order + 0.7);
      }
    }
  });
});

/** A ball that bounces: x = (height, speed); the only events are impacts, whose times are known. */
class Ball implements HybridSystem {
  readonly n = 2;
  readonly guards = 1;
  readonly over = false;
  readonly impacts: number[] = [];
  readonly kept: number;
  constructor(kept: number) {
    this.kept = kept;
  }
  rates(_: number, x: Float64Array, out: Float64Array): void {
    out[0] = x[1]!;
    out[1] = -9.81;
  }
  guardsAt(_: number, x: Float64Array, out: Float64Array): void {
    out[0] = x[1]! > 0 ? Infinity : x[0]!;
  }
  cross(_: number, t: number, x: Float64Array): void {
    this.impacts.push(t);
    x[0] = 0;
    x[1] = -this.kept * x[1]!;
  }
  due = (): number => Infinity;
  happen(): void {}
  taken(): void {}
}

describe('events', () => {
  it.each(methods)('are where they are: %s', (_, make) => {
    const ball = new Ball(0.8);
    const method = make(2);
    expect(runHybrid(ball, Float64Array.of(1, 0), { until: 2, maxStep: 0.01, method })).toBe('time');
    const fall = Math.sqrt(2 / 9.81);
    let [t, flight] = [fall, 2 * fall];
    expect(ball.impacts.length).toBe(3);
    for (const impact of ball.impacts) {
      expect(Math.abs(impact - t)).toBeLessThan(5e-9);
      flight *= 0.8;
      t += flight;
    }
  });

  it('that follow on each other with hardly any time between end the run', () => {
    const stuck = new Ball(-1);
    const run = { until: 2, maxStep: 0.01, method: classicalMethod(2) };
    expect(runHybrid(stuck, Float64Array.of(1, 0), run)).toBe('chatter');
    stuck.guardsAt = (_, __, out) => out.fill(-1);
    expect(runHybrid(stuck, Float64Array.of(1, 0), run)).toBe('chatter');
  });

  it('make a controlled step no longer than the tolerance allows', () => {
    // A fast and a slow decay: with 1e-9 of error the fast one must be followed.
    const system: HybridSystem = {
      n: 2,
      guards: 0,
      over: false,
      rates(_, x, out) {
        out[0] = -200 * x[0]!;
        out[1] = -x[1]!;
      },
      guardsAt() {},
      cross() {},
      due: () => Infinity,
      happen() {},
      taken() {},
    };
    const x = Float64Array.of(1, 1);
    let steps = 0;
    system.taken = () => steps++;
    const method = dormandPrince(2, { relative: 1e-10, absolute: 1e-12 });
    expect(runHybrid(system, x, { until: 1, maxStep: 1, method })).toBe('time');
    expect(Math.abs(x[1]! - Math.exp(-1))).toBeLessThan(1e-9);
    expect(steps).toBeLessThan(400);
  });
});
