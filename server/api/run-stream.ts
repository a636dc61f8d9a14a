import type { Request, Response } from 'express';
import { z } from 'zod';
import { UnknownNameError } from '../../core/errors.ts';
import { decodeFrame } from '../../core/frame-codec.ts';
import { NotFoundError, problemOf, TooManyError } from '../problem.ts';
import type { RunManager } from '../run-manager.ts';
import type { RunNotice } from '../run-notice.ts';
import { maxNotes } from '../step-notes.ts';
import type { Store } from '../store.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';

const query = z.strictObject({
  channels: z.string().optional().describe('Names, with commas between them, of which `frame` events bring values.'),
  from: z.coerce.number().int().min(0).optional().describe('First frame; Last-Event-ID, where it is sent, wins.'),
});

/** Streams at once; a browser's tabs share six connections, a script needs one. */
const maxStreams = 200;
const heartbeatMs = 15_000;

/** Server-sent events of one run, for curl and scripts: `state`, `progress`, `note`, `end`, and `frame`s by number, resumable. */
export function runStreamOperation(store: Store, manager: RunManager): Operation {
  let open = 0;
  return operation({
    method: 'get',
    path: '/runs/:id/stream',
    scope: 'read',
    summary: 'Server-sent events; with `channels`, every frame once, from where Last-Event-ID ended.',
    query,
    answers: { 200: { description: 'state, progress, note, frame, end.', content: { 'text/event-stream': null } } },
    async handle({ request, response, query: { channels, from }, param }) {
      const id = param('id');
      store.summary(id);
      if (open >= maxStreams) throw new TooManyError(`${maxStreams} event streams are open already`);
      using _frames = await store.open(id);
      const names = channels?.split(',').filter(Boolean) ?? [];
      open++;
      try {
        await stream(store, manager, id, names, nextOf(request, from), response);
      } finally {
        open--;
        response.end();
      }
    },
  });
}

function nextOf(request: Request, from: number | undefined): number {
  const last = request.headers['last-event-id'];
  return typeof last === 'string' && /^\d{1,10}$/.test(last) ? Number(last) + 1 : (from ?? 0);
}

async function stream(
  store: Store,
  manager: RunManager,
  id: string,
  names: readonly string[],
  from: number,
  response: Response,
): Promise<void> {
  let columns = columnsOf(store, id, names);
  let next = from;
  let wake = (): void => {};
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event: string, data: unknown, seq?: number): boolean =>
    response.write(`${seq === undefined ? '' : `id: ${seq}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  /** Of what is told beside frames only the newest counts: one that reads slowly does without. */
  const tell = (event: string, data: unknown): void => void (response.writableNeedDrain || send(event, data));
  send('state', store.summary(id));
  const hear = (notice: RunNotice): void => {
    if (notice.type === 'state') {
      if (notice.run.id === id) tell('state', notice.run);
    } else if (notice.runId === id) {
      if (notice.type === 'progress') tell('progress', { step: notice.step, totalSteps: notice.totalSteps });
      wake();
    }
  };
  const subscription = manager.notices.subscribe({ next: hear, complete: () => wake() });
  /** Ends with the token that it was asked by. */
  const recheck = (): void => {
    if (!(response.locals['allowed'] as () => boolean)()) response.destroy();
  };
  const revocations = store.tokens.revoked.subscribe(recheck);
  const heartbeat = setInterval(() => {
    recheck();
    if (!response.destroyed && !response.writableNeedDrain) response.write(': \n\n');
  }, heartbeatMs);
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  void closed.then(() => wake());
  let nextNote = 0;
  /** All that there are, and from then on what changes. */
  const sendNotes = (): void => {
    for (const { runId: _run, ...event } of store.notes.changes(id, nextNote, maxNotes)) {
      nextNote = event.seq + 1;
      send('note', event);
    }
  };
  const sendFrames = async (known: Columns, head: number): Promise<void> => {
    while (next < head && !response.destroyed) {
      const [stored] = store.frames(id, next, 1);
      if (stored === undefined) break;
      next = stored.seq + 1;
      if (!send('frame', valuesOf(stored.body, known), stored.seq) && !response.destroyed)
        await Promise.race([new Promise<void>((resolve) => response.once('drain', resolve)), closed]);
    }
  };
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const { endedAt, headSeq, state } = store.summary(id);
      columns ??= columnsOf(store, id, names);
      sendNotes();
      if (columns !== undefined) await sendFrames(columns, headSeq);
      if (response.destroyed) return;
      if (endedAt !== null) return void send('end', { lastSeq: headSeq - 1, state });
      await woken;
    }
  } catch (error) {
    send('problem', problemOf(error));
  } finally {
    subscription.unsubscribe();
    revocations.unsubscribe();
    clearInterval(heartbeat);
  }
}

function valuesOf(body: Uint8Array, columns: Columns): object {
  const { seq, step0, rows, values } = decodeFrame(body);
  const data = columns.map(([name, c]) => [name, [...values.subarray(c * rows, (c + 1) * rows)]] as const);
  return { seq, step0, rows, values: Object.fromEntries(data) };
}

type Columns = readonly (readonly [string, number])[];

/** Names with their columns; undefined while the run has no schema yet, or when none were asked for. */
function columnsOf(store: Store, id: string, names: readonly string[]): Columns | undefined {
  if (names.length === 0) return undefined;
  const { schema, endedAt } = store.detail(id);
  if (schema === null) {
    if (endedAt !== null) throw new NotFoundError(`run '${id}' has no telemetry`);
    return undefined;
  }
  const known = schema.channels.map((channel) => channel.name);
  return names.map((name) => {
    const at = known.indexOf(name);
    if (at < 0) throw new UnknownNameError('channel', name.slice(0, 100), known.slice(0, 40));
    return [name, at] as const;
  });
}
