import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Colours that tell apart with any eye: Okabe and Ito. */
export const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A report as one HTML file: no script, nothing fetched, the numbers again in a JSON block. */
export function page(title: string, body: string, data: unknown): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)} — Faultline</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #d8dde3;font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}
h2{margin-top:2rem}figure{margin:1rem 0}.bad{color:#a40000;font-weight:600}code,pre{font-size:13px}dt{font-weight:600;margin-top:.5rem}.said{white-space:pre-wrap}</style></head><body><main>
<h1>${escape(title)}</h1>
${body}
<script type="application/json" id="result">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
</main></body></html>
`;
}

/** An inline SVG of a plot, in the size and margins of every report. */
export function svg(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  const plot = Plot.plot({
    document: document as never, // linkedom stands in for the DOM that Plot asks for
    width: 900,
    height: 320,
    marginLeft: 50,
    grid: true,
    ...options,
  });
  // Plot names its groups, which have no role that may bear a name; a figure is one picture, named as a whole.
  return plot.outerHTML.replaceAll(/(<g\b[^>]*?) aria-(?:label|description)="[^"]*"/g, '$1');
}
