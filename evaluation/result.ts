import type { GridResult, ModuleReport, RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import { laneChecks, threatChecks } from './checks.ts';
import type { ThreatReport } from './checks.ts';

/** What a result is made of, whether one run measured it or several did in parts. */
export interface Measured extends Pick<RunResult, 'versions' | 'hashes' | 'lanes'> {
  /** Of the modules around the victim; none, or absent: the scenario has none. */
  readonly modules?: readonly ModuleReport[] | undefined;
  /** Absent: the scenario has no network. */
  readonly grid?: GridResult | undefined;
  readonly threats: readonly ThreatReport[];
  /** Wall time of the steps. */
  readonly seconds: number;
}

/** The result of a scenario: lanes, which went in lockstep, the checks that they pass, and rates. */
export function runResult(
  scenario: Scenario,
  { versions, hashes, modules, lanes, grid, threats, seconds }: Measured,
): RunResult {
  const total = (cost: 'gradients' | 'seconds'): number =>
    lanes.reduce((sum, lane) => sum + (lane.cost?.[cost] ?? 0), 0);
  const attackSeconds = total('seconds');
  return {
    format: 'faultline-result',
    version: 1,
    scenario,
    seed: scenario.seed,
    versions,
    hashes,
    ...(modules === undefined || modules.length === 0 ? {} : { modules }),
    lanes,
    ...(grid === undefined ? {} : { grid }),
    checks: [...threatChecks(threats), ...laneChecks(lanes, scenario)],
    timing: {
      seconds,
      stepsPerSecond: lanes[0]!.steps / Math.max(1e-9, seconds),
      gradientsPerSecond: attackSeconds === 0 ? 0 : total('gradients') / attackSeconds,
    },
  };
}
