import type { StepBatch } from '../core/environment.ts';
import { rng } from '../core/rng.ts';
import type { Scenario } from '../core/scenario.ts';
import { channelTable } from './channels.ts';
import { districtGauges } from './district-world.ts';
import type { FrameSource } from './frames.ts';
import { simulationEnv, source } from './simulate.ts';
import type { SimulationOptions } from './simulate.ts';

/**
 * A simulation of given actions or of a controller, step by step with its telemetry: `frames(() => simulationSource(…), …)` streams it.
 * The channels are those of a run's clean lanes: `<building>/clean/<signal>`.
 * @throws {ConfigError} for what the scenario asks of the district and cannot be
 */
export function simulationSource(options: SimulationOptions & { readonly scenario: Scenario }): FrameSource {
  const env = simulationEnv(options);
  const decide = source(options, env);
  const lanes = env.numEnvs;
  const width = env.actionSize;
  const names = options.district.buildings.map((building) => building.name);
  const gauges = districtGauges(env);
  const { recorder, channels } = channelTable(options.scenario, env, gauges, names, [], []);
  const action = new Float64Array(lanes * width);
  const laneAction = names.map((_, lane) => action.subarray(lane * width, (lane + 1) * width));
  gauges.tap((lane, reward) => channels[lane]!.physics(recorder, laneAction[lane]!, reward));
  let batch: StepBatch = env.reset(rng(options.seed).split('environment'));
  let step = 0;
  return {
    recorder,
    totalSteps: env.episodeSteps,
    get step() {
      return step;
    },
    advance() {
      decide(step, batch.observation, action);
      batch = env.step(action);
      step++;
      for (let lane = 0; lane < lanes; lane++) channels[lane]!.kpis(recorder, gauges.kpis[lane]!, undefined);
      return recorder.endRow();
    },
    [Symbol.dispose]() {
      env[Symbol.dispose]();
    },
  };
}
