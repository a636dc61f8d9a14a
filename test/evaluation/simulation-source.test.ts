import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../core/scenario.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { frames } from '../../evaluation/frames.ts';
import { simulate } from '../../evaluation/simulate.ts';
import type { Simulation, SimulationOptions } from '../../evaluation/simulate.ts';
import { simulationSource } from '../../evaluation/simulation-source.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';

const whole = builtinDistrict({ seed: 0 });
const district = { ...whole, buildings: whole.buildings.slice(0, 3) };
const buildings = district.buildings.map(({ name }) => name);
const scenario = (value: object): Scenario =>
  scenarioFrom({ district: { steps: 50, buildings, ...value }, live: { frameSteps: 16 } }, 'test', schema);
const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };

function atOnce(options: SimulationOptions): Simulation {
  const run = simulate(options);
  for (;;) {
    const { done, value } = run.next();
    if (done === true) return value;
  }
}

describe('a simulation as frames', () => {
  it.each(['v2.0', 'v2.3', 'head'])(
    '%s: has the series and rewards of the same simulation run at once',
    async (profile) => {
      const options = { scenario: scenario({ profile }), district, actions: 'random', seed: 12345 };
      const source = simulationSource(options);
      const { channels } = source.recorder.schema;
      const got = await lastValueFrom(frames(() => source, { clock }).pipe(toArray()));
      expect(got.map(({ rows }) => rows)).toEqual([16, 16, 16, 2]);
      const column = (name: string): number[] => {
        const at = channels.findIndex((channel) => channel.name === name);
        expect(at, name).toBeGreaterThanOrEqual(0);
        return got.flatMap(({ values, rows }) => [...values.subarray(at * rows, (at + 1) * rows)]);
      };
      const run = atOnce(options);
      const actions = run.actionNames.length;
      for (const [lane, name] of buildings.entries()) {
        const rewards = Array.from({ length: run.steps }, (_, step) =>
          Math.fround(run.rewards[step * buildings.length + lane]!),
        );
        expect(column(`${name}/clean/reward`)).toEqual(rewards);
        const asked = Array.from({ length: run.steps }, (_, step) => Math.fround(run.actions[step * actions + lane]!));
        expect(column(`${name}/clean/action`)).toEqual(asked);
      }
    },
  );
});
