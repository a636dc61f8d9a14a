import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { cartPole } from '../../../sim/classic/cart-pole.ts';
import { pendulum } from '../../../sim/classic/pendulum.ts';

interface Recorded {
  readonly start: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly stride: number;
}
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'golden', 'classic-control.json'), 'utf8'),
) as {
  readonly cartPole: readonly (Recorded & { readonly pushes: string; readonly end: number })[];
  readonly pendulum: readonly (Recorded & { readonly torques: number[]; readonly rewards: readonly number[] })[];
};
const stream = rng(0);

/** The unstable pole multiplies rounding by about e^(4t); within the recorded two seconds that stays below this. */
const tolerance = 1e-9;

describe('trajectories are those of test/golden/classic_control.py', () => {
  it.each(golden.cartPole.map((recorded, i) => [i, recorded] as const))('cart-pole %i', (_i, recorded) => {
    const state = Float64Array.from(recorded.start);
    let end: number | undefined;
    for (const [t, push] of recorded.pushes.split('').entries()) {
      expect(cartPole.advance(state, Float64Array.of(Number(push)), stream)).toBe(1);
      if (cartPole.terminal!(state)) end ??= t;
      if ((t + 1) % recorded.stride > 0) continue;
      const expected = recorded.states[(t + 1) / recorded.stride - 1]!;
      for (const [i, value] of expected.entries())
        expect(Math.abs(state[i]! - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
    }
    expect(end).toBe(recorded.end);
  });

  it.each(golden.pendulum.map((recorded, i) => [i, recorded] as const))('pendulum %i', (_i, recorded) => {
    const state = Float64Array.from(recorded.start);
    for (const [t, torque] of recorded.torques.entries()) {
      const reward = pendulum.advance(state, Float64Array.of(torque), stream);
      if ((t + 1) % recorded.stride > 0) continue;
      const at = (t + 1) / recorded.stride - 1;
      expect(reward).toBeCloseTo(recorded.rewards[at]!, 9);
      for (const [i, value] of recorded.states[at]!.entries()) expect(state[i]).toBeCloseTo(value, 9);
    }
  });
});

const within = (limit: number): fc.Arbitrary<number> => fc.double({ min: -limit, max: limit, noNaN: true });

describe('cart-pole', () => {
  const states = fc.tuple(within(2), within(3), within(0.2), within(3));

  /** Kinetic energy of cart and rod and the rod's height, J. */
  const energy = ([, v, angle, spin]: Float64Array): number =>
    0.55 * v! ** 2 + 0.05 * v! * spin! * Math.cos(angle!) + (0.1 / 6) * spin! ** 2 + 0.49 * Math.cos(angle!);

  it('has no handedness: mirrored states and pushes stay mirrored', () => {
    fc.assert(
      fc.property(states, fc.array(fc.boolean(), { maxLength: 30 }), (start, pushes) => {
        const state = Float64Array.from(start);
        const mirror = state.map((value) => -value);
        for (const right of pushes) {
          cartPole.advance(state, Float64Array.of(right ? 1 : 0), stream);
          cartPole.advance(mirror, Float64Array.of(right ? 0 : 1), stream);
        }
        expect([...mirror].every((value, i) => value === -state[i]!)).toBe(true);
      }),
    );
  });

  it('does not care where on the track it is', () => {
    fc.assert(
      fc.property(states, within(100), (start, shift) => {
        const here = Float64Array.from(start);
        const there = Float64Array.from([start[0] + shift, start[1], start[2], start[3]]);
        cartPole.advance(here, Float64Array.of(1), stream);
        cartPole.advance(there, Float64Array.of(1), stream);
        expect([...there.subarray(1)]).toEqual([...here.subarray(1)]);
        expect(there[0]! - here[0]!).toBeCloseTo(shift, 9);
      }),
    );
  });

  it('gains the work of the force, up to the square of the step', () => {
    fc.assert(
      fc.property(states, fc.boolean(), (start, right) => {
        const state = Float64Array.from(start);
        const before = energy(state);
        cartPole.advance(state, Float64Array.of(right ? 1 : 0), stream);
        const work = (right ? 10 : -10) * start[1] * 0.02;
        // The rest is of second order: at most 0.021 J over these states, beside a work of up to 0.6 J.
        expect(Math.abs(energy(state) - before - work)).toBeLessThan(0.025);
      }),
    );
  });

  it('pushes right from 0.5 on', () => {
    const velocityAfter = (action: number): number => {
      const state = new Float64Array(4);
      cartPole.advance(state, Float64Array.of(action), stream);
      return state[1]!;
    };
    expect(velocityAfter(0.5)).toBe(velocityAfter(1));
    expect(velocityAfter(0.4999)).toBe(velocityAfter(-7));
    expect(velocityAfter(1)).toBeGreaterThan(0);
    expect(velocityAfter(0)).toBe(-velocityAfter(1));
  });

  it('ends beyond its limits, not on them', () => {
    const limit = (12 * 2 * Math.PI) / 360;
    expect(cartPole.terminal!(Float64Array.of(2.4, 0, -limit, 0))).toBe(false);
    expect(cartPole.terminal!(Float64Array.of(-2.4000001, 0, 0, 0))).toBe(true);
    expect(cartPole.terminal!(Float64Array.of(0, 9, limit + 1e-9, 0))).toBe(true);
  });

  it('starts uniformly within ±0.05', () => {
    const state = new Float64Array(4);
    const drawn: number[] = [];
    const own = rng(3);
    for (let i = 0; i < 2000; i++) {
      cartPole.init(state, own);
      drawn.push(...state);
    }
    expect(Math.min(...drawn)).toBeLessThan(-0.0499);
    expect(Math.max(...drawn)).toBeGreaterThan(0.0499);
    expect(drawn.every((value) => Math.abs(value) <= 0.05)).toBe(true);
    expect(drawn.reduce((sum, value) => sum + value, 0) / drawn.length).toBeCloseTo(0, 2);
  });
});

describe('pendulum', () => {
  const states = fc.tuple(within(20), within(8));

  it('has no handedness', () => {
    fc.assert(
      fc.property(states, fc.array(within(3), { maxLength: 30 }), (start, torques) => {
        const state = Float64Array.from(start);
        const mirror = state.map((value) => -value);
        for (const torque of torques) {
          const reward = pendulum.advance(state, Float64Array.of(torque), stream);
          expect(pendulum.advance(mirror, Float64Array.of(-torque), stream)).toBeCloseTo(reward, 9);
        }
        expect([...mirror].every((value, i) => value === -state[i]!)).toBe(true);
      }),
    );
  });

  it('is the same after a whole turn', () => {
    fc.assert(
      fc.property(within(3), within(8), within(2), fc.integer({ min: -5, max: 5 }), (angle, speed, torque, turns) => {
        const here = Float64Array.of(angle, speed);
        const there = Float64Array.of(angle + 2 * Math.PI * turns, speed);
        const reward = pendulum.advance(here, Float64Array.of(torque), stream);
        expect(pendulum.advance(there, Float64Array.of(torque), stream)).toBeCloseTo(reward, 9);
        expect(there[1]).toBeCloseTo(here[1]!, 9);
      }),
    );
  });

  it('keeps its energy without torque: a symplectic step does not drift', () => {
    const energy = ([angle, speed]: Float64Array): number => speed! ** 2 / 6 + 5 * Math.cos(angle!);
    const state = Float64Array.of(2, 0);
    const before = energy(state);
    let worst = 0;
    for (let step = 0; step < 20_000; step++) {
      pendulum.advance(state, Float64Array.of(0), stream);
      worst = Math.max(worst, Math.abs(energy(state) - before));
    }
    expect(worst).toBeLessThan(0.6); // it breathes with the step's size, over 10 J from bottom to top
    expect(worst).toBeGreaterThan(0.01); // and would not, were the integrator exact: the check sees something
  });

  it('clips torque and speed, and pays for the clipped torque', () => {
    const far = Float64Array.of(Math.PI / 2, 8);
    const near = far.slice();
    const reward = pendulum.advance(far, Float64Array.of(50), stream);
    expect(pendulum.advance(near, Float64Array.of(2), stream)).toBe(reward);
    expect(reward).toBeCloseTo(-((Math.PI / 2) ** 2 + 6.4 + 0.004), 12);
    expect([...far]).toEqual([...near]);
    expect(far[1]).toBe(8);
  });

  it('observes the cosine, the sine and the speed', () => {
    const out = new Float32Array(3);
    pendulum.observe(Float64Array.of(1, -2), out);
    expect([...out]).toEqual([Math.fround(Math.cos(1)), Math.fround(Math.sin(1)), -2]);
  });
});
