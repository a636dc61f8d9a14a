import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Meaning } from '../colours.ts';
import { words } from './format.ts';
import type { Lane } from '../../../core/lane.ts';
import { cleanLabel, networkLane, signalsOf } from '../../../core/lane.ts';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  readonly channel: string;
  /** What is drawn is how much more than this it is. */
  readonly minus?: string;
  readonly unit: string;
  readonly meaning: Meaning;
  readonly axis: 'left' | 'right';
  readonly dash?: readonly number[];
}

/** One chart. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly lines: readonly Line[];
  /** A range that never moves. */
  readonly range?: readonly [number, number];
  /** Drawn across, on the left axis: what the lines are measured by. */
  readonly limit?: { readonly value: number; readonly label: string };
  /** Values from here on are drawn closer and closer together, as their logarithms would be. */
  readonly bend?: number;
}

/** The chosen lane and its unattacked twin of the same building. */
export interface Pair {
  readonly attacked: Lane | undefined;
  readonly clean: Lane | undefined;
}

const truePrefix = 'true.';
const reportedPrefix = 'reported.';
const regretPrefix = 'regret.';
export const kpiPrefix = 'kpi.';
const actionPrefix = 'action.';
const intended = 'intended';
/** Drawn by charts of their own, or shown as a number. */
const claimed = new Set(['net', 'net_without_storage', 'soc', 'action', 'linf', 'action_change', 'success', intended]);
/** These come first of what has no chart of its own. */
const early = ['reward', 'cost'];
const otherMeanings = 6;

/** Whether charts show both lanes, or how much more the attacked one is. */
export type Showing = 'values' | 'difference';

/**
 * The charts that a schema gives for a pair of lanes. What is recorded is drawn: a signal without a chart of its own
 * gets one that compares both lanes, a chart without signals is left out.
 */
export function panelsOf(
  schema: TelemetrySchema,
  { attacked, clean }: Pair,
  feature: string | null,
  showing: Showing = 'values',
): readonly Panel[] {
  const ofClean = clean === undefined ? new Map<string, string>() : signalsOf(schema, clean.name);
  const ofAttacked = attacked === undefined ? new Map<string, string>() : signalsOf(schema, attacked.name);
  const line = (
    lane: 'clean' | 'attacked',
    signal: string,
    label: string,
    meaning: Meaning,
    more: Partial<Line> = {},
  ): Line[] => {
    const recorded = (lane === 'clean' ? ofClean : ofAttacked).get(signal);
    const unit = recorded === '1' ? '' : recorded; // a number without a unit
    const name = (lane === 'clean' ? clean : attacked)?.name;
    if (unit === undefined || name === undefined) return [];
    return [{ label, channel: `${name}/${signal}`, unit, meaning, axis: 'left', ...more }];
  };
  const both = (signal: string): Line[] => {
    const [twin, under] = [line('clean', signal, 'clean', 'clean'), line('attacked', signal, 'attacked', 'attacked')];
    if (showing === 'values' || twin.length === 0 || under.length === 0) return [...twin, ...under];
    return [{ ...under[0]!, label: 'attacked − clean', minus: twin[0]!.channel }];
  };
  const actions = [...ofAttacked.keys()].filter((signal) => signal.startsWith(actionPrefix));
  // A chart of a feature has the first action beside it.
  const acted = actions[0] ?? 'action';
  const panels: Panel[] = [
    {
      id: 'net',
      title: 'Net consumption',
      lines: [
        ...(showing === 'values'
          ? line('clean', 'net_without_storage', 'no storage', 'reference', { dash: [4, 3] })
          : []),
        ...both('net'),
      ],
    },
    { id: 'soc', title: 'State of charge', lines: both('soc'), ...(showing === 'values' ? { range: [0, 1] } : {}) },
    {
      id: 'feature',
      title: 'True, reported, acted on',
      lines:
        feature === null
          ? []
          : [
              ...line('attacked', truePrefix + feature, 'true', 'clean'),
              ...line('attacked', reportedPrefix + feature, 'reported', 'attacked', { dash: [5, 2] }),
              ...line('attacked', acted.replace('action', intended), 'action intended', 'reference', right),
              ...line('attacked', acted, 'action taken', 'other-1', right),
            ],
    },
    {
      id: 'perturbation',
      title: 'Perturbation and its effect',
      lines: [
        ...line('attacked', 'action_change', 'action change', 'attacked', { axis: 'right' }),
        ...line('attacked', 'linf', 'L∞ norm', 'other-5'),
      ],
    },
    { id: 'action', title: 'Action', lines: both('action') },
    ...actions.map((signal) => ({
      id: signal,
      title: `Action: ${words(signal.slice(actionPrefix.length)).toLowerCase()}`,
      lines: both(signal),
    })),
  ];
  const rest = [...new Set([...early, ...ofClean.keys(), ...ofAttacked.keys()])].filter(
    (signal) => !claimed.has(signal) && !signal.includes('.'),
  );
  for (const signal of rest) panels.push({ id: signal, title: words(signal), lines: both(signal) });
  panels.push(...regretPanels());
  return panels.filter((panel) => panel.lines.length > 0);

  /** One chart for the KPIs of a unit. */
  function regretPanels(): Panel[] {
    const kpis = regretsOf(schema, attacked);
    const units = [...new Set(kpis.map((kpi) => ofAttacked.get(regretPrefix + kpi)!))];
    return units.map((unit, u) => ({
      id: u === 0 ? 'regret' : `regret-${u}`,
      title: units.length === 1 || unit === '1' ? 'KPI regret so far' : `KPI regret so far, ${unit}`,
      lines: kpis
        .filter((kpi) => ofAttacked.get(regretPrefix + kpi) === unit)
        .flatMap((kpi, k) =>
          line(
            'attacked',
            regretPrefix + kpi,
            words(kpi),
            `other-${(k % otherMeanings) as 0}`,
            k < otherMeanings ? {} : { dash: [5, 3] },
          ),
        ),
    }));
  }
}

const right: Partial<Line> = { axis: 'right' };

const networkTitles: Readonly<Record<string, string>> = {
  vmin: 'Lowest voltage',
  vmax: 'Highest voltage',
  max_loading: 'Largest loading of a branch',
  slack: 'Power from the source',
  homes: 'Power of the homes',
  losses: 'Losses',
};

/** The charts of a run's network: each signal of it, clean and under the attack. */
export function networkPanels(schema: TelemetrySchema, attack: string, showing: Showing): readonly Panel[] {
  const lane = (label: string): Lane => ({ name: networkLane(label), building: 'grid', attack: label });
  const pair = { clean: lane(cleanLabel), attacked: lane(attack) };
  return panelsOf(schema, pair, null, showing).map((panel) => ({
    ...panel,
    id: `grid-${panel.id}`,
    title: networkTitles[panel.id] ?? panel.title,
  }));
}

/** The features whose true and reported values a lane records. */
export function featuresOf(schema: TelemetrySchema, lane: Lane | undefined): readonly { name: string; unit: string }[] {
  if (lane === undefined) return [];
  const signals = signalsOf(schema, lane.name);
  return [...signals]
    .filter(
      ([signal]) => signal.startsWith(truePrefix) && signals.has(reportedPrefix + signal.slice(truePrefix.length)),
    )
    .map(([signal, unit]) => ({ name: signal.slice(truePrefix.length), unit }));
}

/** KPIs whose running regret a lane records. */
export function regretsOf(schema: TelemetrySchema, lane: Lane | undefined): readonly string[] {
  return lane === undefined ? [] : suffixes(signalsOf(schema, lane.name).keys(), regretPrefix);
}

/** The channel that says at which steps the attack changed the decision. */
export function successChannel(lane: Lane): string {
  return `${lane.name}/success`;
}

/** The channel of a KPI's running value or regret. */
export function kpiChannel(lane: Lane, kind: 'kpi' | 'regret', kpi: string): string {
  return `${lane.name}/${kind === 'kpi' ? kpiPrefix : regretPrefix}${kpi}`;
}

function suffixes(names: Iterable<string>, prefix: string): string[] {
  return [...names].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}
