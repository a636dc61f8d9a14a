import type { PresetName } from '../agents/preset.ts';
import { classicEnvironments } from '../sim/classic/index.ts';
import type { ClassicName } from '../sim/classic/index.ts';
import { gridTasks } from '../sim/grid/task/index.ts';
import type { GridTaskName } from '../sim/grid/task/index.ts';

/** What a controller can be trained on. */
export interface TrainingEnvironment {
  readonly title: string;
  /** The preset that a scenario takes when it names none. */
  readonly preset: PresetName;
  /** Steps that a training takes when the scenario says none; null: the preset's. */
  readonly steps: number | null;
}

export type EnvironmentName = 'district' | 'adversary' | ClassicName | GridTaskName;

/** Every environment, by the names of scenarios and the command line; the first is the default. */
export const environments: Readonly<Record<EnvironmentName, TrainingEnvironment>> = {
  district: { title: 'one building of the scenario’s district', preset: 'district', steps: null },
  adversary: {
    title: 'the scenario’s victim on such a building, whose observations the learner perturbs',
    preset: 'adversary',
    steps: null,
  },
  ...(Object.fromEntries(
    Object.entries({ ...classicEnvironments, ...gridTasks }).map(([name, { title, steps }]) => [
      name,
      { title, preset: 'sb3', steps },
    ]),
  ) as Record<ClassicName | GridTaskName, TrainingEnvironment>),
};

/** Whether an environment is a control task on a grid, and so can be a victim's world as well. */
export function isGridTask(name: string): name is GridTaskName {
  return Object.hasOwn(gridTasks, name);
}
