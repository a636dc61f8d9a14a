import type { Recording, Rehearsal } from '../core/attack.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import { decider } from './decider.ts';
import type { VictimSource } from './workspace.ts';
import type { LaneEnv } from './world.ts';

/** What a rehearsal plays: the scenario's world and controller, unattacked, as the run's clean twins will see them. */
export interface Stage {
  readonly source: VictimSource;
  readonly buildings: readonly string[];
  /** A lane for each of the buildings. */
  open(): LaneEnv;
  /** Of the controller, and of the environment. */
  readonly controller: Rng;
  readonly environment: Rng;
}

/**
 * Clean recordings of a scenario, each made when it is first asked for. They cover all its buildings whichever of them a part of the panel
 * holds, so that what an attack learns from them does not depend on how the panel is shared out.
 * @returns a function of the number of steps and of the noise on the actions; no more than one episode is recorded
 */
export function recordings(stage: Stage): Rehearsal['record'] {
  const known = new Map<string, Recording>();
  return (wanted, exploration = 0) => {
    if (!(wanted >= 1)) throw new ConfigError(`a recording of ${wanted} steps, expected at least 1`);
    using env = stage.open();
    const steps = Math.min(Math.floor(wanted), env.episodeSteps);
    const key = `${steps} ${exploration}`;
    const made = known.get(key) ?? record(stage, env, steps, exploration);
    known.set(key, made);
    return made;
  };
}

function record(stage: Stage, env: LaneEnv, steps: number, exploration: number): Recording {
  const lanes = env.numEnvs;
  const rows = env.observationSize * lanes;
  const actions = env.actionSize * lanes;
  const decide = decider(stage.source, env, stage.buildings, stage.controller);
  const observation = new Float32Array((steps + 1) * rows);
  const action = new Float64Array(steps * actions);
  const reward = new Float64Array(steps * lanes);
  const noise = stage.controller.split('exploration');
  const terminated = new Uint8Array(steps * lanes);
  const truncated = new Uint8Array(steps * lanes);
  observation.set(env.reset(stage.environment).observation);
  for (let t = 0; t < steps; t++) {
    const taken = action.subarray(t * actions, (t + 1) * actions);
    decide(observation.subarray(t * rows, (t + 1) * rows), taken);
    if (exploration > 0) disturb(taken, env.actionSpace.features, exploration, noise);
    const batch = env.step(taken);
    reward.set(batch.reward, t * lanes);
    terminated.set(batch.terminated, t * lanes);
    truncated.set(batch.truncated, t * lanes);
    observation.set(batch.observation, (t + 1) * rows);
  }
  return { lanes, steps, observation, action, reward, terminated, truncated };
}

/** Adds normal noise to actions [lanes×A], in half ranges, and keeps them in their range. */
function disturb(action: Float64Array, features: readonly Feature[], exploration: number, noise: Rng): void {
  for (let i = 0; i < action.length; i++) {
    const { low, high } = features[i % features.length]!;
    action[i] = Math.min(high, Math.max(low, action[i]! + (exploration * noise.normal() * (high - low)) / 2));
  }
}
