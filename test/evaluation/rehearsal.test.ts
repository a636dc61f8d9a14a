import { afterEach, describe, expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { Recording } from '../../core/attack.ts';
import type { RunEvent } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const none = { ...attacks.none };
afterEach(() => void Object.assign(attacks.none, none));

const steps = 60;
const buildings = ['Building_1', 'Building_2'];

/** Runs a scenario in which `none` looks at a rehearsal first; returns what it saw and what happened. */
async function rehearsed(policy: string, part?: { attacks: number[]; buildings: number[] }, cancel = false) {
  const recordings: Recording[] = [];
  const draws: number[] = [];
  Object.assign(attacks.none, {
    make: (raw: unknown) => ({
      ...none.make(raw),
      *prepare(rehearsal: { record(steps: number): Recording; rng: { uniform(): number } }) {
        draws.push(rehearsal.rng.uniform());
        yield 0.25;
        recordings.push(rehearsal.record(steps), rehearsal.record(1e9));
        yield 1;
      },
    }),
  });
  const scenario = scenarioFrom(
    { district: { steps, buildings }, victim: { policy }, attacks: [{ name: 'none' }] },
    'test',
    schema,
  );
  const commands = commandQueue();
  let now = 0;
  const clock = { now: () => (now += 0.001), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const events: RunEvent[] = [];
  const options = { clock, commands, versions: {}, codeHash: 'test', part };
  for await (const event of runEvents(scenario, memoryWorkspace(), options)) {
    events.push(event);
    if (cancel) commands.push({ type: 'cancel' });
  }
  return { recordings, draws, events };
}

function column(events: readonly RunEvent[], name: string): number[] {
  const started = events.find((event) => event.type === 'started')!;
  const at = started.schema.channels.findIndex((channel) => channel.name === name);
  return events.flatMap((event) =>
    event.type === 'frame' ? [...event.frame.values.subarray(at * event.frame.rows, (at + 1) * event.frame.rows)] : [],
  );
}

describe('a rehearsal', () => {
  it.each(['small-ppo', 'random'])('records what the clean twins will see, do and earn (%s)', async (policy) => {
    const { recordings, events } = await rehearsed(policy);
    const [recording, whole] = recordings as [Recording, Recording];
    expect(whole).toBe(recording); // no more than an episode, and made once
    expect(recording).toMatchObject({ lanes: 2, steps });
    expect(recording.observation).toHaveLength((steps + 1) * 2 * 31);
    buildings.forEach((building, lane) => {
      const soc = column(events, `${building}/clean/soc`);
      const reward = column(events, `${building}/clean/reward`);
      expect(reward).toHaveLength(steps);
      for (let t = 0; t < steps; t++) {
        expect(Math.fround(recording.reward[t * 2 + lane]!)).toBe(reward[t]);
        // Feature 25 is the state of charge; a row of telemetry is what a step led to.
        expect(recording.observation[((t + 1) * 2 + lane) * 31 + 25]).toBeCloseTo(t === steps - 1 ? 0 : soc[t]!, 6);
      }
    });
    // The clock ends it, not the physics.
    expect([...recording.truncated].map((end, i) => end === (i >= 2 * (steps - 1) ? 1 : 0))).not.toContain(false);
    expect([...recording.terminated]).not.toContain(1);
  });

  it('is the same for every part of the panel', async () => {
    const whole = await rehearsed('small-ppo');
    const part = await rehearsed('small-ppo', { attacks: [0], buildings: [1] });
    expect(part.draws).toEqual(whole.draws);
    expect(part.recordings[0]).toEqual(whole.recordings[0]);
  });

  it('is told of before the run starts, and can be cancelled', async () => {
    const { events } = await rehearsed('small-ppo');
    expect(events.slice(0, 4)).toMatchObject([
      { type: 'preparing', attack: 'none', done: 0 },
      { type: 'preparing', attack: 'none', done: 0.25 },
      { type: 'preparing', attack: 'none', done: 1 },
      { type: 'started' },
    ]);
    const cancelled = await rehearsed('small-ppo', undefined, true);
    expect(cancelled.events).toHaveLength(1);
    expect(cancelled.recordings).toEqual([]);
  });
});
