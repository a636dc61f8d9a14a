import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import type { GridTopology } from '../../../core/telemetry.ts';
import type { Columns } from './columns.ts';
import { oneLine } from './one-line-layout.ts';
import { branchKey } from './relays.ts';
import type { RelayPicture } from './relays.ts';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import { onDraw } from './ticker.ts';
import type { ViewStore } from './view.ts';
import { voltageColour } from './voltage-colour.ts';

const [stepX, stepY, margin] = [46, 40, 26];

export interface OneLineProps {
  readonly grid: GridTopology;
  /** `grid/clean`, `grid/<attack>` */
  readonly lane: string;
  readonly label: string;
  /** Shown while the cursor is on its step. */
  readonly relays: RelayPicture | undefined;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
}

/** The one-line diagram of a network, its buses coloured by their voltage at the page's cursor. Drawn once; only colours and the text change. */
export function OneLine({ grid, lane, label, relays, columns, view, clock }: OneLineProps) {
  const scheme = useComputedColorScheme('light');
  const layout = useMemo(() => oneLine(grid), [grid]);
  const circles = useRef<(SVGCircleElement | null)[]>([]);
  const picture = useRef<SVGSVGElement>(null);
  const said = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    const channels = layout.buses.map(({ bus }) => `${lane}/v.${bus}`);
    let drawn = '';
    let visible = true;
    const draw = (): void => {
      if (!visible) return;
      const row = view.row(columns.rows);
      const state = `${row}:${columns.rows > row}`;
      if (state === drawn) return;
      drawn = state;
      const tripped = relays !== undefined && row === relays.step;
      picture.current!.classList.toggle('tripped-now', tripped);
      let [lowest, at] = [Infinity, -1];
      channels.forEach((channel, k) => {
        const v = columns.value(channel, row);
        if (v < lowest) [lowest, at] = [v, k];
        const circle = circles.current[k];
        if (circle === null || circle === undefined) return;
        const out = v < grid.band[0] || v > grid.band[1];
        circle.setAttribute('fill', voltageColour(v, grid.band, scheme) ?? 'none');
        const { bus } = layout.buses[k]!;
        const dark = tripped && relays.dark.has(bus);
        circle.setAttribute('class', dark ? 'bus dark' : out ? 'bus outside' : 'bus');
        const after = dark ? ', dark once the relays have tripped' : '';
        circle.firstElementChild!.textContent = `bus ${bus}: ${Number.isNaN(v) ? 'no voltage' : `${v.toFixed(4)} p.u.`}${after}`;
      });
      const voltages =
        at < 0
          ? row < 0
            ? 'nothing yet'
            : 'no solution: no voltages'
          : `lowest ${lowest.toFixed(4)} p.u. at bus ${layout.buses[at]!.bus}`;
      const text = tripped ? `${voltages}; ${relays.summary}` : voltages;
      said.current!.textContent = text;
      picture.current!.setAttribute(
        'aria-label',
        `${grid.name}, ${label}${row < 0 ? '' : ` at ${simTime(row, clock())}`}: ${text}`,
      );
    };
    const sight = new IntersectionObserver(([entry]) => {
      visible = entry?.isIntersecting ?? true;
      if (visible) draw();
    });
    sight.observe(picture.current!);
    const stop = onDraw(draw);
    return () => {
      stop();
      sight.disconnect();
    };
  }, [layout, lane, label, grid, relays, columns, view, clock, scheme]);

  const x = (column: number): number => margin + column * stepX;
  const y = (row: number): number => margin + row * stepY;
  const width = 2 * margin + (layout.columns - 1) * stepX;
  const height = 2 * margin + (layout.rows - 1) * stepY;
  return (
    <figure className="one-line" data-lane={lane}>
      <figcaption>
        <strong>{label}</strong> <span ref={said} />
      </figcaption>
      <svg
        ref={picture}
        role="img"
        aria-label={`${grid.name}, ${label}`}
        preserveAspectRatio="xMinYMin meet"
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxHeight: Math.max(90, Math.min(height, 460)) }}
      >
        {layout.branches.map(([from, to], k) => {
          const [a, b] = [layout.buses[from]!, layout.buses[to]!].sort((one, other) => one.column - other.column) as [
            (typeof layout.buses)[number],
            (typeof layout.buses)[number],
          ];
          // Down at the parent's column, then along the row.
          const points = `${x(a.column)},${y(a.row)} ${x(a.column)},${y(b.row)} ${x(b.column)},${y(b.row)}`;
          const loop = k >= layout.buses.length - 1;
          const at = relays?.tripped.get(branchKey(layout.buses[from]!.bus, layout.buses[to]!.bus));
          const kind = `branch${loop ? ' loop' : ''}${at === undefined ? '' : ' trips'}`;
          const [mx, my] = [(Math.max(x(a.column), x(b.column) - stepX) + x(b.column)) / 2, y(b.row)];
          return (
            <g key={`${from}-${to}-${k}`}>
              <polyline className={kind} points={points} />
              {at !== undefined && (
                <g className="trip-mark" transform={`translate(${mx} ${my})`}>
                  <path d="M-5,-5L5,5M-5,5L5,-5" />
                  <text y={16} textAnchor="middle">
                    {at.toFixed(1)} s
                  </text>
                </g>
              )}
            </g>
          );
        })}
        {layout.buses.map(({ bus, column, row }, k) => (
          <g key={bus} transform={`translate(${x(column)} ${y(row)})`}>
            <circle ref={(element) => void (circles.current[k] = element)} className="bus" r={8} fill="none">
              <title>bus {bus}</title>
            </circle>
            {relays?.dark.has(bus) === true && <path className="dark-mark" d="M-5.6,5.6L5.6,-5.6" />}
            <text y={-12} textAnchor="middle">
              {bus}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  );
}
