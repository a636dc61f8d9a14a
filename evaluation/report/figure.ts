import * as Plot from '@observablehq/plot';
import { escape, palette, svg } from './page.ts';

/** A line chart as data: what a report draws, what `report.json` holds, and what SVG and PNG files show. */
export interface Figure {
  /** Its file's name: letters and dashes. */
  readonly name: string;
  readonly title: string;
  /** Labels of the axes, with units. */
  readonly x: string;
  readonly y: string;
  /** Horizontal lines: zero, or a bound (dashed). */
  readonly rule: { readonly y: number; readonly dashed: boolean };
  readonly series: readonly Series[];
}

interface Series {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const width = 900;
/** What a letter of the legend takes, px: no font is measured here. */
const letter = 7.4;
const swatch = 22;
const row = 20;

/**
 * A figure as one SVG that needs nothing else: its legend is drawn in it, its ground is white, `aria-label` says its title. The first series has always
 * the first colour.
 */
export function figureSvg({ title, x, y, rule, series }: Figure): string {
  const points = series.flatMap(({ label, x: xs, y: ys }) => xs.map((at, i) => ({ x: at, y: ys[i]!, label })));
  const plot = svg({
    color: { domain: series.map(({ label }) => label), range: palette },
    x: { label: x },
    y: { label: y },
    marks: [
      Plot.ruleY([rule.y], rule.dashed ? { strokeDasharray: '4 3' } : {}),
      Plot.line(points, { x: 'x', y: 'y', stroke: 'label', strokeWidth: 1.6 }),
    ],
  });
  const legend = legendOf(series.map(({ label }) => label));
  const height = legend.height + 320;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="12"><rect width="${width}" height="${height}" fill="#fff"/>${legend.text}<g transform="translate(0,${legend.height})">${plot}</g></svg>`;
}

/** A row of names with their colours, in as many rows as they need. */
function legendOf(labels: readonly string[]): { readonly text: string; readonly height: number } {
  let left = 10;
  let top = 6;
  const parts = labels.map((label, i) => {
    const takes = swatch + letter * label.length + 16;
    if (left > 10 && left + takes > width) {
      left = 10;
      top += row;
    }
    const part = `<rect x="${left}" y="${top}" width="14" height="14" fill="${palette[i % palette.length]!}"/><text x="${left + swatch}" y="${top + 11}" fill="#1b1f24">${escape(label)}</text>`;
    left += Math.ceil(takes);
    return part;
  });
  return { text: parts.join(''), height: top + row };
}
