import type { Rng } from '../core/rng.ts';
import type { DecisionAccess } from '../core/victim.ts';
import type { LaneSpaces } from './black-box.ts';
import type { VictimSource } from './workspace.ts';

/**
 * A controller beside the victim, for the lanes of one attack: row r is of lane `of[r]`, or else of lane r mod the number of lanes. A network
 * answers for all of them, a rule is opened once a lane, since it may keep a count.
 * @throws {ConfigError} when it was trained on other features
 */
export function otherController(source: VictimSource, lanes: readonly LaneSpaces[], stream: Rng): DecisionAccess {
  const [{ observation, action }] = lanes as readonly [LaneSpaces];
  if (source.network !== null) return source.open(observation, action, stream);
  if (source.together !== undefined) return source.together(lanes);
  const size = observation.features.length;
  const actions = action.features.length;
  const rules = lanes.map((lane, i) => source.open(lane.observation, lane.action, stream.split(i)));
  return {
    observationSize: size,
    actionSize: actions,
    decide(x, rows, out, of) {
      for (let row = 0; row < rows; row++)
        rules[(of?.[row] ?? row) % rules.length]!.decide(
          x.subarray(row * size, (row + 1) * size),
          1,
          out.subarray(row * actions, (row + 1) * actions),
        );
    },
  };
}
