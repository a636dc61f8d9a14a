import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

export const ink = '#1f2937';
const [blue, amber, green] = ['#2563eb', '#d97706', '#059669'];
const { document } = parseHTML('<html><body></body></html>');

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly of: string;
}

/** Ours as lines, the reference as dots. */
export function panel(
  [column, row]: readonly [number, number],
  title: string,
  axes: { readonly x: string; readonly y: string; readonly log?: boolean },
  ours: readonly Point[],
  reference: readonly Point[],
  more: readonly Plot.Markish[] = [],
): string {
  const svg = Plot.plot({
    document: document as never,
    width: 400,
    height: 250,
    marginTop: 40,
    marginLeft: 52,
    style: { fontFamily: 'system-ui, sans-serif', fontSize: '11px', color: ink, background: 'none' },
    x: { label: axes.x },
    y: { label: null, ...(axes.log === true ? { type: 'log' as const, tickFormat: '.0e', ticks: 5 } : {}), grid: true },
    color: { range: [blue, amber, green] },
    marks: [
      ...more,
      Plot.line(ours, { x: 'x', y: 'y', stroke: 'of', strokeWidth: 1.4 }),
      Plot.dot(reference, { x: 'x', y: 'y', stroke: 'of', r: 2.6 }),
      Plot.text(
        [...new Set(ours.map(({ of }) => of))].map((of) => ours.findLast((point) => point.of === of)!),
        { x: 'x', y: 'y', text: 'of', fill: 'of', dy: -8, textAnchor: 'end' },
      ),
    ],
  });
  svg.setAttribute('x', `${column * 410}`);
  svg.setAttribute('y', `${40 + row * 265}`);
  const markup = svg.outerHTML.replace(/\d+\.\d{3,}/g, (digits: string) => `${Number(Number(digits).toFixed(2))}`);
  return `${markup}<text x="${column * 410 + 6}" y="${40 + row * 265 + 13}" font-size="13" font-weight="600">${title}<tspan font-weight="400">: ${axes.y}</tspan></text>`;
}

