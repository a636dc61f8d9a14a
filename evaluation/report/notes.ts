import { escape } from './page.ts';

/** What somebody said of a step of a run. */
export interface ReportNote {
  readonly step: number;
  readonly text: string;
}

/** What people said of a run, step by step; nothing where nobody did. */
export function noteSection(notes: readonly ReportNote[]): string {
  if (notes.length === 0) return '';
  const items = notes.map(({ step, text }) => {
    return `<dt>step ${step}</dt><dd dir="auto" class="said">${escape(text)}</dd>`;
  });
  return `<h2>Notes</h2>
<dl>
${items.join('\n')}</dl>`;
}
