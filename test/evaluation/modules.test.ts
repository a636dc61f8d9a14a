import { describe, expect, it } from 'vitest';
import type { Command, RunEvent, RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { rng } from '../../core/rng.ts';
import { adversaryGround } from '../../evaluation/adversary-ground.ts';
import { certify } from '../../evaluation/certify.ts';
import type { Certification } from '../../evaluation/certify.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { mergeResults } from '../../evaluation/merge.ts';
import { cut, wholePanel } from '../../evaluation/part.ts';
import type { Part } from '../../evaluation/part.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { kernel } from '../../nn/kernel/kernel.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const workspace = memoryWorkspace();
const student = { name: 'dhkd', config: { hidden: [8], steps: 128, epochs: 2 } };

function scenarioOf(value: object): Scenario {
  const whole = {
    district: { steps: 48 },
    victim: { policy: 'small-ppo' },
    attacks: [{ name: 'none' }, pgd],
    ...value,
  };
  return scenarioFrom(whole, 'test', schema);
}

const pgd = { name: 'pgd', config: { steps: 4 } };

async function events(
  scenario: Scenario,
  part?: Part,
  onEvent: (event: RunEvent, push: (command: Command) => void) => void = () => {},
): Promise<RunEvent[]> {
  const commands = commandQueue();
  let now = 0;
  const clock = { now: () => (now += 0.001), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const all: RunEvent[] = [];
  const options = { clock, commands, versions: { faultline: 'test' }, codeHash: 'test', part };
  for await (const event of runEvents(scenario, workspace, options)) {
    all.push(event);
    onEvent(event, (command) => commands.push(command));
  }
  return all;
}

async function result(value: object, part?: Part): Promise<RunResult> {
  const last = (await events(scenarioOf(value), part)).at(-1)!;
  if (last.type !== 'finished') throw new Error(`run ended with ${last.type}`);
  return last.result;
}

const withoutTimes = (one: RunResult): RunResult => ({
  ...one,
  timing: { seconds: 0, stepsPerSecond: 0, gradientsPerSecond: 0 },
  lanes: one.lanes.map(({ cost, ...lane }) => ({ ...lane, ...(cost && { cost: { ...cost, seconds: 0 } }) })),
});

describe('modules around a victim', () => {
  it('of strength 0 leave the run as it is without them, bit for bit', async () => {
    const bare = withoutTimes(await result({}));
    const off = withoutTimes(await result({ modules: [{ name: 'dhkd', config: { alpha: 0 } }] }));
    expect(off.lanes).toEqual(bare.lanes);
    expect(off.hashes.model).toBe(bare.hashes.model);
    expect(off.modules).toEqual([expect.objectContaining({ label: 'dhkd', strength: 0, applied: false, figures: {} })]);
    expect(bare.modules).toBeUndefined();
  });

  it('are what runs and what is attacked; the same scenario, the same result', async () => {
    const bare = await result({});
    const first = withoutTimes(await result({ modules: [student] }));
    expect(withoutTimes(await result({ modules: [student] }))).toEqual(first);
    expect(first.hashes.model).not.toBe(bare.hashes.model);
    expect(first.lanes[0]!.return).not.toBe(bare.lanes[0]!.return);
    expect(first.lanes[2]!.success!.rate).not.toBe(bare.lanes[2]!.success!.rate);
    expect(first.modules![0]!).toMatchObject({ label: 'dhkd', applied: true, strength: 1 });
    expect(first.modules![0]!.figures['decisionsChanged']).toBeGreaterThan(0);
    const other = await result({ modules: [student], seed: 1 });
    expect(other.lanes[0]!.return).not.toBe(first.lanes[0]!.return);
  });

  it('learn on the dataset’s whole episode, whichever part of it is run', async () => {
    const early = await result({ modules: [student] });
    const late = await result({ modules: [student], district: { start: 1000, steps: 48 } });
    expect(late.modules).toEqual(early.modules);
  });

  it('are the same in every part of a panel', async () => {
    const value = { modules: [student], district: { steps: 48, buildings: ['Building_1', 'Building_3'] } };
    const scenario = scenarioOf(value);
    const whole = await result(value);
    const parts = cut(wholePanel(scenario), null, 2);
    const merged = mergeResults(scenario, await Promise.all(parts.map((part) => result(value, part))));
    expect(withoutTimes(merged)).toEqual(withoutTimes(whole));
    const [part] = parts;
    const own = await result(value, part);
    const strange = { ...own, modules: own.modules!.map((one) => ({ ...one, figures: { rows: 1 } })) };
    expect(() => mergeResults(scenario, [whole, strange])).toThrow(/what became of the modules/);
  });

  it('say how far they are, and are broken off by a cancel, freeing what they hold', async () => {
    const scenario = scenarioOf({ modules: [{ name: 'dhkd', config: { epochs: 1000, steps: 128 } }] });
    const cancelled = async (): Promise<RunEvent[]> =>
      events(scenario, undefined, (event, push) => {
        if (event.type === 'preparing' && event.done > 0) push({ type: 'cancel' });
      });
    const told = await cancelled();
    expect(told.every((event) => event.type === 'preparing' && event.attack === 'dhkd')).toBe(true);
    expect(told.length).toBeLessThan(5);
    const before = kernel().heap.used;
    await cancelled();
    expect(kernel().heap.used).toBe(before);
  });

  it.each([
    [
      { victim: { policy: 'small-sac' }, modules: [student] },
      "/modules/0/name: module 'dhkd' acts on the logits of alternatives (a categorical head), and 'small-sac' has a squashed-gaussian head",
    ],
    [
      { victim: { policy: 'self-consumption' }, modules: [student] },
      "/modules/0/name: module 'dhkd' needs a network, but 'self-consumption' is a rule",
    ],
  ])('say whom they have no meaning for: %j', async (value, message) => {
    await expect(result(value)).rejects.toThrow(message);
  });

  it('are what an adversary is trained against', async () => {
    const rewards = async (modules: object[]): Promise<number[]> => {
      const scenario = scenarioOf({ modules, train: { environment: 'adversary' } });
      using ground = await adversaryGround(scenario, 1, workspace);
      ground.env.reset(rng(0));
      const idle = new Float64Array(ground.env.actionSpace.features.length);
      return Array.from({ length: 12 }, () => ground.env.step(idle).reward[0]!);
    };
    const bare = await rewards([]);
    expect(await rewards([{ name: 'dhkd', config: { alpha: 0 } }])).toEqual(bare);
    expect(await rewards([student])).not.toEqual(bare);
  });

  it('that leave one network can be certified, and the others are refused by name', async () => {
    const heard: string[] = [];
    const certified = async (modules: object[]): Promise<Certification> => {
      const scenario = scenarioOf({ modules, attacks: [{ name: 'planned', threat: { epsilon: 0.01 } }] });
      const cells = { soc: 20, net: 1, certified: { soc: 1, net: 1 } };
      const request = { scenario, from: 0, horizon: 2, damage: 'consumption', method: 'interval', cells } as const;
      const work = certify(request, workspace, ({ attack, done }) => {
        heard.push(`${attack} ${done}`);
        return Promise.resolve();
      });
      for (;;) {
        const { done, value } = await work.next();
        if (done === true) return value;
      }
    };
    const bare = await certified([]);
    expect(heard).toEqual([]);
    const hardened = await certified([student]);
    expect(heard[0]).toBe('dhkd 0');
    expect(heard.length).toBeGreaterThan(1);
    expect(hardened.steps[0]!.action).not.toBe(bare.steps[0]!.action);
    expect(hardened.bound).toBeGreaterThanOrEqual(hardened.attacked);
    const steer = { name: 'steer', config: { base: 'small-ppo', gamma: 1, eta: 0 } };
    await expect(certified([steer])).rejects.toThrow(
      "/modules/0/name: module 'steer' makes the victim more than one network, and only one network can be certified",
    );
  });

  it.each([
    [
      { modules: [{ name: 'steer', config: { base: 'small-pop', eta: 0 } }] },
      "/modules/0/config/base: unknown policy 'small-pop'. Did you mean 'small-ppo'?",
    ],
    [
      { modules: [{ name: 'steer', config: { base: 'small-sac', eta: 0 } }] },
      "/modules/0/config/base: 'small-sac' has a squashed-gaussian head with other alternatives than the victim's 20",
    ],
    [
      { modules: [{ name: 'steer', config: { base: 'idle', eta: 0 } }] },
      "/modules/0/config/base: 'idle' is no network",
    ],
    [
      { modules: [{ name: 'steer', config: { base: 'small-ppo', eta: 0 } }, { name: 'entropy' }] },
      "/modules/1: module 'entropy' works on the victim's own network, and 'small-ppo' is more than one with what was put around it",
    ],
  ])('name what they cannot work with: %j', async (value, message) => {
    await expect(result(value)).rejects.toThrow(message);
  });

  it.each([
    [{ modules: [{ name: 'dhdk' }] }, "/modules/0/name: unknown name 'dhdk'; did you mean 'dhkd'?"],
    [{ modules: [student, student] }, '/modules: two modules have the same label'],
    [{ modules: [{ name: 'dhkd', config: { alpha: -1 } }] }, '/modules/0/config/alpha: Too small'],
    [
      { modules: [{ name: 'dhkd', config: { alfa: 1 } }] },
      "/modules/0/config/alfa: unknown key 'alfa'; did you mean 'alpha'?",
    ],
  ])('are checked as the rest of a scenario: %j', (value, message) => {
    expect(() => scenarioOf(value)).toThrow(message);
  });
});
