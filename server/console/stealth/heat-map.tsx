import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Columns } from '../live/columns.ts';
import { steerCursor } from '../live/cursor-keys.ts';
import type { SimClock } from '../live/sim-time.ts';
import { simTime } from '../live/sim-time.ts';
import { keepDrawn } from '../live/keep-drawn.ts';
import type { ViewStore } from '../live/view.ts';
import { heatColour } from './heat-colour.ts';
import { finding, heatOf, movedFeatures } from './perturbation.ts';
import type { Told } from './perturbation.ts';

const rowPx = 13;
const mostColumns = 720;
/** While rows come, a new picture at most this often: it looks at every row of the window. */
const everyMs = 250;

export interface HeatMapProps {
  readonly features: readonly Told[];
  /** The largest normalised change that the attack may make; undefined: the largest that is there. */
  readonly budget: number | undefined;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
}

/** What was done to each feature over the shown window: a row a feature, coloured by the largest change with its sign. */
export function HeatMap({ features, budget, columns, view, clock }: HeatMapProps) {
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    const [box, picture, mark, text] = [host.current!, canvas.current!, line.current!, said.current!];
    const context = picture.getContext('2d')!;
    let drawn = '';
    let drawnAt = -Infinity;
    const draw = (): void => {
      const { from, to } = view.window(columns.rows);
      const state = `${from}:${to}`;
      const now = performance.now();
      if (state !== drawn && to > from && now - drawnAt >= everyMs) {
        [drawn, drawnAt] = [state, now];
        const heat = heatOf(columns, features, from, to, mostColumns);
        picture.width = heat.width;
        picture.height = heat.height;
        const image = context.createImageData(heat.width, heat.height);
        const scale = budget === undefined || heat.most > budget ? heat.most : budget;
        heat.values.forEach((value, k) => image.data.set([...heatColour(value / (scale || 1), scheme), 255], 4 * k));
        context.putImageData(image, 0, 0);
        const found = finding(movedFeatures(columns, features, from, to));
        picture.setAttribute(
          'aria-label',
          `Perturbation from ${simTime(from, clock())} to ${simTime(to - 1, clock())}: ${found}`,
        );
        text.textContent = `${found.charAt(0).toUpperCase()}${found.slice(1)}.`;
      }
      const row = view.row(columns.rows);
      const { cursor, pin } = view.get();
      mark.hidden = (cursor ?? pin) === null || row < from || row >= to;
      mark.style.transform = `translateX(${Math.round(((row - from + 0.5) / (to - from)) * box.clientWidth)}px)`;
    };
    const rowAt = (event: MouseEvent): number => {
      const { from, to } = view.window(columns.rows);
      return from - 0.5 + (event.offsetX / box.clientWidth) * (to - from);
    };
    return keepDrawn({ box, hears: picture, rowAt, draw }, view, columns);
  }, [features, budget, columns, view, clock, scheme]);

  return (
    <>
      <p ref={said} className="hint" data-testid="finding">
        Nothing is recorded yet.
      </p>
      <div className="heat">
        <ol aria-label="Features, from top to bottom">
          {features.map(({ name }) => (
            <li key={name} title={name}>
              {name}
            </li>
          ))}
        </ol>
        <div
          ref={host}
          className="heat-picture"
          role="group"
          tabIndex={0}
          aria-label="Perturbation: arrow keys move the cursor, with shift by 24 rows; Escape releases it"
          onKeyDown={(event) => steerCursor(event, view, columns.rows)}
          style={{ height: features.length * rowPx }}
        >
          <canvas ref={canvas} role="img" aria-label="Perturbation" />
          <div ref={line} className="cursor-line" hidden />
        </div>
      </div>
    </>
  );
}
