import * as Plot from '@observablehq/plot';
import { words } from '../live/format.ts';
import type { CompareSeries, CompareTable } from './compare-api.ts';
import type { Drawing } from './figure.tsx';
import type { GroupLook } from './group-names.ts';

const shared = { height: 380, marginLeft: 58, marginRight: 16, marginBottom: 38, style: { background: 'transparent' } };

/** How the lanes of a group are shown over time. */
export type Band = 'std' | 'range' | 'lines';

/** A signal over the steps: the mean of each group, and its lanes as a band or as thin lines. */
export function seriesDrawing(
  series: CompareSeries,
  looks: readonly GroupLook[],
  shown: readonly boolean[],
  band: Band,
  width: number,
): Drawing {
  const marks = series.groups.flatMap((group, at) => {
    if (shown[at] !== true) return [];
    const { colour, dash } = looks[at]!;
    const points = series.step.map((step, i) => ({ step, mean: group.mean[i] ?? null, i }));
    const edge = (sign: -1 | 1) => (point: { readonly i: number; readonly mean: number | null }) =>
      band === 'range'
        ? (sign < 0 ? group.min : group.max)[point.i]
        : point.mean === null
          ? null
          : point.mean + sign * (group.std[point.i] ?? 0);
    const spread =
      band === 'lines'
        ? group.lines.map(({ values }) =>
            Plot.line(points, {
              x: 'step',
              y: (point: { readonly i: number }) => values[point.i],
              stroke: colour,
              strokeOpacity: 0.35,
              strokeWidth: 0.7,
            }),
          )
        : [Plot.areaY(points, { x: 'step', y1: edge(-1), y2: edge(1), fill: colour, fillOpacity: 0.16 })];
    return [
      ...spread,
      Plot.line(points, { x: 'step', y: 'mean', stroke: colour, strokeWidth: 1.8, strokeDasharray: dash }),
    ];
  });
  return Plot.plot({
    ...shared,
    width,
    x: { label: 'step' },
    y: { label: `${words(series.signal)}, ${series.unit}`, grid: true },
    marks,
  }) as unknown as Drawing;
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly group: number;
  readonly title: string;
}

/** A dot for each lane that has both metrics. */
export function scatterDrawing(
  table: CompareTable,
  looks: readonly GroupLook[],
  shown: readonly boolean[],
  [x, y]: readonly [string, string],
  width: number,
): Drawing {
  const [xAt, yAt] = [table.metrics.indexOf(x), table.metrics.indexOf(y)];
  const dots = table.lanes.flatMap((lane): Dot[] => {
    const [a = null, b = null] = [lane.values[xAt], lane.values[yAt]];
    if (a === null || b === null || shown[lane.group] !== true) return [];
    return [{ x: a, y: b, group: lane.group, title: `${looks[lane.group]!.name}, seed ${lane.seed}: ${a}, ${b}` }];
  });
  return Plot.plot({
    ...shared,
    width,
    x: { label: words(x), grid: true, nice: true },
    y: { label: words(y), grid: true, nice: true },
    symbol: { domain: [0, 1, 2, 3, 4, 5, 6] },
    marks: [
      Plot.dot(dots, {
        x: 'x',
        y: 'y',
        stroke: (dot: Dot) => looks[dot.group]!.colour,
        symbol: (dot: Dot) => dot.group % 7,
        title: 'title',
        r: 4,
        strokeWidth: 1.6,
      }),
    ],
  }) as unknown as Drawing;
}

/** Share of the lanes of each group whose metric is at most so much. */
export function ecdfDrawing(
  table: CompareTable,
  looks: readonly GroupLook[],
  shown: readonly boolean[],
  metric: string,
  width: number,
): Drawing {
  const at = table.metrics.indexOf(metric);
  const marks = looks.flatMap(({ colour, dash }, group) => {
    if (shown[group] !== true) return [];
    const values = table.lanes
      .flatMap((lane) => (lane.group === group && typeof lane.values[at] === 'number' ? [lane.values[at]] : []))
      .sort((a, b) => a - b);
    const points = values.map((value, i) => ({ value, share: (i + 1) / values.length }));
    const steps = values.length === 0 ? [] : [{ value: values[0]!, share: 0 }, ...points];
    return [
      Plot.line(steps, {
        x: 'value',
        y: 'share',
        curve: 'step-after',
        stroke: colour,
        strokeDasharray: dash,
        strokeWidth: 1.8,
      }),
      Plot.dot(points, { x: 'value', y: 'share', fill: colour, r: 2.2 }),
    ];
  });
  return Plot.plot({
    ...shared,
    width,
    x: { label: words(metric), grid: true, nice: true },
    y: { label: 'share of lanes', domain: [0, 1], grid: true },
    marks: [Plot.ruleY([0]), ...marks],
  }) as unknown as Drawing;
}

/** One axis of parallel coordinates: a metric, or a setting with numbers. */
export interface Axis {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** By lane. */
  readonly values: readonly (number | null)[];
}

/** Settings with numbers, and the metrics that were asked for, over the lanes; those that are the same everywhere are left out. */
export function axesOf(table: CompareTable, metrics: readonly string[]): readonly Axis[] {
  const pointers = [...new Set(table.groups.flatMap((group) => Object.keys(group.settings)))];
  const columns = [
    ...pointers.map((pointer) => ({
      name: pointer.split('/').at(-1)!,
      values: table.lanes.map((lane) => table.groups[lane.group]!.settings[pointer]),
    })),
    ...metrics.map((metric) => {
      const at = table.metrics.indexOf(metric);
      return { name: words(metric), values: table.lanes.map((lane) => lane.values[at]) };
    }),
  ];
  return columns.flatMap(({ name, values }): Axis[] => {
    const numbers = values.map((value) => (typeof value === 'number' ? value : null));
    const there = numbers.filter((value) => value !== null);
    if (new Set(there).size < 2) return [];
    return [{ name, low: Math.min(...there), high: Math.max(...there), values: numbers }];
  });
}

/** A line for each lane over all axes, each from its least to its greatest value; lanes outside of a brush are faint. */
export function parallelDrawing(
  table: CompareTable,
  axes: readonly Axis[],
  looks: readonly GroupLook[],
  shown: readonly boolean[],
  inside: (lane: number) => boolean,
  width: number,
): Drawing {
  const share = (axis: Axis, lane: number): number | null =>
    axis.values[lane] === null ? null : (axis.values[lane]! - axis.low) / (axis.high - axis.low);
  const points = table.lanes.flatMap((lane, at) =>
    shown[lane.group] === true
      ? axes.map((axis) => ({
          axis: axis.name,
          share: share(axis, at),
          lane: at,
          group: lane.group,
          title: `${looks[lane.group]!.name}, seed ${lane.seed}`,
        }))
      : [],
  );
  const ends = axes.flatMap((axis) => [
    { axis: axis.name, share: 0, text: axis.low.toPrecision(3), dy: 11 },
    { axis: axis.name, share: 1, text: axis.high.toPrecision(3), dy: -9 },
  ]);
  const lines = (within: boolean) =>
    Plot.line(
      points.filter((point) => inside(point.lane) === within),
      {
        x: 'axis',
        y: 'share',
        z: 'lane',
        stroke: (point: { readonly group: number }) => looks[point.group]!.colour,
        strokeOpacity: within ? 0.8 : 0.08,
        strokeWidth: within ? 1.3 : 0.8,
        title: 'title',
      },
    );
  return Plot.plot({
    ...shared,
    width,
    marginLeft: 40,
    marginTop: 26,
    x: { type: 'point', domain: axes.map(({ name }) => name), label: null, padding: 0.4 },
    y: { domain: [0, 1], axis: null },
    marks: [
      Plot.ruleX(axes, { x: 'name', strokeOpacity: 0.5 }),
      lines(false),
      lines(true),
      ...[-9, 11].map((dy) =>
        Plot.text(
          ends.filter((end) => end.dy === dy),
          { x: 'axis', y: 'share', text: 'text', dy },
        ),
      ),
    ],
  }) as unknown as Drawing;
}
