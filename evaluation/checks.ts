import type { LaneResult, RunResult } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { headlineOf } from './sites.ts';

type Check = RunResult['checks'][number];

/** How often the engine looked at an attack's rows, and how many of the proposed values were not numbers. */
export interface ThreatReport {
  readonly attack: string;
  readonly rows: number;
  readonly rejected: number;
}

/** Every perturbed observation lay in its threat set: the engine throws otherwise, so this states how often it looked. */
export function threatChecks(reports: readonly ThreatReport[]): Check[] {
  return reports.map(({ attack, rejected, rows }) => ({
    name: `threat-set/${attack}`,
    passed: rejected === 0,
    detail: `${rows} perturbed observations confined and verified; ${rejected} proposed values were not numbers`,
    evidence: { rows, rejected },
  }));
}

/** What the checks of several parts of a panel say of one attack together. */
export function threatReport(attack: string, checks: readonly Check[]): ThreatReport {
  const own = checks.filter((check) => check.name === `threat-set/${attack}`);
  const sum = (name: string): number =>
    own.reduce((total, { evidence }) => total + (evidence?.[name] ?? Number.NaN), 0);
  return { attack, rows: sum('rows'), rejected: sum('rejected') };
}

/**
 * The evaluator distrusts itself: facts that hold in a sound evaluation, stated beside the numbers. A failed check does not
 * change a result, it says why not to believe it. Source of the idea: AutoAttack's checks.py (Croce and Hein 2020).
 */
export function laneChecks(lanes: readonly LaneResult[], scenario: Pick<Scenario, 'attacks' | 'task'>): Check[] {
  const moves = lanes
    .filter((lane) => lane.norms !== undefined && (lane.cost?.gradients ?? 0) > 0)
    .map((lane): Check => {
      const { linfMax } = lane.norms!;
      return {
        name: `moves/${lane.lane}`,
        passed: linfMax > 0,
        detail:
          linfMax > 0
            ? `L-inf up to ${linfMax.toPrecision(3)}`
            : 'a gradient attack changed nothing: zero gradients, or an epsilon of 0',
      };
    });
  const aimless = new Set(
    scenario.attacks.filter(({ name }) => name === 'random-noise' || name === 'none').map(labelOf),
  );
  return [...moves, ...beatsNoise(lanes, aimless, headlineOf(scenario)), ...falseAlarms(lanes)];
}

/** Detectors keep what their calibration promised on clean days that they have not seen: the interval of their alarms reaches down to it. */
function falseAlarms(lanes: readonly LaneResult[]): Check[] {
  return lanes
    .filter((lane) => lane.attack === 'clean')
    .flatMap((lane) =>
      Object.entries(lane.detection ?? {}).map(([detector, own]): Check => {
        const low = (own.interval?.low ?? 0) * 30;
        return {
          name: `false-alarms/${lane.building}/${detector}`,
          passed: low <= own.nominalAlarmsPerMonth,
          detail: `${own.alarmDays} alarms on ${own.heldOutDays} clean days held out, calibrated to ${own.nominalAlarmsPerMonth} in thirty`,
        };
      }),
    );
}

/**
 * Random noise, and no attack at all, must not beat an attack that uses gradients: that is the mark of masked gradients. Other attacks without
 * gradients (black boxes, imitators, sensors that fail) have aims of their own and may be the stronger ones.
 * @param aimless the labels of the attacks that aim at nothing  @param headline the KPI that counts
 */
function beatsNoise(lanes: readonly LaneResult[], aimless: ReadonlySet<string>, headline: string): Check[] {
  const regretOf = (lane: LaneResult): number => lane.regret?.[headline] ?? 0;
  return lanes
    .filter((lane) => (lane.cost?.gradients ?? 0) > 0)
    .flatMap((lane): Check[] => {
      const own = lanes.filter(({ attack, building }) => building === lane.building && aimless.has(attack));
      if (own.length === 0) return [];
      const noise = own.reduce((most, other) => (regretOf(other) > regretOf(most) ? other : most));
      const [strong, weak] = [regretOf(lane), regretOf(noise)];
      return [
        {
          name: `beats-noise/${lane.lane}`,
          passed: strong >= weak,
          detail: `${headline} regret ${strong.toPrecision(4)} against ${weak.toPrecision(4)} of ${noise.attack}`,
        },
      ];
    });
}
