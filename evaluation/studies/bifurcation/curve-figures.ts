import type { PowerPoint } from '../../stealth/power.ts';
import type { StudyFigure } from '../study.ts';
import { recordedDays, snooped, whiteBox } from './curves.ts';
import { average } from './measured.ts';
import type { Measured } from './measured.ts';
import type { VictimKind } from './victims.ts';

/** How much of the white box passes on, by recorded days: shares of its effect on decisions and on consumption. */
export function transferFigure(measured: Measured, kind: VictimKind): StudyFigure[] {
  const effect = (label: string): number[] => measured.measure(kind.name, label, 'transfer');
  const damage = (label: string): number[] =>
    measured.regret(kind.name, label, 'electricity_consumption_total', 'transfer');
  if (effect(whiteBox).length === 0) return [];
  const share = (of: (label: string) => number[], count: number): number =>
    average(of(snooped(count))) / average(of(whiteBox));
  return [
    {
      title: `${kind.title}: what an imitator passes on, by recorded days`,
      x: 'recorded days',
      y: 'share of the white box',
      points: recordedDays.flatMap((count) => [
        { series: kind.head === 'bins' ? 'decisions changed' : 'mean |Δu|', x: count, y: share(effect, count) },
        { series: 'Δ consumption', x: count, y: share(damage, count) },
      ]),
      note:
        'The one-step attack of 10 % towards alternate sides, closed loop over the year: on the victim itself, and on imitators that listened to so many clean days. ' +
        'One seed. In effect on single decisions an imitator stays below the white box; over a year it may do more harm.',
    },
  ];
}

/** Detection power against budget. */
export function powerFigure(measured: Measured, kind: VictimKind): StudyFigure[] {
  const points = measured.extract(kind.name, 'power') as readonly PowerPoint[] | null;
  if (points === null) return [];
  return [
    {
      title: `${kind.title}: how often bifurcation is noticed`,
      x: 'epsilon, normalised',
      y: 'share of days, or of fortnights',
      points: [
        ...points.map(({ by, epsilon, power }) => ({ series: by, x: epsilon, y: power })),
        ...points
          .filter(({ epsilon }) => epsilon === points[0]?.epsilon)
          .map(({ by, falseAlarms }) => ({ series: by, x: 0, y: falseAlarms })),
      ],
      note: 'All features but the calendar may move. Detectors at 5 % of clean days with a false alarm, on days held out; two-sample tests at a level of 5 % in fortnights. At 0: false alarms. One seed.',
    },
  ];
}
