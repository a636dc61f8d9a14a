import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import { decodeFrame } from '../../core/frame-codec.ts';
import { decodeGap } from '../../core/gap.ts';
import type { Gap } from '../../core/gap.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { bytesOf } from '../../core/wire-bytes.ts';
import type { NoteEvent, RunState, TelemetryClientEvents, TelemetryServerEvents } from '../events.ts';
import { ProblemError } from './problem.ts';

export interface TailOptions {
  /** First sequence number; default 0. */
  readonly from?: number;
  /** `all` (default) is lossless; `live` jumps to the newest when far behind and tells `onGap` what was in between. */
  readonly mode?: 'all' | 'live';
  /** In mode `live`: packets a second, at most 20. */
  readonly maxHz?: number;
  /** Frames that were left out, with the least and greatest value of each column in them by buckets of steps. */
  readonly onGap?: (gap: Gap) => void;
  /** Every change of the run's notes at steps, once and in order: those that there are, then what changes until the run's end. */
  readonly onNote?: (event: NoteEvent) => void;
  /** Ends the tail. */
  readonly signal?: AbortSignal;
}

/** Frames in order. `schema` and `state` are known from the first frame on. */
export interface Tail extends AsyncIterable<TelemetryFrame> {
  readonly schema: TelemetrySchema | null;
  /** How the run ended; null before. */
  readonly state: RunState | null;
}

/** Frames held for a reader that is slow; beyond, the subscription waits on the server's disk. */
const maxHeld = 512;
const redialMs = 250;

/** Opens a tail of its own socket. It ends with the run, with `signal`, or when its reader leaves the loop. */
export function openTail(url: string, token: string | undefined, runId: string, options: TailOptions): Tail {
  const known: { schema: TelemetrySchema | null; state: RunState | null } = { schema: null, state: null };
  return {
    get schema() {
      return known.schema;
    },
    get state() {
      return known.state;
    },
    [Symbol.asyncIterator]: () => frames(url, token, runId, options, known),
  };
}

async function* frames(
  url: string,
  token: string | undefined,
  runId: string,
  { from = 0, mode = 'all', maxHz, onGap, onNote, signal }: TailOptions,
  known: { schema: TelemetrySchema | null; state: RunState | null },
): AsyncGenerator<TelemetryFrame, void, undefined> {
  const socket: Socket<TelemetryServerEvents, TelemetryClientEvents> = io(new URL('/telemetry', url).href, {
    transports: ['websocket'],
    parser,
    forceNew: true,
    reconnectionDelay: redialMs,
    reconnectionDelayMax: 2000,
    auth: { token },
  });
  const held: TelemetryFrame[] = [];
  let next = from;
  let eventsFrom = 0;
  let lastSeq: number | undefined;
  let fault: Error | undefined;
  let parked = false;
  let asked = 0;
  let wake = (): void => {};
  const fail = (error: Error): void => {
    fault ??= error;
    wake();
  };
  const subscribe = (): void => {
    const mine = ++asked;
    parked = false;
    const request = { runId, from: next, mode, eventsFrom, ...(maxHz === undefined ? {} : { maxHz }) };
    socket.emit('run:subscribe', request, (answer) => {
      if (mine !== asked) return;
      if (!answer.ok) return fail(new ProblemError(answer.problem));
      known.schema = answer.schema ?? known.schema;
    });
  };
  socket.on('connect', subscribe);
  socket.on('disconnect', (reason) => {
    asked++;
    // A server that says goodbye is not redialled by socket.io itself.
    if (reason === 'io server disconnect') setTimeout(() => fault ?? socket.connect(), redialMs);
  });
  socket.on('connect_error', (error: Error & { data?: { code?: number } }) => {
    if (error.data?.code !== undefined) fail(error); // refused: trying again would not help
  });
  socket.on('schema', ({ schema }) => (known.schema = schema));
  socket.on('gap', (gap) => {
    if (gap.to <= next) return;
    onGap?.(decodeGap(gap));
    next = gap.to;
  });
  socket.on('event', (event) => {
    if (event.seq < eventsFrom) return;
    eventsFrom = event.seq + 1;
    onNote?.(event);
  });
  socket.on('frames', ({ firstSeq, frames: bodies }) => {
    if (parked) return;
    for (const [i, body] of bodies.entries()) {
      if (firstSeq + i !== next) continue;
      held.push(decodeFrame(bytesOf(body)));
      next++;
    }
    if (held.length > maxHeld) {
      parked = true;
      socket.emit('run:unsubscribe', { runId });
    }
    wake();
  });
  socket.on('end', (end) => {
    known.state = end.state;
    if (parked) return; // what was in the air when the subscription ended is asked for again
    lastSeq = end.lastSeq;
    wake();
  });
  socket.on('problem', (problem) => fail(new ProblemError(problem)));
  const stop = (): void => fail(signal!.reason instanceof Error ? signal!.reason : new Error('the tail was ended'));
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      for (let frame = held.shift(); frame !== undefined; frame = held.shift()) yield frame;
      if (fault !== undefined) throw fault;
      if (lastSeq !== undefined && next > lastSeq) return;
      if (parked && socket.connected) subscribe();
      await woken;
    }
  } finally {
    fault ??= new Error('the tail is over');
    signal?.removeEventListener('abort', stop);
    socket.close();
  }
}
