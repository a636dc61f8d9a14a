import { describe, expect, it } from 'vitest';
import type { VectorEnv } from '../../../../core/environment.ts';
import { rng } from '../../../../core/rng.ts';
import type { Rng } from '../../../../core/rng.ts';
import { daysFor } from '../../../../sim/grid/task/feeder-year.ts';
import { gridTasks } from '../../../../sim/grid/task/index.ts';
import type { GridTaskName } from '../../../../sim/grid/task/index.ts';
import { lockstepEnv } from '../../../../sim/lockstep-env.ts';

const names = Object.keys(gridTasks) as GridTaskName[];

/** Uniform actions within the space, and in one of ten steps far beyond it. */
function draw(env: VectorEnv, stream: Rng, action: Float64Array): Float64Array {
  const { features } = env.actionSpace;
  for (let i = 0; i < action.length; i++) {
    const { low, high } = features[i % features.length]!;
    action[i] = low + (stream.int(10) === 0 ? 9 * stream.uniform() - 4 : stream.uniform()) * (high - low);
  }
  return action;
}

describe.each(names)('%s', (name) => {
  const { kernel, measures, references } = gridTasks[name].open({}, 'judge');
  const again = gridTasks[name].open({}, 'judge');
  const width = kernel.features.length;

  it('observes what lies in [0, 1], whatever is done, under names of its own', () => {
    expect(new Set(kernel.features.map((feature) => feature.name)).size).toBe(width);
    expect(new Set(kernel.state.map((channel) => channel.name)).size).toBe(kernel.state.length);
    for (const { name: own, unit, at } of measures) expect(kernel.state[at]).toMatchObject({ name: own, unit });
    using env = lockstepEnv(kernel, 6);
    env.reset(rng(0));
    const stream = rng(1);
    const action = new Float64Array(6 * kernel.actions.length);
    let outside = 0;
    for (let step = 0; step < 3 * kernel.horizon; step++) {
      const { observation, reward } = env.step(draw(env, stream, action));
      for (const value of observation) if (!(value >= 0 && value <= 1)) outside++;
      for (const value of reward) if (!Number.isFinite(value)) outside++;
    }
    expect(outside).toBe(0);
  });

  it('gives a lane the same bits beside any others, and from its snapshot on', () => {
    const lanes = 4;
    using many = lockstepEnv(kernel, lanes);
    using one = lockstepEnv(again.kernel, 1);
    using later = lockstepEnv(again.kernel, lanes);
    many.reset(rng(8));
    const stream = rng(9);
    const action = new Float64Array(lanes * kernel.actions.length);
    for (let step = 0; step < 7; step++) many.step(draw(many, stream, action));
    const whole = many.snapshot();
    later.restore(whole);
    const [lane, size] = [2, kernel.state.length];
    const streams = lanes + lanes * size;
    one.restore(
      Float64Array.from([
        whole[lane]!,
        ...whole.subarray(lanes + lane * size, lanes + (lane + 1) * size),
        ...whole.subarray(streams + 8 * lane, streams + 8 * (lane + 1)),
      ]),
    );
    const own = kernel.actions.length;
    for (let step = 0; step < 2 * kernel.horizon; step++) {
      draw(many, stream, action);
      const { observation, reward } = many.step(action);
      const alone = one.step(action.slice(lane * own, (lane + 1) * own));
      expect([...alone.observation]).toEqual([...observation.subarray(lane * width, (lane + 1) * width)]);
      expect(alone.reward[0]).toBe(reward[lane]);
      expect([...later.step(action).observation]).toEqual([...observation]);
    }
    expect(later.snapshot()).toEqual(many.snapshot());
  });

  it('judges by references that leave the state as it is', () => {
    using env = lockstepEnv(kernel, 2);
    env.reset(rng(3));
    const state = new Float64Array(kernel.state.length);
    env.probe(1, state);
    const before = state.slice();
    for (const reach of Object.values(references)) expect(reach(state)).toBe(reach(state));
    expect(state).toEqual(before);
  });

  it('keeps what the last step came to when an episode begins anew', () => {
    using env = lockstepEnv(kernel, 1);
    env.reset(rng(3));
    const action = new Float64Array(kernel.actions.length);
    const state = new Float64Array(kernel.state.length);
    let over = false;
    for (let step = 0; step < kernel.horizon && !over; step++) {
      const batch = env.step(action);
      over = batch.truncated[0] === 1 || batch.terminated[0] === 1;
    }
    expect(over).toBe(true);
    env.probe(0, state);
    expect(measures.some(({ at }) => state[at] !== 0)).toBe(true);
  });
});

it('no day has two uses', () => {
  const all = (['train', 'choose', 'judge'] as const).flatMap((use) => [...daysFor(use)]);
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 365 }, (_, day) => day));
});
