import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import type { ReactNode } from 'react';
import { colourOf } from '../colours.ts';
import { ChartPicture } from './chart-picture.ts';
import type { Columns } from './columns.ts';
import { steerCursor } from './cursor-keys.ts';
import { formatCount, formatValue } from './format.ts';
import { keepDrawn } from './keep-drawn.ts';
import type { Line, Panel } from './panels.ts';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import type { Track } from '../../../core/track.ts';
import type { ViewStore } from './view.ts';

const labelEveryMs = 1000;

export interface ChartProps {
  readonly panel: Panel;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
  /** Its spans are shaded. */
  readonly shade?: Track | undefined;
  /** Stands beside the title, e.g. a choice of what is drawn. */
  readonly children?: ReactNode;
}

/**
 * A panel as a chart with the page's shared window and cursor. The lines are drawn from the columns at the ticker's pace;
 * the numbers under the cursor are the exact rows, never the decimated points.
 */
export function Chart({ panel, columns, view, clock, shade, children }: ChartProps) {
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const points = useRef<HTMLParagraphElement>(null);
  const key = JSON.stringify(panel);
  // A panel is rebuilt with every render of the page; the chart only when it says something else.
  const stable = useMemo(() => JSON.parse(key) as Panel, [key]);

  useEffect(() => {
    const box = host.current!;
    const picture = new ChartPicture({ panel: stable, scheme, columns, clock, shade }, sizeOf(box), box);
    const { plot } = picture;
    const canvas = plot.ctx.canvas;
    canvas.setAttribute('role', 'img');
    // Until it is drawn, which it is when it comes into sight.
    canvas.setAttribute('aria-label', stable.title);
    const line = document.createElement('div');
    line.className = 'cursor-line';
    plot.over.append(line);
    let drawn = '';
    let labelledAt = -Infinity;

    const draw = (): void => {
      const { rows } = columns;
      const { from, to, until } = view.window(rows);
      const state = `${from}:${to}:${until}:${view.version}`;
      if (state !== drawn) {
        drawn = state;
        picture.draw({ from, to, until });
        box.dataset['rows'] = String(to);
        setText(points.current, pointsText(picture.points, to - from));
      }
      const { cursor, pin } = view.get();
      const shown = view.row(rows);
      stable.lines.forEach((one, k) => setText(values.current[k], valueText(columns, one, shown)));
      const chosen = cursor !== null || pin !== null;
      const inside = chosen && shown >= from && shown < to;
      line.hidden = !inside;
      if (inside) line.style.transform = `translateX(${Math.round(plot.valToPos(shown, 'x'))}px)`;
      const now = performance.now();
      if (now - labelledAt > labelEveryMs || chosen) {
        labelledAt = now;
        canvas.setAttribute('aria-label', describe(stable, columns, shown, clock()));
      }
    };

    const sizes = new ResizeObserver(() => {
      const size = sizeOf(box);
      if (size.width === plot.width && size.height === plot.height) return;
      plot.setSize(size);
      drawn = '';
    });
    sizes.observe(box);
    const rowAt = (event: MouseEvent): number => plot.posToVal(event.offsetX, 'x');
    const stop = keepDrawn({ box, hears: plot.over, rowAt, draw }, view, columns);
    return () => {
      stop();
      sizes.disconnect();
      picture.destroy();
    };
  }, [stable, scheme, columns, view, clock, shade]);

  return (
    <section className="panel" aria-label={panel.title}>
      <header className="panel-head">
        <h2>{panel.title}</h2>
        {children}
        <dl className="legend">
          {panel.lines.map((one, k) => (
            <div key={one.label}>
              <dt>
                <svg width="18" height="8" aria-hidden="true">
                  <line
                    x1="0"
                    x2="18"
                    y1="4"
                    y2="4"
                    stroke={colourOf(one.meaning, scheme)}
                    strokeWidth="2"
                    strokeDasharray={one.dash?.join(' ')}
                  />
                </svg>
                {one.label}
              </dt>
              <dd ref={(element) => void (values.current[k] = element)}>–</dd>
            </div>
          ))}
        </dl>
      </header>
      <div
        ref={host}
        className="plot"
        role="group"
        tabIndex={0}
        aria-label={`${panel.title}: arrow keys move the cursor, with shift by 24 rows; Escape releases it`}
        onKeyDown={(event) => steerCursor(event, view, columns.rows)}
        data-panel={panel.id}
      />
      <p ref={points} className="points" />
    </section>
  );
}

/** A chart fills its box; hidden boxes get room to be measured in later. */
function sizeOf(box: HTMLElement): { width: number; height: number } {
  return { width: Math.max(120, box.clientWidth), height: Math.max(120, box.clientHeight) };
}

function setText(element: HTMLElement | null | undefined, text: string): void {
  if (element !== null && element !== undefined && element.textContent !== text) element.textContent = text;
}

/** The value of a line at a row; of one that was left out what it lies between. */
function valueText(columns: Columns, line: Line, row: number): string {
  const [bucket] = columns.leftOut(row, row + 1);
  const known = bucket === undefined ? undefined : columns.extremes(line, bucket);
  return (known ?? [columns.of(line, row)]).map(formatValue).join(' … ');
}

/** How much of what is recorded is drawn. */
function pointsText(drawn: number, rows: number): string {
  return drawn >= rows
    ? `${formatCount(rows)} points, all drawn`
    : `${formatCount(drawn)} of ${formatCount(rows)} points: least and greatest of each ${Math.ceil((2 * rows) / drawn)}`;
}

/** What the picture says at a row, in words. */
function describe(panel: Panel, columns: Columns, row: number, clock: SimClock): string {
  if (row < 0) return `${panel.title}: no data yet`;
  const values = panel.lines.map((one) => `${one.label} ${valueText(columns, one, row)} ${one.unit}`);
  return `${panel.title} at ${simTime(row, clock)}: ${values.join(', ')}`;
}
