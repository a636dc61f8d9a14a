import { describe, expect, it } from 'vitest';
import type { VectorEnv } from '../../../core/environment.ts';
import { ConfigError, ShapeError, StateError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { classicEnvironments } from '../../../sim/classic/index.ts';
import type { ClassicName } from '../../../sim/classic/index.ts';
import { lockstepEnv } from '../../../sim/lockstep-env.ts';

const names = Object.keys(classicEnvironments) as ClassicName[];
const open = (name: ClassicName, lanes: number) => lockstepEnv(classicEnvironments[name].kernel, lanes);

/** Uniform actions within the space. */
function draw(env: VectorEnv, stream: Rng, action: Float64Array): Float64Array {
  const { features } = env.actionSpace;
  for (let i = 0; i < action.length; i++) {
    const { low, high } = features[i % features.length]!;
    action[i] = low + stream.uniform() * (high - low);
  }
  return action;
}

/** What a batch says, copied out. */
function seen(env: VectorEnv, action: Float64Array) {
  const batch = env.step(action);
  return {
    observation: [...batch.observation],
    final: [...batch.finalObservation],
    reward: [...batch.reward],
    terminated: [...batch.terminated],
    truncated: [...batch.truncated],
  };
}

describe.each(names)('%s', (name) => {
  const { kernel } = classicEnvironments[name];
  const actionsOf = (env: VectorEnv): Float64Array => new Float64Array(env.numEnvs * kernel.actions.length);

  it('says what it observes and takes, raw', () => {
    using env = open(name, 3);
    const { observation } = env.reset(rng(0));
    expect(observation).toHaveLength(3 * env.observationSpace.features.length);
    for (const { low, high } of env.observationSpace.features) expect([low, high]).toEqual([0, 1]);
    expect(new Set(env.observationSpace.features.map((feature) => feature.name)).size).toBe(kernel.features.length);
  });

  it('gives the same bits for the same seed and others for another', () => {
    using one = open(name, 4);
    using two = open(name, 4);
    using other = open(name, 4);
    one.reset(rng(5));
    two.reset(rng(5));
    other.reset(rng(6));
    const stream = rng(1);
    let differed = false;
    for (let step = 0; step < 300; step++) {
      const action = draw(one, stream, actionsOf(one));
      const got = seen(one, action);
      expect(seen(two, action)).toEqual(got);
      differed ||= JSON.stringify(seen(other, action)) !== JSON.stringify(got);
    }
    expect(differed).toBe(true);
  });

  it('continues a snapshot to the last bit, over the ends of episodes', () => {
    using one = open(name, 5);
    using two = open(name, 5);
    one.reset(rng(2));
    two.reset(rng(77));
    const stream = rng(3);
    const action = actionsOf(one);
    for (let step = 0; step < 57; step++) one.step(draw(one, stream, action));
    two.restore(one.snapshot());
    let ended = 0;
    for (let step = 0; step < 600; step++) {
      draw(one, stream, action);
      const got = seen(one, action);
      const again = seen(two, action);
      expect({ ...again, final: null }).toEqual({ ...got, final: null });
      for (const [lane, over] of got.terminated.entries()) ended += over + got.truncated[lane]!;
    }
    expect(ended).toBeGreaterThan(4);
    expect(two.snapshot()).toEqual(one.snapshot());
  });

  it('starts over in the step that ends an episode, keeping what it ended on', () => {
    using env = open(name, 1);
    env.reset(rng(4));
    const stream = rng(5);
    const own = Float64Array.from(env.snapshot().subarray(1, 1 + kernel.state.length));
    const action = actionsOf(env);
    let ends = 0;
    for (let step = 0, age = 1; step < 1200; step++, age++) {
      draw(env, stream, action);
      const batch = env.step(action);
      const over = batch.terminated[0] === 1 || batch.truncated[0] === 1;
      // The kernel alone, one step further; a kernel that draws in its step cannot be followed this way.
      if (!name.startsWith('identity')) {
        kernel.advance(own, action, stream);
        const expected = new Float32Array(kernel.features.length);
        kernel.observe(own, expected);
        expect(over ? batch.finalObservation : batch.observation).toEqual(expected);
        expect(batch.terminated[0]).toBe(kernel.terminal?.(own) === true ? 1 : 0);
      }
      if (over) {
        expect(batch.terminated[0]! + batch.truncated[0]!).toBe(1);
        if (batch.truncated[0] === 1) expect(age).toBe(kernel.horizon);
        own.set(env.snapshot().subarray(1, 1 + kernel.state.length));
        const first = new Float32Array(kernel.features.length);
        kernel.observe(own, first);
        expect(batch.observation).toEqual(first);
        ends++;
        age = 0;
      } else expect(age).toBeLessThan(kernel.horizon);
    }
    expect(ends).toBeGreaterThan(3);
  });

  it('runs a lane alike among others and alone', () => {
    using many = open(name, 3);
    many.reset(rng(8));
    const stream = rng(9);
    const action = actionsOf(many);
    const width = kernel.features.length;
    // The second lane's state and stream, as an environment of one lane.
    const size = kernel.state.length;
    const whole = many.snapshot();
    using one = open(name, 1);
    one.restore(
      Float64Array.from([
        whole[1]!,
        ...whole.subarray(3 + size, 3 + 2 * size),
        ...whole.subarray(3 + 3 * size + 8, 3 + 3 * size + 16),
      ]),
    );
    for (let step = 0; step < 300; step++) {
      draw(many, stream, action);
      const alone = one.step(action.slice(kernel.actions.length, 2 * kernel.actions.length)).observation;
      expect([...many.step(action).observation.subarray(width, 2 * width)]).toEqual([...alone]);
    }
  });

  it('shows its true state to probes', () => {
    using env = open(name, 2);
    env.reset(rng(1));
    const out = new Float64Array(env.probeChannels.length);
    env.probe(1, out);
    expect([...out]).toEqual([...env.snapshot().subarray(2 + out.length, 2 + 2 * out.length)]);
  });

  it('refuses what makes no sense, by name', () => {
    using env = open(name, 2);
    const action = actionsOf(env);
    expect(() => env.step(action)).toThrow(StateError);
    expect(() => env.snapshot()).toThrow(StateError);
    env.reset(rng(0));
    expect(() => env.step(new Float64Array(1 + action.length))).toThrow(ShapeError);
    action[action.length - 1] = Number.NaN;
    expect(() => env.step(action)).toThrow(/lane 1: action \d is NaN, expected a finite number/);
    expect(() => env.restore(new Float64Array(3))).toThrow(ShapeError);
    expect(() => env.disturb({ type: 'load', env: 0, kw: 1, steps: 1 })).toThrow(ConfigError);
    expect(() => open(name, 0)).toThrow(ShapeError);
  });
});

describe('what is paid', () => {
  it('a cart-pole that is held up gets 500, and is cut by the clock', () => {
    using env = open('cart-pole', 1);
    let batch = env.reset(rng(0));
    let total = 0;
    const action = new Float64Array(1);
    for (let step = 0; step < 500; step++) {
      const [x, v, angle, spin] = batch.observation;
      action[0] = angle! + spin! + 0.05 * x! + 0.1 * v! > 0 ? 1 : 0;
      batch = env.step(action);
      total += batch.reward[0]!;
    }
    expect(total).toBe(500);
    expect([batch.truncated[0], batch.terminated[0]]).toEqual([1, 0]);
  });

  it('the identity environments pay the right answer best', () => {
    const total = (name: ClassicName, answer: (observation: Float32Array) => number[]): number => {
      using env = open(name, 1);
      let batch = env.reset(rng(0));
      let sum = 0;
      for (let step = 0; step < 100; step++) {
        batch = env.step(Float64Array.from(answer(batch.observation)));
        sum += batch.reward[0]!;
      }
      expect(batch.truncated[0]).toBe(1);
      return sum;
    };
    expect(total('identity-discrete', (observation) => [observation.indexOf(1)])).toBe(100);
    expect(total('identity-discrete', () => [0])).toBeLessThan(40);
    expect(total('identity-continuous', (observation) => [...observation])).toBeCloseTo(0, 9);
    expect(total('identity-vector', (observation) => [...observation])).toBeCloseTo(0, 9);
    expect(total('identity-vector', () => [0, 0, 0])).toBeLessThan(-70);
  });
});
