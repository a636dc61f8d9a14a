import * as Plot from '@observablehq/plot';
import { escape, page, palette, svg } from '../report/page.ts';
import type { Cell, Claim, StudyFigure, StudyResult, StudyTable } from './study.ts';

const verdicts = { true: 'holds', false: 'does not hold', null: 'undecided' } as const;

/** A study as one HTML file: claims first, then what they rest on. */
export function studyHtml(result: StudyResult): string {
  const { title, source, quick, dataset, seeds, claims, tables, figures, hashes, versions } = result;
  return page(
    title,
    `<p>${escape(source)}. ${quick ? 'Quick version' : 'Full version'}, ${seeds} training seed${seeds === 1 ? '' : 's'} a victim, dataset ${escape(dataset)}.
In brackets: 95 % intervals of the mean over seeds (Student), from five seeds on; in parentheses the seeds themselves where there are fewer.</p>
<h2>Verdict</h2>
${claimTable(claims)}
${figures.map(figure).join('\n')}
${tables.map(table).join('\n')}
<h2>Identity</h2>
<pre>${escape(JSON.stringify({ hashes, versions }, null, 2))}</pre>`,
    result,
  );
}

function claimTable(claims: readonly Claim[]): string {
  return `<table><thead><tr><th>claim</th><th>verdict</th><th>evidence</th></tr></thead><tbody>
${claims.map(({ claim, holds, evidence }) => `<tr><td>${escape(claim)}</td><td${holds === false ? ' class="bad"' : ''}>${verdicts[`${holds}`]}</td><td>${escape(evidence)}</td></tr>`).join('\n')}</tbody></table>`;
}

function table({ title, columns, rows, note }: StudyTable): string {
  const cell = (value: Cell): string => (value === null ? '–' : escape(String(value)));
  return `<h2>${escape(title)}</h2>
<p>${escape(note)}</p>
<table><thead><tr>${columns.map((column) => `<th>${escape(column)}</th>`).join('')}</tr></thead><tbody>
${rows.map((row) => `<tr>${row.map((value) => `<td>${cell(value)}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;
}

function figure({ title, x, y, points, note }: StudyFigure): string {
  const plot = svg({
    color: { legend: true, range: palette },
    x: { label: x },
    y: { label: y },
    marks: [
      Plot.ruleY([0]),
      Plot.line(points, { x: 'x', y: 'y', stroke: 'series', strokeWidth: 1.6 }),
      Plot.dot(points, { x: 'x', y: 'y', fill: 'series', r: 2.5 }),
    ],
  });
  return `<h2>${escape(title)}</h2>
<p>${escape(note)}</p>
<figure>${plot}</figure>`;
}
