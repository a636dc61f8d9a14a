import type { Rng } from '../core/rng.ts';
import type { LaneSpaces } from './black-box.ts';
import type { VictimSource } from './workspace.ts';
import type { LaneEnv } from './world.ts';

/**
 * How all lanes decide: a network and a black box in one batch; a rule once per lane, since it reads physical values and may keep a count or
 * draw. A building's lanes draw from equal streams, so that twin and attacked lane differ by the attack alone.
 * @returns a function of `seen` [N×O] that writes `action` [N×A]
 */
export function decider(
  source: VictimSource,
  env: LaneEnv,
  buildings: readonly string[],
  stream: Rng,
): (seen: Float32Array, action: Float64Array) => void {
  const lanes = env.numEnvs;
  const size = env.observationSize;
  const actions = env.actionSize;
  if (source.network !== null) {
    const controller = source.open(env.observationSpace, env.actionSpace, stream);
    return (seen, action) => controller.decide(seen, lanes, action);
  }
  if (source.together !== undefined) {
    const spaces = Array.from({ length: lanes }, (_, lane) => spacesOf(env, lane));
    const controller = source.together(spaces);
    return (seen, action) => controller.decide(seen, lanes, action);
  }
  const rules = Array.from({ length: lanes }, (_, lane) => {
    const { observation, action } = spacesOf(env, lane);
    return source.open(observation, action, stream.split(buildings[lane % buildings.length]!));
  });
  return (seen, action) => {
    for (let lane = 0; lane < lanes; lane++)
      rules[lane]!.decide(
        seen.subarray(lane * size, (lane + 1) * size),
        1,
        action.subarray(lane * actions, (lane + 1) * actions),
      );
  };
}

/** What a lane's building observes and does. */
export function spacesOf(env: LaneEnv, lane: number): LaneSpaces {
  return {
    observation: { kind: 'box', features: env.laneFeatures(lane) },
    action: { kind: 'box', features: env.laneActions(lane) },
  };
}
