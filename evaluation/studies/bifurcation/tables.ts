import { meanText } from '../seeds.ts';
import type { Cell, StudyFigure, StudyTable } from '../study.ts';
import { recordedMeasure, recordedRegret, recordedRow } from './recorded-figures.ts';
import { average } from './measured.ts';
import type { Measured } from './measured.ts';
import { snoopingBudgets } from './panel.ts';
import type { Place } from './plan.ts';
import { recordedKpis, recordedSnooping } from './recorded.ts';
import { stealthTests } from './stealth.ts';
import type { StealthRow } from './stealth.ts';
import type { VictimKind } from './victims.ts';

/** KPIs that stand in the tables: those that the paper compares attacks by. */
const shownKpis = ['electricity_consumption_total', 'ramping_average', 'daily_peak_average'] as const;
const kpiTitles: Readonly<Record<(typeof shownKpis)[number], string>> = {
  electricity_consumption_total: 'Δ consumption',
  ramping_average: 'Δ ramping',
  daily_peak_average: 'Δ daily peak',
};

/** Clean KPIs of every victim, beside those of the paper. */
export function cleanTable(measured: Measured, kinds: readonly VictimKind[]): StudyTable {
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

/** Every attack of the panel on the training building, beside the paper’s record. */
export function panelTable(measured: Measured, kind: VictimKind, building: string): StudyTable {
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

/** What the two-sample tests said of the attacks that were put to them. */
export function stealthTable(measured: Measured, { name, title }: VictimKind): StudyTable {
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

/** The panel where no controller was trained. */
export function placeTable(measured: Measured, kind: VictimKind, place: Place, where: string): StudyTable {
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

/** Regret of the one-step attack on an imitator, by its budget, beside the paper's. */
export function snoopingFigure(measured: Measured, kind: VictimKind): StudyFigure[] {
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
