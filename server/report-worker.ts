import { parentPort } from 'node:worker_threads';
import { reportDocument } from '../evaluation/report/document.ts';
import { figureSvg } from '../evaluation/report/figure.ts';
import { runFigures } from '../evaluation/report/figures.ts';
import { reportHtml } from '../evaluation/report/html.ts';
import { figurePng, RendererError } from './figure-png.ts';
import type { Numbered } from './asked-thread.ts';
import { faultOf } from './thread-fault.ts';
import type { ReportOutcome, ReportTask } from './worker-messages.ts';

/** Draws reports: half a second of work each, for which no viewer may wait. */
async function drawn({ form, result, schema, frames, notes }: ReportTask): Promise<ReportOutcome> {
  if (form.kind === 'html') return done(reportHtml(result, schema, frames, notes));
  if (form.kind === 'json') return done(JSON.stringify(reportDocument(result, schema, frames, notes)));
  const figures = schema === null ? [] : runFigures(result, schema, frames);
  const figure = figures.find(({ name }) => name === form.name);
  if (figure === undefined) return { type: 'unknown', names: figures.map(({ name }) => name) };
  const svg = figureSvg(figure);
  return done(form.kind === 'svg' ? svg : await figurePng(svg));
}

function done(content: string | Uint8Array): ReportOutcome {
  return { type: 'done', content: typeof content === 'string' ? new TextEncoder().encode(content) : content };
}

const port = parentPort;
port?.on('message', ({ id, value }: Numbered<ReportTask>) => {
  void drawn(value)
    .catch((error: unknown): ReportOutcome =>
      error instanceof RendererError
        ? { type: 'no-renderer', reason: error.message }
        : { type: 'failed', ...faultOf(error) },
    )
    .then((value) => port.postMessage({ id, value } satisfies Numbered<ReportOutcome>));
});
