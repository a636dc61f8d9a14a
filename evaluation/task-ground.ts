import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { gridTasks } from '../sim/grid/task/index.ts';
import type { GridTaskName } from '../sim/grid/task/index.ts';
import { lockstepGround } from './lockstep-ground.ts';
import { unitNormalisation } from './task-world.ts';
import type { TrainingGround } from './training-ground.ts';

/**
 * A control task on a grid to train on. Days that it learns on, that choose the best policy, and that examine it are not the same; `return_<name>` of the examination is what
 * another controller reaches in its episodes.
 * @throws {ConfigError} where the scenario's task is another one.
 */
export function taskGround(scenario: Scenario, name: GridTaskName, laneCount: number): TrainingGround {
  const { task } = scenario;
  if (task !== undefined && task.name !== name)
    throw new ConfigError(`the scenario's task is '${task.name}', but it trains on '${name}'`, {
      place: { path: '/task/name' },
    });
  const { open } = gridTasks[name];
  const config = task?.config ?? {};
  const judged = open(config, 'judge');
  return lockstepGround(scenario, laneCount, {
    train: open(config, 'train').kernel,
    choose: open(config, 'choose').kernel,
    examine: judged.kernel,
    normalisation: unitNormalisation,
    references(court) {
      const state = new Float64Array(judged.kernel.state.length);
      const sums: Record<string, number> = {};
      for (let lane = 0; lane < court.numEnvs; lane++) {
        court.probe(lane, state);
        for (const [reference, reach] of Object.entries(judged.references))
          sums[`return_${reference}`] = (sums[`return_${reference}`] ?? 0) + reach(state) / court.numEnvs;
      }
      return sums;
    },
  });
}
