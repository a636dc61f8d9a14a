import type { Scenario } from '../core/scenario.ts';
import { headline as taskHeadline } from '../sim/grid/task/task.ts';

/** What a scenario's victim acts in side by side, by name: buildings of its district, or episodes of its task. */
export function sitesOf({ task, district }: Pick<Scenario, 'task' | 'district'>): readonly string[] {
  if (task === undefined) return district.buildings;
  return Array.from({ length: task.episodes }, (_, episode) => `episode-${episode}`);
}

/** KPI on which attacks are ranked: a district's total consumption, the paper's headline; a task's cost. */
export function headlineOf({ task }: Pick<Scenario, 'task'>): string {
  return task === undefined ? 'electricity_consumption_total' : taskHeadline;
}
