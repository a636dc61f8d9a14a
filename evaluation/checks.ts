import type { LaneResult, RunResult } from '../core/run.ts';

type Check = RunResult['checks'][number];

/** How often the engine looked at an attack's rows, and how many of the proposed values were not numbers. */
export interface ThreatReport {
  readonly attack: string;
  readonly rows: number;
  readonly rejected: number;
}

/** KPI on which attacks are ranked: total consumption, the paper's headline. */
const headline = 'electricity_consumption_total';

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
export function laneChecks(lanes: readonly LaneResult[]): Check[] {
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
  return [...moves, ...weakerThanNoise(lanes), ...falseAlarms(lanes)];
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

/** Random noise, which asks nothing, must not beat an attack that uses gradients: that is the mark of masked gradients. */
function weakerThanNoise(lanes: readonly LaneResult[]): Check[] {
  return lanes
    .filter((lane) => lane.cost?.gradients === 0 && lane.regret !== undefined)
    .flatMap((noise) =>
      lanes
        .filter((lane) => lane.building === noise.building && (lane.cost?.gradients ?? 0) > 0)
        .map((lane): Check => {
          const weak = noise.regret?.[headline] ?? 0;
          const strong = lane.regret?.[headline] ?? 0;
          return {
            name: `beats-noise/${lane.lane}`,
            passed: strong >= weak,
            detail: `${headline} regret ${strong.toPrecision(4)} against ${weak.toPrecision(4)} of ${noise.attack}`,
          };
        }),
    );
}
