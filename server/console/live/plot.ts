import uPlot from 'uplot';
import type { Scheme } from '../colours.ts';
import { inkOf } from '../colours.ts';
import type { Panel } from './panels.ts';
import type { SimClock } from './sim-time.ts';
import { tickLabel, tickRows } from './sim-time.ts';

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** The sides of a panel that have an axis. */
export function sidesOf(panel: Panel): readonly ('left' | 'right')[] {
  return panel.lines.some((line) => line.axis === 'right') ? ['left', 'right'] : ['left'];
}

/**
 * The axes of a panel, its grid and its limit: a uPlot without lines, legend or cursor of its own. Its data are the ends of its ranges, x and then each of
 * {@link sidesOf}. The clock is asked on every draw: it may learn its start hour.
 */
export function makePlot(
  panel: Panel,
  scheme: Scheme,
  size: PlotSize,
  clock: () => SimClock,
  target: HTMLElement,
): uPlot {
  const ink = inkOf(scheme);
  const font = '11px Inter, "DejaVu Sans", system-ui, sans-serif';
  const axis = { stroke: ink.text, font, labelFont: font, ticks: { stroke: ink.grid, size: 4 } };
  const sides = sidesOf(panel);
  const right = sides.includes('right');
  const unit = (side: 'left' | 'right'): string => panel.lines.find((line) => line.axis === side)?.unit ?? '';
  const sideAxis = (side: 'left' | 'right'): uPlot.Axis => ({
    ...axis,
    scale: side,
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum exists in uPlot's declarations only
    side: side === 'left' ? 3 : 1,
    label: unit(side),
    labelSize: 16,
    labelGap: 0,
    size: 44,
    gap: 3,
    space: 32,
    grid: side === 'left' ? { stroke: ink.grid, width: 1 } : { show: false },
    ...(side === 'left' && panel.bend !== undefined
      ? { splits: (_plot: uPlot, _axis: number, _min: number, max: number) => bentTicks(panel.bend!, max), filter: all }
      : {}),
    values: (_plot, splits) => splits.map(tickText),
  });
  const options: uPlot.Options = {
    ...size,
    hooks: {
      draw: [
        (plot) => {
          if (panel.limit === undefined) return;
          const { left, width, top } = plot.bbox;
          const y = Math.round(plot.valToPos(panel.limit.value, 'left', true));
          const { ctx } = plot;
          ctx.save();
          ctx.strokeStyle = ctx.fillStyle = ink.text;
          ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
          ctx.beginPath();
          ctx.moveTo(left, y);
          ctx.lineTo(left + width, y);
          ctx.stroke();
          ctx.font = `${10 * devicePixelRatio}px sans-serif`;
          ctx.textAlign = 'right';
          // Above the line, unless that is out of the picture.
          const above = y - top > 14 * devicePixelRatio;
          ctx.textBaseline = above ? 'bottom' : 'top';
          ctx.fillText(panel.limit.label, left + width - 4, y + (above ? -2 : 2));
          ctx.restore();
        },
      ],
    },
    legend: { show: false },
    cursor: { show: false },
    padding: [6, right ? 0 : 10, 0, 0],
    scales: {
      x: { time: false, range: (_plot, min, max) => [min, max] },
      left: {
        range: panel.range === undefined ? withLimit(panel.limit?.value) : () => [panel.range![0], panel.range![1]],
        ...(panel.bend === undefined ? {} : { distr: 4, asinh: panel.bend }),
      },
      ...(right ? { right: { range: padded } } : {}),
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 2,
        grid: { stroke: ink.grid, width: 1 },
        splits: (plot, _axis, min, max) => tickRows(min, max, Math.max(2, (plot.width - 60) / 52), clock()),
        values: (_plot, splits) => splits.map((row) => tickLabel(row, clock())),
      },
      sideAxis('left'),
      ...(right ? [sideAxis('right')] : []),
    ],
    series: [{}, ...sides.map((scale): uPlot.Series => ({ scale, paths: () => null, points: { show: false } }))],
  };
  return new uPlot(options, [[], ...sides.map(() => [])], target);
}

const mostBentTicks = 7;

/** Ticks of a bent axis: 0, and powers of ten from where it bends, every second or third where there are many. */
function bentTicks(bend: number, max: number): number[] {
  const [first, last] = [Math.floor(Math.log10(bend)), Math.floor(Math.log10(Math.max(max, bend)))];
  const stride = Math.ceil((last - first + 1) / mostBentTicks);
  const powers = Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, k) => 10 ** (first + k * stride));
  return [0, ...powers];
}

const all = (_plot: uPlot, splits: number[]): number[] => splits;

/** What is measured is in sight with what it is measured by. */
function withLimit(limit: number | undefined): typeof padded {
  if (limit === undefined) return padded;
  return (plot, min, max) => padded(plot, min === null ? 0 : Math.min(min, limit), Math.max(max ?? limit, limit));
}

/** Zero is in sight when it is near; a flat line gets room. */
function padded(_plot: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const span = max - min;
  if (span === 0) return min === 0 ? [-0.05, 1] : min > 0 ? [0, 1.2 * min] : [1.2 * min, 0];
  const low = min >= 0 && min < 0.5 * span ? 0 : min - 0.06 * span;
  const high = max <= 0 && -max < 0.5 * span ? 0 : max + 0.06 * span;
  return [low, high];
}

function tickText(value: number): string {
  const text = Math.abs(value) >= 10_000 ? value.toExponential(0) : String(Number(value.toPrecision(5)));
  return text.replace('-', '−');
}
