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
  return [
    ...moves,
    ...beatsNoise(lanes, aimless, headlineOf(scenario), scenario.task !== undefined),
    ...falseAlarms(lanes),
  ];
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
 * A building is held to it by itself. Sites of a task are days of one world: a gradient attack knows what changes the decision and not what it costs, so that
 * noise costs more on some of them; there the mean over the sites counts.
 * @param aimless the labels of the attacks that aim at nothing  @param headline the KPI that counts
 */
function beatsNoise(
  lanes: readonly LaneResult[],
  aimless: ReadonlySet<string>,
  headline: string,
  isTask: boolean,
): Check[] {
  const regretOf = (lane: LaneResult): number => lane.regret?.[headline] ?? 0;
  const places = new Set(isTask ? [''] : lanes.map(({ building }) => building));
  return [...places].flatMap((place) => {
    const here = isTask ? lanes : lanes.filter(({ building }) => building === place);
    const byAttack = [...new Set(here.map(({ attack }) => attack))].map((attack) => {
      const group = here.filter((lane) => lane.attack === attack);
      return {
        attack,
        name: isTask ? attack : group[0]!.lane,
        regret: group.reduce((sum, lane) => sum + regretOf(lane), 0) / group.length,
        usesGradients: group.some((lane) => (lane.cost?.gradients ?? 0) > 0),
      };
    });
    const noises = byAttack.filter(({ attack }) => aimless.has(attack));
    if (noises.length === 0) return [];
    const noise = noises.reduce((most, other) => (other.regret > most.regret ? other : most));
    return byAttack
      .filter(({ usesGradients }) => usesGradients)
      .map(({ name, regret }): Check => ({
        name: `beats-noise/${name}`,
        passed: regret >= noise.regret,
        detail: `${isTask ? 'mean ' : ''}${headline} regret ${regret.toPrecision(4)} against ${noise.regret.toPrecision(4)} of ${noise.attack}`,
      }));
  });
}
