import type { Scenario } from '../../../core/scenario.ts';
import { words } from './format.ts';

/** Words for the world that a victim acts in. */
export interface WorldWords {
  /** What a lane is one of. */
  readonly site: string;
  /** What KPIs are, for the caption of their table. */
  readonly kpis: string;
}

/** A district's, unless the scenario has a control task. */
export function worldOf(scenario: Pick<Scenario, 'task'> | undefined): WorldWords {
  const task = scenario?.task;
  return task === undefined
    ? { site: 'Building', kpis: 'ratios to the same building without storage. Lower is better' }
    : {
        site: 'Episode',
        kpis: `sums and extremes of ${words(task.name).toLowerCase()}, in the units that stand there. Cost is to be low`,
      };
}
