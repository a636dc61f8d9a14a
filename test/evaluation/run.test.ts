import { describe, expect, it } from 'vitest';
import { firstValueFrom, take, toArray } from 'rxjs';
import type { Command, RunEvent, RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import type { Clock } from '../../evaluation/control.ts';
import { openLoopAttack } from '../../evaluation/attack-batch.ts';
import { run$, runEvents } from '../../evaluation/run.ts';
import { simulate } from '../../evaluation/simulate.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const workspace = memoryWorkspace();

/** A clock that moves 1 ms a look, so that nothing waits and progress is still reported. */
function tickingClock(): Clock {
  let now = 0;
  return { now: () => (now += 0.001), sleep: () => new Promise((resolve) => setImmediate(resolve)) };
}

function scenario(value: object): Scenario {
  return scenarioFrom({ district: { steps: 100 }, victim: { policy: 'small-ppo' }, ...value }, 'test', schema);
}

async function events(
  value: object,
  onEvent: (event: RunEvent, push: (command: Command) => void) => void = () => {},
): Promise<RunEvent[]> {
  const commands = commandQueue();
  const all: RunEvent[] = [];
  for await (const event of runEvents(scenario(value), workspace, {
    clock: tickingClock(),
    commands,
    versions: { faultline: 'test' },
    codeHash: 'test',
  })) {
    all.push(event);
    onEvent(event, (command) => commands.push(command));
  }
  return all;
}

async function result(value: object): Promise<RunResult> {
  const last = (await events(value)).at(-1)!;
  if (last.type !== 'finished') throw new Error(`run ended with ${last.type}`);
  return last.result;
}

/** All rows of a channel over a run's frames. */
function column(all: readonly RunEvent[], name: string): number[] {
  const started = all.find((event) => event.type === 'started')!;
  const at = started.schema.channels.findIndex((channel) => channel.name === name);
  expect(at, name).toBeGreaterThanOrEqual(0);
  return all.flatMap((event) =>
    event.type === 'frame' ? [...event.frame.values.subarray(at * event.frame.rows, (at + 1) * event.frame.rows)] : [],
  );
}

const withoutTimes = (one: RunResult): unknown => ({
  ...one,
  timing: null,
  lanes: one.lanes.map((lane) => ({ ...lane, cost: { ...lane.cost, seconds: null } })),
});
const panel = [
  { name: 'random-noise' },
  { name: 'bifurcation', config: { steps: 5 } },
  { name: 'toggle-bifurcation', config: { steps: 5 } },
  { name: 'pgd', config: { steps: 5, restarts: 2 } },
];

describe('run', () => {
  it.each(['small-ppo', 'small-sac'])('same scenario and seed: the same result but for times (%s)', async (policy) => {
    const value = { victim: { policy }, attacks: panel };
    const first = await result(value);
    expect(withoutTimes(await result(value))).toEqual(withoutTimes(first));
    expect(withoutTimes(await result({ ...value, seed: 1 }))).not.toEqual(withoutTimes(first));
    expect(first.lanes.map((lane) => lane.attack)).toEqual([
      'clean',
      'random-noise',
      'bifurcation',
      'toggle-bifurcation',
      'pgd',
    ]);
  });

  it('an attack of epsilon 0 is the clean twin to the last bit', async () => {
    const [clean, attacked] = (
      await result({ attacks: [{ name: 'bifurcation', threat: { epsilon: 0 }, config: { steps: 3 } }] })
    ).lanes;
    expect(attacked!.kpis).toEqual(clean!.kpis);
    expect(attacked!.return).toBe(clean!.return);
    expect(Object.values(attacked!.regret!).every((value) => value === null || value === 0)).toBe(true);
    expect(attacked!.norms!.linfMax).toBe(0);
  });

  it('a lane’s numbers do not depend on the lanes beside it', async () => {
    const alone = await result({ attacks: [panel[1]] });
    const together = await result({
      district: { steps: 100, buildings: ['Building_1', 'Building_3', 'Building_6'] },
      attacks: panel,
    });
    const pick = (one: RunResult, lane: string) => one.lanes.find((candidate) => candidate.lane === lane)!;
    for (const lane of ['Building_1/clean', 'Building_1/bifurcation']) {
      const { cost: one, ...expected } = pick(alone, lane);
      const { cost: other, ...got } = pick(together, lane);
      expect(got).toEqual(expected);
      expect([other?.queries, other?.gradients]).toEqual([one?.queries, one?.gradients]);
    }
  });

  it('the clean twin is what `simulate` gives for the same controller', async () => {
    const value = scenario({ victim: { policy: 'self-consumption' }, attacks: [{ name: 'none' }] });
    const last = (await events({ victim: { policy: 'self-consumption' }, attacks: [{ name: 'none' }] })).at(-1)!;
    const district = await workspace.dataset('builtin', ['Building_1']);
    const running = simulate({ scenario: value, district, actions: 'self-consumption', seed: 0 });
    let next = running.next();
    while (!next.done) next = running.next();
    const consumption = next.value.kpis.find(
      (row) => row.level === 'building' && row.costFunction === 'electricity_consumption_total',
    )!.value;
    expect(last.type === 'finished' && last.result.lanes[0]!.kpis['electricity_consumption_total']).toBe(consumption);
    expect(consumption).toBeLessThan(1);
  });

  it('says of each lane how often a constraint held its attacker back, each building by its own battery and data', async () => {
    const threat = { preset: 'paper-5%', constraints: [{ name: 'physical' }, { name: 'budget', steps: 40 }] };
    const attack = { name: 'toggle-bifurcation', threat, config: { steps: 4 } };
    const buildings = ['Building_1', 'Building_3'];
    const both = await result({ district: { steps: 60, buildings }, attacks: [attack] });
    expect(both.lanes[0]!.constraints).toBeUndefined();
    const counts = both.lanes[3]!.constraints!;
    expect(Object.keys(counts)).toEqual(['circle', 'levels', 'night', 'rate', 'forecast', 'soc', 'energy', 'budget']);
    expect(counts['budget']).toEqual({ bound: 20, gaveWay: 0 });
    expect(counts['energy']!.bound).toBeGreaterThan(10);
    const alone = await result({ district: { steps: 60, buildings: ['Building_3'] }, attacks: [attack] });
    expect(alone.lanes[1]!.constraints).toEqual(counts);
    expect(alone.lanes[1]!.kpis).toEqual(both.lanes[3]!.kpis);
  });

  it('follows what a rule does, which no network decides', async () => {
    const threat = { constraints: [{ name: 'soc', tolerance: 0.001 }] };
    const { lanes } = await result({
      victim: { policy: 'basic-battery' },
      attacks: [{ name: 'random-noise', threat }],
    });
    expect(lanes[1]!.constraints!['soc']!.gaveWay).toBeLessThan(10);
    expect(lanes[1]!.constraints!['soc']!.bound).toBeGreaterThan(10);
  });

  it('frames are gap-free, hold every step and agree with the result', async () => {
    const all = await events({ live: { frameSteps: 7 }, attacks: [panel[1]] });
    const frames = all.flatMap((event) => (event.type === 'frame' ? [event.frame] : []));
    expect(frames.map((frame) => frame.seq)).toEqual(frames.map((_, i) => i));
    expect(frames.reduce((step, frame) => (expect(frame.step0).toBe(step), step + frame.rows), 0)).toBe(100);
    const last = all.at(-1)!;
    const lane = last.type === 'finished' ? last.result.lanes[1]! : undefined;
    expect(column(all, 'Building_1/bifurcation/regret.electricity_consumption_total').at(-1)).toBeCloseTo(
      lane!.regret!['electricity_consumption_total']!,
      5,
    );
    expect(Math.max(...column(all, 'Building_1/bifurcation/linf'))).toBeCloseTo(lane!.norms!.linfMax, 6);
    expect(column(all, 'Building_1/clean/reward').reduce((sum, reward) => sum + reward, 0)).toBeCloseTo(
      last.type === 'finished' ? last.result.lanes[0]!.return : 0,
      3,
    );
  });

  it('what was reported lies in the threat set around what was true, in physical units', async () => {
    const all = await events({
      attacks: [{ name: 'bifurcation', threat: { epsilon: 0.03, mask: ['time'] }, config: { steps: 10 } }],
    });
    const started = all.find((event) => event.type === 'started')!;
    for (const { name, range } of started.schema.channels.filter((channel) => channel.signal?.startsWith('true.'))) {
      const truth = column(all, name);
      const reported = column(all, name.replace('/true.', '/reported.'));
      const moved = Math.max(...truth.map((value, t) => Math.abs(value - reported[t]!)));
      const [low, high] = range!;
      expect(moved, name).toBeLessThanOrEqual(0.03 * (high - low) + 1e-6 * Math.max(Math.abs(low), Math.abs(high)));
      if (/(month|day_type|hour)_(cos|sin)$/.test(name)) expect(moved, name).toBe(0);
    }
    expect(Math.max(...column(all, 'Building_1/bifurcation/linf'))).toBeLessThanOrEqual(Math.fround(0.03));
    const norm = started.schema.channels.find(({ name }) => name === 'Building_1/bifurcation/linf')!;
    expect(norm.limit).toBeCloseTo(0.03, 6);
  });

  it('the decision on what was true stands beside what was done', async () => {
    const all = await events({ attacks: [panel[1]] });
    const [intended, done, changed] = ['intended', 'action', 'success'].map((signal) =>
      column(all, `Building_1/bifurcation/${signal}`),
    );
    expect(changed!.some((yes) => yes === 1)).toBe(true);
    expect(intended!.map((value, t) => (value === done![t] ? 0 : 1))).toEqual(changed);
  });

  it('pauses, steps, resumes and cancels', async () => {
    let paused = 0;
    const stepped: number[] = [];
    const all = await events({ live: { frameSteps: 10 } }, (event, push) => {
      if (event.type === 'frame' && event.frame.seq === 0) push({ type: 'pause' });
      if (event.type === 'state' && event.state === 'paused' && paused++ === 0) push({ type: 'step', steps: 3 });
      if (event.type === 'progress' && paused > 0) {
        stepped.push(event.step);
        if (paused === 2) push({ type: 'resume' });
      }
      if (event.type === 'frame' && event.frame.step0 >= 50) push({ type: 'cancel' });
    });
    expect(stepped).toContain(13);
    expect(all.some((event) => event.type === 'finished')).toBe(false);
    const rows = all.reduce((sum, event) => sum + (event.type === 'frame' ? event.frame.rows : 0), 0);
    expect(rows).toBeGreaterThanOrEqual(50);
    expect(rows).toBeLessThan(100);
  });

  it('unsubscribing stops a run', async () => {
    const options = { clock: tickingClock(), commands: commandQueue(), versions: {}, codeHash: '' };
    const first = await firstValueFrom(run$(scenario({}), workspace, options).pipe(take(2), toArray()));
    expect(first.map((event) => event.type)).toEqual(['started', 'frame']);
  });

  it('the paced loop keeps its speed and hears commands while it waits', async () => {
    const slept: number[] = [];
    let now = 0;
    const clock: Clock = { now: () => now, sleep: (ms) => Promise.resolve(void (slept.push(ms), (now += ms / 1000))) };
    const commands = commandQueue();
    for await (const event of runEvents(
      scenario({ district: { steps: 20 }, live: { stepsPerSecond: 10 } }),
      workspace,
      { clock, commands, versions: {}, codeHash: '' },
    ))
      void event;
    expect(now).toBeGreaterThan(1.8);
    expect(now).toBeLessThan(2.5);
    expect(Math.max(...slept)).toBeLessThanOrEqual(200);
  });

  it.each([
    [{ victim: { policy: 'smal-ppo' } }, /unknown policy 'smal-ppo'. Did you mean 'small-ppo'/],
    [
      { victim: { policy: 'idle' }, attacks: [{ name: 'pgd' }] },
      /attacks\/0\/name: attack 'pgd' needs gradient access, but 'idle' is a rule/,
    ],
    [{ district: { buildings: ['Building_99'] } }, /unknown building 'Building_99'/],
    [
      { district: { normalisation: 'citylearn-2.0.0' } },
      /trained on normalisation 'fixed', the scenario says 'citylearn-2.0.0'/,
    ],
    [{ district: { steps: 1_000_000 } }, /steps is 1000000, expected 1 … 8759/],
    [{ attacks: [{ name: 'bifurcation', threat: { overrides: { solar: 0.1 } } }] }, /unknown feature 'solar'/],
    [{ victim: { policy: 'small-sac' }, attacks: [{ name: 'pgd', config: { objective: 'dlr' } }] }, /dlr/],
  ])('refuses %j by name', async (value, message) => {
    await expect(events(value)).rejects.toThrow(message);
  });

  it('states what a sound evaluation must satisfy', async () => {
    const { checks } = await result({ attacks: panel });
    expect(checks.map((check) => check.name)).toEqual(
      expect.arrayContaining([
        'threat-set/bifurcation',
        'moves/Building_1/bifurcation',
        'beats-noise/Building_1/bifurcation',
      ]),
    );
    expect(checks.filter((check) => check.name.startsWith('threat-set')).every((check) => check.passed)).toBe(true);
  });
});

it('another controller’s actions are forced by searches that learn, ask and strike in their own ways', async () => {
  const target = { imitate: 'bang-bang' };
  const { lanes } = await result({
    attacks: [
      { name: 'universal', config: { record: 48, steps: 5, target, objective: 'cross-entropy' } },
      { name: 'min-epsilon', config: { attack: 'fgsm', config: { target, objective: 'cross-entropy' } } },
      { name: 'boundary', config: { queryBudget: 20, target } },
      { name: 'fgsm', config: { target, objective: 'cross-entropy', timing: { duty: 0.5 } } },
    ],
  });
  for (const lane of lanes.filter(({ attack }) => attack !== 'clean'))
    if (lane.attack === 'boundary') expect(lane.cost!.queries).toBeGreaterThan(lane.steps);
    else expect(lane.norms!.linfMax).toBeGreaterThan(0);
});

describe('attacks that listen, remember or only ask', () => {
  it('run in the closed loop: learned before the first step, noted in the result, without a question to the victim', async () => {
    const { lanes, checks } = await result({
      attacks: [
        { name: 'snooping', config: { days: 4, hidden: [16], epochs: 20 } },
        { name: 'sensor-delay', config: { steps: 4 } },
        { name: 'sensor-dropout', threat: { preset: 'unbounded', mask: ['time'] } },
        { name: 'square', config: { queryBudget: 10 } },
        { name: 'boundary', config: { queryBudget: 10 } },
      ],
    });
    const lane = (attack: string) => lanes.find((one) => one.attack === attack)!;
    expect(lane('snooping').notes![0]).toMatch(/^imitator of 76 recorded pairs, 20 epochs; on 20 later ones/);
    expect(lane('snooping').cost!.queries + lane('snooping').cost!.gradients).toBe(0);
    expect(lane('snooping').norms!.linfMax).toBeLessThanOrEqual(0.05);
    expect(lane('sensor-delay').norms!.linfMax).toBeGreaterThan(0.3);
    expect(lane('sensor-dropout').norms!.physical['hour_cos']!.max).toBe(0);
    for (const name of ['square', 'boundary']) expect(lane(name).cost!.queries).toBeLessThanOrEqual(10 * 100);
    expect(checks.filter(({ name }) => name.startsWith('threat-set/')).every(({ passed }) => passed)).toBe(true);
  });
});

describe('attacks on actions', () => {
  it('change what is done and nothing that is seen', async () => {
    const all = await events({ attacks: [{ name: 'action-flip', config: { share: 1 } }, { name: 'action-hold' }] });
    const last = all.at(-1)!;
    if (last.type !== 'finished') throw new Error('unfinished');
    const lane = (attack: string) => last.result.lanes.find((one) => one.attack === attack)!;
    const flipped = lane('action-flip');
    expect(flipped.norms!.linfMax).toBe(0);
    expect(flipped.cost).toMatchObject({ queries: 0, gradients: 0 });
    expect(flipped.success!.sideChangeRate).toBeGreaterThan(0.5);
    expect(flipped.success!.meanAbsoluteActionChange).toBeGreaterThan(0.01);
    expect(flipped.return).not.toBe(lane('clean').return);
    // At the first step both lanes see the same and decide the same.
    const [clean, done] = ['clean', 'action-flip'].map((attack) => column(all, `Building_1/${attack}/action`));
    expect(done![0]).toBe(-clean![0]!);
    expect(column(all, 'Building_1/action-flip/intended')).toEqual(done!.map((value) => (value === 0 ? 0 : -value)));
    const held = column(all, 'Building_1/action-hold/action');
    expect(new Set(held).size).toBe(1);
  });

  it('have no threat, and refuse one by name', () => {
    const attack = scenario({ attacks: [{ name: 'action-flip', threat: {} }] }).attacks[0]!;
    expect(attack.threat).toEqual({});
    expect(() => scenario({ attacks: [{ name: 'action-flip', threat: { epsilon: 0.1 } }] })).toThrow(
      /\/attacks\/0\/threat\/epsilon: unknown key 'epsilon'/,
    );
    expect(scenario({ attacks: [{ name: 'pgd', threat: { epsilon: 0.1 } }] }).attacks[0]!.threat['epsilon']).toBe(0.1);
  });

  it('are not for recorded observations', () => {
    const attack = { name: 'action-flip', threat: {}, config: {} };
    expect(() => openLoopAttack(attack)).toThrow(/changes actions, not observations/);
    expect(() => openLoopAttack({ ...attack, name: 'evasive' })).toThrow(
      /evades detectors, which recorded rows have none/,
    );
  });
});

describe('compromised buildings', () => {
  const district = { buildings: ['Building_1', 'Building_2', 'Building_3'], steps: 50 };

  it('are a share of the panel, the rest of which runs clean', async () => {
    const { lanes } = await result({ district, attacks: [{ name: 'bifurcation', compromised: { share: 0.34 } }] });
    const attacked = lanes.filter((lane) => lane.attack === 'bifurcation');
    expect(attacked.map((lane) => lane.compromised).filter(Boolean)).toHaveLength(1);
    for (const lane of attacked) {
      const twin = lanes.find((one) => one.attack === 'clean' && one.building === lane.building)!;
      if (lane.compromised === true) expect(lane.norms!.linfMax).toBeGreaterThan(0);
      else {
        expect(lane.kpis).toEqual(twin.kpis);
        expect(lane.norms).toBeUndefined();
      }
    }
    const again = await result({ district, attacks: [{ name: 'bifurcation', compromised: { share: 0.34 } }] });
    expect(again.lanes.map((lane) => lane.compromised)).toEqual(lanes.map((lane) => lane.compromised));
  });

  it('or those that are named, attacked as if all were', async () => {
    const named = { name: 'pgd', config: { steps: 5, start: 'random' } };
    const some = await result({
      district,
      attacks: [{ ...named, compromised: { buildings: ['Building_1', 'Building_3'] } }],
    });
    const every = await result({ district, attacks: [named] });
    const of = ({ lanes }: RunResult, building: string) =>
      lanes.find((lane) => lane.attack === 'pgd' && lane.building === building)!;
    expect(of(some, 'Building_3').kpis).toEqual(of(every, 'Building_3').kpis);
    expect([1, 2, 3].map((b) => of(some, `Building_${b}`).compromised)).toEqual([true, false, true]);
    expect(of(every, 'Building_1').compromised).toBeUndefined();
    const wrong = result({ district, attacks: [{ ...named, compromised: { buildings: ['Building_9'] } }] });
    await expect(wrong).rejects.toThrow("/attacks/0/compromised/buildings/0: unknown building 'Building_9'");
  });
});
