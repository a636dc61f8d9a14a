import { ConfigError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { assertNormalisation, buildingBond } from './district.ts';
import { districtWorld } from './district-world.ts';
import { taskWorld, unitNormalisation } from './task-world.ts';
import type { VictimSource, Workspace } from './workspace.ts';
import type { World } from './world.ts';

/** The world of a scenario's victim, `groups` times over: its task, or where it has none its district. @param only these of its sites */
export async function openWorld(
  scenario: Scenario,
  workspace: Workspace,
  groups: number,
  only: readonly number[],
): Promise<World> {
  const { task } = scenario;
  if (task === undefined) return districtWorld(scenario, workspace, groups, only);
  if (scenario.grid !== undefined)
    throw new ConfigError('a task has a network of its own: leave out `grid`, or `task`', { place: { path: '/grid' } });
  return taskWorld({ ...scenario, task }, groups, only);
}

/** @throws {ConfigError} for a policy that was trained on observations that are normalised otherwise. */
export function assertSuits(source: Pick<VictimSource, 'name' | 'normalisation'>, scenario: Scenario): void {
  if (scenario.task === undefined) return assertNormalisation(source, scenario);
  if (source.normalisation === null || source.normalisation === unitNormalisation) return;
  throw new ConfigError(
    `policy '${source.name}' was trained on normalisation '${source.normalisation}', and not on the task '${scenario.task.name}'`,
    { place: { path: '/victim/policy' } },
  );
}

/** Why a scenario's sites can only be simulated together; null when they can be parted, as episodes of a task always can. */
export async function siteBond(scenario: Scenario, workspace: Workspace): Promise<string | null> {
  return scenario.task === undefined ? buildingBond(scenario, workspace) : null;
}
