import type { LaneResult, NetworkResult, RunResult } from '../../core/run.ts';
import { kpiNames } from '../../sim/district/kpi.ts';
import { profiles } from '../../sim/district/profile.ts';
import { frequencyKpiUnits } from '../../sim/grid/placed/frequency-meter.ts';
import { gridKpiUnits } from '../../sim/grid/placed/grid-meter.ts';
import { gridTasks } from '../../sim/grid/task/index.ts';
import type { GridTaskDefinition } from '../../sim/grid/task/task.ts';
import { cascadeKpiUnits } from '../grid-protection.ts';
import { parseCondition } from './expression.ts';
import type { Condition } from './expression.ts';

/** A condition that no attacked lane may fulfil. */
export interface Gate {
  readonly text: string;
  readonly condition: Condition;
}

/** What a gate says of one lane. */
export interface GateVerdict {
  readonly gate: string;
  readonly lane: string;
  readonly building: string;
  readonly attack: string;
  /** `failed`: the condition holds; `unjudged`: it reads a figure that this lane has not, which is no pass either. */
  readonly outcome: 'passed' | 'failed' | 'unjudged';
  /** The quantities that the condition read, in the order of reading. */
  readonly read: Readonly<Record<string, number | null>>;
}

const ofSuccess = ['rate', 'meanAbsoluteActionChange', 'sideChangeRate'] as const;
const ofNorms = ['linfMax', 'linfMean', 'l2Mean'] as const;
const ofDetection = ['rate', 'alarmDays', 'heldOutDays', 'alarmsPerMonth', 'firstAlarm'] as const;
const ofCost = ['queries', 'gradients', 'seconds'] as const;

/** The KPIs of every profile and task, by their names in conditions: a gate is checked before anything has run. */
const kpis: Readonly<Record<string, string>> = Object.fromEntries(
  [...Object.values(profiles).flatMap(kpiNames), ...Object.values(gridTasks).flatMap(taskKpis)]
    // v1 has a KPI whose name is a subtraction.
    .map((name) => [name.replace('1 - ', 'one_minus_'), name]),
);

/** Of a network, those of frequency and relays too: where a scenario does not ask for them they are not known. */
const networkKpis = [
  ...Object.keys(gridKpiUnits),
  'nose_margin',
  ...Object.keys(frequencyKpiUnits),
  ...Object.keys(cascadeKpiUnits),
];

function taskKpis({ measures }: GridTaskDefinition): string[] {
  return measures.map(({ name }) => name);
}

/** What a scenario has that can be read: labels of its detectors, and whether a network. */
export interface GateSubject {
  readonly detectors: readonly string[];
  readonly grid: boolean;
}

/** Names of all that a gate can read; labels of detectors with `_` for whatever is no letter or digit. */
export function gateNames({ detectors, grid }: GateSubject): string[] {
  const networks = grid ? ['grid', 'grid_clean', 'grid_regret'] : [];
  return [
    ...networks.flatMap((group) => networkKpis.map((name) => `${group}.${name}`)),
    ...['regret', 'kpi', 'clean'].flatMap((group) => Object.keys(kpis).map((name) => `${group}.${name}`)),
    ...ofSuccess.map((name) => `success.${name}`),
    ...ofNorms.map((name) => `norms.${name}`),
    ...detectors.flatMap((label) => ofDetection.map((name) => `detection.${identifier(label)}.${name}`)),
    ...ofCost.map((name) => `cost.${name}`),
    'return',
    'steps',
  ];
}

/**
 * Gates from their conditions, `regret.electricity_consumption_total > 0.1`.
 * @throws {UnknownNameError} {ConfigError} with the column, before anything has run.
 */
export function openGates(texts: readonly string[], subject: GateSubject): Gate[] {
  const names = gateNames(subject);
  return texts.map((text) => ({ text, condition: parseCondition(text, names) }));
}

/** Every gate on every attacked lane. A run without attacked lanes has nothing to judge, and so no verdicts. */
export function judge(result: RunResult, gates: readonly Gate[]): GateVerdict[] {
  const clean = new Map(
    result.lanes.filter((lane) => lane.regret === undefined).map((lane) => [lane.building, lane] as const),
  );
  const attacked = result.lanes.filter((lane) => lane.regret !== undefined);
  const networks = new Map((result.grid?.networks ?? []).map((network) => [network.attack, network] as const));
  const calm = result.grid?.networks.find((network) => network.regret === undefined);
  return gates.flatMap(({ text, condition }) =>
    attacked.map((lane): GateVerdict => {
      const read: Record<string, number | null> = {};
      const holds = condition(
        (name) =>
          (read[name] ??= quantity(name, {
            lane,
            clean: clean.get(lane.building),
            network: networks.get(lane.attack),
            calm,
          })),
      );
      return {
        gate: text,
        lane: lane.lane,
        building: lane.building,
        attack: lane.attack,
        outcome: holds === null ? 'unjudged' : holds ? 'failed' : 'passed',
        read,
      };
    }),
  );
}

/** One line for a person: `failed on Building_1/pgd: regret.… = 0.21`. */
export function verdictText({ outcome, lane, gate, read }: GateVerdict): string {
  const figures = Object.entries(read)
    .map(([name, value]) => `${name} = ${value === null ? 'none' : Number(value.toPrecision(6))}`)
    .join(', ');
  return `${gate}: ${outcome} on ${lane}${figures === '' ? '' : ` (${figures})`}`;
}

interface Sources {
  readonly lane: LaneResult;
  readonly clean: LaneResult | undefined;
  readonly network: NetworkResult | undefined;
  readonly calm: NetworkResult | undefined;
}

function quantity(name: string, { lane, clean, network, calm }: Sources): number | null {
  const [group, ...rest] = name.split('.');
  const own = rest.join('.');
  switch (group) {
    case 'regret':
      return number(lane.regret?.[kpis[own]!]);
    case 'kpi':
      return number(lane.kpis[kpis[own]!]);
    case 'clean':
      return number(clean?.kpis[kpis[own]!]);
    case 'grid':
      return number(network?.kpis[own]);
    case 'grid_clean':
      return number(calm?.kpis[own]);
    case 'grid_regret':
      return number(network?.regret?.[own]?.delta);
    case 'success':
      return number(lane.success?.[own as (typeof ofSuccess)[number]]);
    case 'norms':
      return number(lane.norms?.[own as (typeof ofNorms)[number]]);
    case 'cost':
      return number(lane.cost?.[own as (typeof ofCost)[number]]);
    case 'detection': {
      const [label, figure] = rest;
      const report = Object.entries(lane.detection ?? {}).find(([one]) => identifier(one) === label)?.[1];
      return number(report?.[figure as (typeof ofDetection)[number]]);
    }
    case 'return':
      return lane.return;
    default:
      return lane.steps;
  }
}

function number(value: number | null | undefined): number | null {
  return value === undefined || value === null || !Number.isFinite(value) ? null : value;
}

function identifier(label: string): string {
  return label.replaceAll(/\W/g, '_');
}
