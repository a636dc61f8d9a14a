import { useComputedColorScheme } from '@mantine/core';
import * as Plot from '@observablehq/plot';
import { useEffect, useRef } from 'react';
import { colourOf, inkOf } from '../colours.ts';
import { formatValue } from '../live/format.ts';
import { nonce } from '../wire/nonce.ts';
import type { Roc } from './roc.ts';
import { thinned } from './roc.ts';

const size = 290;
const mostPoints = 300;
const colours = 6;
/** With the colour, what tells one curve from another. */
const dashes = ['', '6 3', '2 3', '8 3 2 3', '12 4', '1 2'];

export interface RocCurve {
  readonly label: string;
  readonly roc: Roc;
  /** Where its threshold puts it. */
  readonly at: { readonly falsePositive: number; readonly truePositive: number } | undefined;
}

/** Shares of clean and of attacked samples above every threshold, a curve for each detector. */
export function RocChart({ curves, samples }: { readonly curves: readonly RocCurve[]; readonly samples: string }) {
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const summary = curves.map(({ label, roc }) => `${label} area ${formatValue(roc.area)}`).join(', ');

  useEffect(() => {
    const ink = inkOf(scheme);
    const stroke = (k: number): string => colourOf(`other-${(k % colours) as 0}`, scheme);
    const figure = Plot.plot({
      width: size,
      height: size,
      margin: 40,
      style: { background: 'transparent', color: ink.text, fontSize: '11px' },
      x: { domain: [0, 1], label: `clean ${samples} above`, grid: true, nice: false },
      y: { domain: [0, 1], label: `attacked ${samples} above`, grid: true },
      marks: [
        Plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: ink.text, strokeDasharray: '2 4', strokeOpacity: 0.6 },
        ),
        ...curves.flatMap(({ roc, at }, k) => [
          Plot.line(thinned(roc.points, mostPoints), {
            x: 'falsePositive',
            y: 'truePositive',
            stroke: stroke(k),
            strokeWidth: 1.8,
            strokeDasharray: dashes[k % dashes.length]!,
          }),
          Plot.dot(at === undefined ? [] : [at], {
            x: 'falsePositive',
            y: 'truePositive',
            fill: stroke(k),
            r: 4,
          }),
        ]),
      ],
    });
    figure.setAttribute('role', 'img');
    figure.setAttribute('aria-label', `Receiver operating characteristic over ${samples}: ${summary}`);
    // Parts of a picture have no names of their own.
    for (const part of figure.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
    // Plot's own styles are refused without it.
    for (const style of figure.querySelectorAll('style')) style.nonce = nonce;
    host.current!.replaceChildren(figure);
  }, [curves, samples, summary, scheme]);

  return (
    <figure className="roc">
      <div ref={host} />
      <dl className="legend">
        {curves.map(({ label, roc }, k) => (
          <div key={label}>
            <dt>
              <svg width="26" height="8" aria-hidden="true">
                <line
                  x1="0"
                  x2="26"
                  y1="4"
                  y2="4"
                  stroke={colourOf(`other-${(k % colours) as 0}`, scheme)}
                  strokeWidth="2"
                  strokeDasharray={dashes[k % dashes.length]}
                />
              </svg>
              {label}
            </dt>
            <dd>{formatValue(roc.area)}</dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}
