import type { LaneResult } from '../../../core/run.ts';
import { exceeds, meanText, rankCorrelation } from '../seeds.ts';
import type { Cell, Claim, StudyConclusion, StudyFigure, StudyOptions, StudyOutcome, StudyTable } from '../study.ts';
import { entriesOf, kindsOf, runId } from './plan.ts';
import type { Place } from './plan.ts';
import { snoopingBudgets } from './panel.ts';
import type { PanelEntry } from './panel.ts';
import { recorded, recordedKpis, recordedSnooping } from './recorded.ts';
import { stealthTests } from './stealth.ts';
import type { StealthRow } from './stealth.ts';
import { groundOf, halfYear } from './victims.ts';
import type { VictimKind } from './victims.ts';

type Kpi = (typeof recordedKpis)[number];

/** KPIs that stand in the tables: those that the paper compares attacks by. */
const shownKpis = ['electricity_consumption_total', 'ramping_average', 'daily_peak_average'] as const;
const kpiTitles: Readonly<Record<(typeof shownKpis)[number], string>> = {
  electricity_consumption_total: 'Δ consumption',
  ramping_average: 'Δ ramping',
  daily_peak_average: 'Δ daily peak',
};

/** An attack has to beat the best of the paper's panel on the same budget so many times over. */
const surpassed = 1.5;

/** What was measured: the lanes of a victim in a place, by seed. */
class Measured {
  readonly #options: StudyOptions;
  readonly #outcomes: ReadonlyMap<string, StudyOutcome>;

  constructor(options: StudyOptions, outcomes: ReadonlyMap<string, StudyOutcome>) {
    this.#options = options;
    this.#outcomes = outcomes;
  }

  entries(kind: VictimKind, place: Place): readonly PanelEntry[] {
    return entriesOf(kind, place, this.#options);
  }

  /** One list of lanes a seed. */
  lanes(kind: string, place: Place): readonly (readonly LaneResult[])[] {
    return Array.from({ length: this.#options.seeds }, (_, seed) => {
      return this.#outcomes.get(runId(kind, seed, place))?.result.lanes ?? [];
    });
  }

  /** Regret of one attack, one number a seed: the mean over the place's buildings. */
  regret(kind: string, label: string, kpi: Kpi, place: Place = 'trained'): number[] {
    return this.each(kind, place, (lane) => (lane.attack === label ? (lane.regret?.[kpi] ?? null) : null));
  }

  clean(kind: string, kpi: Kpi, place: Place = 'trained'): number[] {
    return this.each(kind, place, (lane) => (lane.attack === 'clean' ? (lane.kpis[kpi] ?? null) : null));
  }

  /** Success rate on bins, mean action change on a continuous head: the paper's two measures. */
  measure(kind: string, label: string, place: Place = 'trained'): number[] {
    return this.each(kind, place, ({ attack, success }) =>
      attack === label ? (success?.rate ?? success?.meanAbsoluteActionChange ?? null) : null,
    );
  }

  /** What the two-sample tests said of one attack, one row a seed. */
  stealth(kind: string, label: string): StealthRow[] {
    return Array.from({ length: this.#options.seeds }, (_, seed) => {
      const rows = this.#outcomes.get(runId(kind, seed, 'trained'))?.extract as
        readonly StealthRow[] | null | undefined;
      return rows?.find((row) => row.label === label);
    }).filter((row) => row !== undefined);
  }

  each(kind: string, place: Place, figure: (lane: LaneResult) => number | null): number[] {
    return this.lanes(kind, place).flatMap((lanes) => {
      const values = lanes.map(figure).filter((value) => value !== null);
      return values.length === 0 ? [] : [values.reduce((sum, value) => sum + value, 0) / values.length];
    });
  }
}

/** Tables and claims of the study from what its evaluations gave. */
export function conclude(options: StudyOptions, outcomes: ReadonlyMap<string, StudyOutcome>): StudyConclusion {
  const measured = new Measured(options, outcomes);
  const kinds = kindsOf(options);
  const whole = kinds.filter(({ steps }) => steps === null);
  const { heldOut, building } = groundOf(options);
  return {
    claims: [
      ...whole.flatMap((kind) => orderingClaims(measured, kind)),
      ...robustnessClaims(measured, whole),
      ...atlaClaims(measured, whole),
      ...whole.flatMap((kind) => agreementClaims(measured, kind)),
      ...whole.map((kind) => surpassClaim(measured, kind)),
    ],
    tables: [
      cleanTable(measured, kinds),
      ...whole.map((kind) => panelTable(measured, kind, building)),
      ...whole.map((kind) => stealthTable(measured, kind)),
      ...whole.map((kind) => placeTable(measured, kind, 'held-out', `held-out buildings ${heldOut.join(', ')}`)),
      ...kinds
        .filter(({ steps }) => steps !== null)
        .map((kind) => placeTable(measured, kind, 'half-year', `the half-year from row ${halfYear} on`)),
    ],
    figures: whole.flatMap((kind) => snoopingFigure(measured, kind)),
  };
}

function orderingClaims(measured: Measured, { name, title }: VictimKind): Claim[] {
  const difference = (more: string, less: string, kpi: Kpi): number[] => {
    const lesser = measured.regret(name, less, kpi);
    return measured.regret(name, more, kpi).map((value, seed) => value - lesser[seed]!);
  };
  const consumption = 'electricity_consumption_total';
  return [
    exceeds(
      `${title}: bifurcation does more to consumption than the untargeted attack, both as the paper coded them (5 %)`,
      difference('bifurcated 5% paper', 'untargeted 5% paper', consumption),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: it does so with both attacks correct (5 %)`,
      difference('bifurcated 5%', 'untargeted 5%', consumption),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: toggling does more to ramping than bifurcation (5 %)`,
      difference('toggle 5%', 'bifurcated 5%', 'ramping_average'),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: bifurcation does more to consumption than noise (5 %)`,
      difference('bifurcated 5%', 'noise 5%', consumption),
      0,
      'difference of regrets',
    ),
  ];
}

function robustnessClaims(measured: Measured, kinds: readonly VictimKind[]): Claim[] {
  if (!['sac', 'ppo20'].every((name) => kinds.some((kind) => kind.name === name))) return [];
  return (['bifurcated stealth paper', 'bifurcated stealth'] as const).map((label) => {
    const discrete = measured.regret('ppo20', label, 'electricity_consumption_total');
    const continuous = measured.regret('sac', label, 'electricity_consumption_total');
    return exceeds(
      `Bins are more robust than SAC on the stealth budget (${label})`,
      continuous.map((value, seed) => value - discrete[seed]!),
      0,
      'SAC’s regret of consumption minus that of PPO with bins',
    );
  });
}

/** What alternating training buys, and what it costs. */
function atlaClaims(measured: Measured, kinds: readonly VictimKind[]): Claim[] {
  return kinds.flatMap((hardened) => {
    const plain = kinds.find(({ name }) => `${name}-atla` === hardened.name);
    if (plain === undefined) return [];
    const difference = (of: (kind: string) => number[]): number[] => {
      const less = of(hardened.name);
      return of(plain.name).map((value, seed) => value - less[seed]!);
    };
    return [
      ...(['bifurcated 5%', 'bifurcated stealth'] as const).map((label) =>
        exceeds(
          `${hardened.title}: more robust than the plain controller (${label})`,
          difference((kind) => measured.regret(kind, label, 'electricity_consumption_total')),
          0,
          'the plain controller’s regret of consumption minus its own',
        ),
      ),
      exceeds(
        `${hardened.title}: pays for it in clean consumption`,
        difference((kind) => measured.clean(kind, 'electricity_consumption_total')).map((value) => -value),
        0,
        'clean consumption minus the plain controller’s',
      ),
    ];
  });
}

/** Regret of the one-step attack on an imitator, by its budget, beside the paper's. */
function snoopingFigure(measured: Measured, kind: VictimKind): StudyFigure[] {
  const epsilonOf = { '5%': 0.05, '10%': 0.1, '20%': 0.2 } as const;
  const own = snoopingBudgets.flatMap((budget) => {
    const regrets = measured.regret(kind.name, `snooping ${budget}`, 'electricity_consumption_total');
    return regrets.map((y, seed) => ({ series: `seed ${seed}`, x: epsilonOf[budget], y }));
  });
  const baseline = recordedRow(kind, 'baseline')?.[0];
  const papers = recordedSnooping[kind.name];
  if (own.length === 0 || new Set(own.map(({ x }) => x)).size < 2) return [];
  return [
    {
      title: `${kind.title}: snooping`,
      x: 'epsilon, normalised',
      y: 'Δ consumption',
      points: [
        ...own,
        ...(papers === undefined || baseline === undefined
          ? []
          : papers.map(([x, consumption]) => ({ series: 'paper', x, y: consumption - baseline }))),
      ],
      note:
        'An imitator is learned from a clean year of observations and actions, attacked with one gradient step towards alternate sides, and the result is shown to the victim, which is never asked. ' +
        'The paper’s curve for PPO with bins is of an untargeted step.',
    },
  ];
}

/** Attacks of the panel that stand beside a recorded one, with both regrets. */
function recordedPairs(measured: Measured, kind: VictimKind, kpi: Kpi): { ours: number; papers: number }[] {
  return measured.entries(kind, 'trained').flatMap((entry) => {
    const papers = recordedRegret(kind, entry, kpi);
    const ours = measured.regret(kind.name, entry.label, kpi);
    return papers === null || ours.length === 0 ? [] : [{ ours: average(ours), papers }];
  });
}

function agreementClaims(measured: Measured, kind: VictimKind): Claim[] {
  return (['electricity_consumption_total', 'ramping_average'] as const).flatMap((kpi) => {
    const pairs = recordedPairs(measured, kind, kpi);
    if (pairs.length < 3) return [];
    const rho = rankCorrelation(
      pairs.map(({ ours }) => ours),
      pairs.map(({ papers }) => papers),
    );
    return [
      {
        claim: `${kind.title}: the replicas stand in the paper's order of ${kpi === 'ramping_average' ? 'ramping' : 'consumption'} regret`,
        holds: rho >= 0.7,
        evidence: `rank correlation ${rho.toFixed(2)} over ${pairs.length} recorded attacks, to be at least 0.70`,
      },
    ];
  });
}

/** The best of ours against the best of the paper's panel, both on the stealth budgets, by the mean over seeds. */
function surpassClaim(measured: Measured, kind: VictimKind): Claim {
  const own = measured.entries(kind, 'trained').filter(({ budget }) => budget === 'stealth');
  const best = (kpi: Kpi, among: readonly PanelEntry[]): PanelEntry | undefined =>
    among
      .filter(({ label }) => measured.regret(kind.name, label, kpi).length > 0)
      .toSorted(
        (a, b) => average(measured.regret(kind.name, b.label, kpi)) - average(measured.regret(kind.name, a.label, kpi)),
      )[0];
  const ratios = (['electricity_consumption_total', 'ramping_average'] as const).flatMap((kpi) => {
    const paper = best(
      kpi,
      own.filter(({ origin }) => origin === 'paper'),
    );
    const ours = best(
      kpi,
      own.filter(({ origin }) => origin === 'ours'),
    );
    if (paper === undefined || ours === undefined) return [];
    const below = measured.regret(kind.name, paper.label, kpi);
    const values = measured.regret(kind.name, ours.label, kpi).map((value, seed) => value / below[seed]!);
    return [{ kpi, values, text: `'${ours.label}' over '${paper.label}', ${kpi}` }];
  });
  const claim = `${kind.title}: within the paper's stealth budget an attack of ours has at least ${surpassed} times the regret of the best of its panel`;
  const chosen = ratios.toSorted((a, b) => average(b.values) - average(a.values))[0];
  if (chosen === undefined) return { claim, holds: null, evidence: 'nothing was measured for it' };
  return exceeds(claim, chosen.values, surpassed, `ratio of regrets, ${chosen.text}`);
}

function cleanTable(measured: Measured, kinds: readonly VictimKind[]): StudyTable {
  return {
    title: 'Victims, unattacked',
    columns: ['victim', 'consumption', 'ramping', 'consumption, paper', 'ramping, paper'],
    rows: kinds.map((kind) => {
      const place = kind.steps === null ? 'trained' : 'half-year';
      const paper = kind.recorded === null ? undefined : recordedRow(kind, 'baseline');
      return [
        kind.title,
        meanText(measured.clean(kind.name, 'electricity_consumption_total', place)),
        meanText(measured.clean(kind.name, 'ramping_average', place)),
        paper === undefined ? null : paper[recordedKpis.indexOf('electricity_consumption_total')]!,
        paper === undefined ? null : paper[recordedKpis.indexOf('ramping_average')]!,
      ];
    }),
    note: 'KPIs relative to the building without its battery: 1.0 is idle, lower is better. The paper has one model of each kind.',
  };
}

function panelTable(measured: Measured, kind: VictimKind, building: string): StudyTable {
  const own = kind.head === 'bins' ? 'decisions changed' : 'mean |Δu|';
  return {
    title: `${kind.title} on ${building}: the panel beside the paper's record`,
    columns: [
      'attack',
      'budget',
      'code',
      ...shownKpis.flatMap((kpi) => [kpiTitles[kpi], 'paper']),
      own,
      'paper',
      'beside the paper',
    ],
    rows: measured.entries(kind, 'trained').map((entry): Cell[] => {
      const measure = measured.measure(kind.name, entry.label);
      return [
        entry.purpose,
        entry.budget,
        entry.origin,
        ...shownKpis.flatMap((kpi): Cell[] => [
          meanText(measured.regret(kind.name, entry.label, kpi)),
          rounded(recordedRegret(kind, entry, kpi)),
        ]),
        measure.length === 0 ? null : meanText(measure, 3),
        rounded(recordedMeasure(kind, entry), 3),
        comparison(
          average(measured.regret(kind.name, entry.label, 'electricity_consumption_total')),
          recordedRegret(kind, entry, 'electricity_consumption_total'),
        ),
      ];
    }),
    note:
      'Regret: KPI under attack minus KPI of the clean twin. The paper’s victims cannot be had, so ranges and order are compared, not digits: ' +
      '“agrees” is the same sign and a size within a factor of two.',
  };
}

function stealthTable(measured: Measured, { name, title }: VictimKind): StudyTable {
  const median = (values: readonly number[]): number | null => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length === 0 ? null : (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
  };
  const detected = (values: readonly number[]): string =>
    `${values.filter((p) => p < 0.05).length} of ${values.length}`;
  return {
    title: `${title}: two-sample tests of stealth`,
    columns: [
      'attack',
      'published MMD',
      'its p',
      'MMD, paper',
      'p, paper',
      'detected',
      'repaired: p',
      'detected',
      'first differences: p',
      'detected',
    ],
    rows: Object.entries(stealthTests).flatMap(([label, paper]): Cell[][] => {
      const rows = measured.stealth(name, label);
      if (rows.length === 0) return [];
      const [mmd, p] = paper[name] ?? [null, null];
      const of = (figure: (row: StealthRow) => number): number[] => rows.map(figure);
      const published = of((row) => row.published.pValue);
      const blocks = of((row) => row.rows.pValue);
      const moves = of((row) => row.differences.pValue);
      return [
        [
          label,
          rounded(median(of((row) => row.published.statistic)), 6),
          rounded(median(published)),
          mmd,
          p,
          detected(published),
          rounded(median(blocks)),
          detected(blocks),
          rounded(median(moves)),
          detected(moves),
        ],
      ];
    }),
    note:
      'Medians over seeds; detected: in how many of them p is below 0.05. The published test pairs each clean row with its own attacked one, which pushes p towards 1; ' +
      'the repaired one has its false alarms at 5 % (docs/stealth.md). First differences see what single rows hide.',
  };
}

function placeTable(measured: Measured, kind: VictimKind, place: Place, where: string): StudyTable {
  return {
    title: `${kind.title} on ${where}`,
    columns: ['attack', 'budget', 'code', ...shownKpis.map((kpi) => kpiTitles[kpi])],
    rows: measured
      .entries(kind, place)
      .map((entry) => [
        entry.purpose,
        entry.budget,
        entry.origin,
        ...shownKpis.map((kpi) => meanText(measured.regret(kind.name, entry.label, kpi, place))),
      ]),
    note: 'Mean over the buildings, seeds being the unit.',
  };
}

function recordedRow({ recorded: victim }: VictimKind, column: string): readonly number[] | undefined {
  return victim === null ? undefined : (recorded[victim] as Readonly<Record<string, readonly number[]>>)[column];
}

function columnOf({ recorded: victim }: VictimKind, entry: PanelEntry): string | undefined {
  return victim === null ? undefined : entry.recorded?.[victim];
}

function recordedRegret(kind: VictimKind, entry: PanelEntry, kpi: Kpi): number | null {
  const column = columnOf(kind, entry);
  if (column === undefined) return null;
  const at = recordedKpis.indexOf(kpi);
  return recordedRow(kind, column)![at]! - recordedRow(kind, 'baseline')![at]!;
}

function recordedMeasure(kind: VictimKind, entry: PanelEntry): number | null {
  const column = columnOf(kind, entry);
  return column === undefined ? null : (recordedRow(kind, column)![recordedKpis.length] ?? null);
}

function comparison(ours: number, papers: number | null): string | null {
  if (papers === null || Number.isNaN(ours)) return null;
  if (Math.sign(ours) !== Math.sign(papers)) return 'the sign differs';
  const factor = ours / papers;
  if (factor > 2) return `${factor.toFixed(1)} times`;
  return factor < 0.5 ? `a ${(1 / factor).toFixed(1)}th` : 'agrees';
}

function rounded(value: number | null, digits = 4): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
