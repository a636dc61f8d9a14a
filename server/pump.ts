import type { Subscription } from 'rxjs';
import type { Socket } from 'socket.io';
import { backlog } from './backlog.ts';
import type { TelemetryClientEvents, TelemetryServerEvents } from './events.ts';
import { SharedExtremes } from './extremes.ts';
import type { Extremes, ReadFrames } from './extremes.ts';
import type { FramesMessages } from './packets.ts';
import { problemOf } from './problem.ts';
import type { RunManager } from './run-manager.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';

export type TelemetrySocket = Socket<TelemetryClientEvents, TelemetryServerEvents>;

/** Packets, and their bytes, that may wait in a socket; the store holds the rest, so memory stays bounded. */
export const maxWaiting = 16;
const maxWaitingBytes = 4 << 20;
/** Frames, and roughly their bytes, sent in one packet. */
const maxBatch = 64;
const maxBatchBytes = 512 << 10;
/** In mode `live`, a viewer further behind than this jumps to the head and is told so. */
const liveLag = 50;

/** What a pump needs of the server: frames, and word of new ones. */
export interface PumpSource {
  readonly store: Pick<Store, 'frames' | 'summary'>;
  readonly notices: Pick<RunManager['notices'], 'subscribe'>;
  /** Shared by those who send the same frames. */
  readonly messages?: FramesMessages;
  /** Shared by those who watch the same run in mode `live`. */
  readonly extremes?: SharedExtremes;
  /** Told of what was handed to a socket. */
  readonly sent?: (frames: number, bytes: number) => void;
}

/** What a subscriber wants of a run. */
export interface View {
  /** First sequence number. */
  readonly from: number;
  readonly mode: 'all' | 'live';
  /** Packets a second, in mode `live`; absent: as they come. */
  readonly maxHz?: number | undefined;
}

/**
 * Sends one run to one socket from a cursor over the store: lossless and resumable in mode `all`, whatever happened to either
 * side in between. The cursor moves before `emit`, because engine.io fires `drain` synchronously inside it.
 */
export class Pump {
  readonly #socket: TelemetrySocket;
  readonly #store: PumpSource['store'];
  readonly #runId: string;
  /** What a run that is watched in mode `live` held so far: a gap says what was in it. */
  readonly #live: ReturnType<SharedExtremes['hold']> | undefined;
  readonly #read: ReadFrames = (from, limit) => this.#store.frames(this.#runId, from, limit);
  readonly #frames: Disposable | undefined;
  /** Least time between two packets. */
  readonly #everyMs: number;
  readonly #sent: PumpSource['sent'];
  readonly #messages: PumpSource['messages'];
  #lastAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  readonly #subscription: Subscription;
  readonly #drain = (): void => this.#pump();
  #next: number;
  #head: number;
  #over: boolean;
  #frameBytes = maxBatchBytes;
  #pumping = false;
  #closed = false;

  /** @param frames what keeps them readable */
  constructor(socket: TelemetrySocket, source: PumpSource, runId: string, view: View, frames?: Disposable) {
    const { headSeq, endedAt } = source.store.summary(runId);
    this.#socket = socket;
    this.#store = source.store;
    this.#runId = runId;
    this.#live = view.mode === 'live' ? (source.extremes ?? new SharedExtremes()).hold(runId) : undefined;
    this.#everyMs = this.#live !== undefined && view.maxHz !== undefined ? 1000 / view.maxHz : 0;
    this.#sent = source.sent;
    this.#messages = source.messages;
    this.#frames = frames;
    this.#next = view.from;
    this.#head = headSeq;
    this.#over = endedAt !== null;
    this.#subscription = source.notices.subscribe((notice) => {
      if (notice.type === 'committed' && notice.runId === runId) this.#head = notice.head;
      else if (notice.type === 'ended' && notice.runId === runId) this.#over = true;
      else return;
      this.#pump();
    });
    // `ready` once what was handed over is written: the packets may be gone before it, their bytes are not.
    socket.conn.on('drain', this.#drain);
    socket.conn.transport.on('ready', this.#drain);
  }

  /** Starts sending; after the subscriber's acknowledgement, so that the schema comes first. */
  start(): void {
    this.#pump();
  }

  /** True once nothing more will be sent. */
  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#subscription.unsubscribe();
    this.#socket.conn.off('drain', this.#drain);
    this.#socket.conn.transport.off('ready', this.#drain);
    this.#frames?.[Symbol.dispose]();
    this.#live?.[Symbol.dispose]();
  }

  #pump(): void {
    if (this.#pumping) return; // a drain inside our own emit: the loop below goes on by itself
    const waitMs = this.#lastAt + this.#everyMs - performance.now();
    if (waitMs > 0) return this.#later(waitMs);
    this.#pumping = true;
    try {
      // Taken in as frames are committed, not at the jump; who comes late to a long run waits a moment for what there is.
      if (this.#live?.extremes.advance(this.#head, this.#read) === false) return this.#later(0);
      if (this.#live !== undefined && this.#head - this.#next > liveLag && this.#hasRoom())
        this.#jump(this.#live.extremes);
      while (!this.#closed && this.#next < this.#head && this.#hasRoom()) {
        this.#send();
        if (this.#everyMs === 0) continue;
        this.#lastAt = performance.now();
        if (this.#next < this.#head) this.#later(this.#everyMs);
        break;
      }
      if (!this.#closed && this.#over && this.#next >= this.#head) this.#end();
    } catch (error) {
      this.close();
      this.#socket.emit('problem', problemOf(error));
    } finally {
      this.#pumping = false;
    }
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#closed) this.#pump();
    }, ms);
  }

  #hasRoom(): boolean {
    const { packets, bytes } = backlog(this.#socket as Socket);
    return packets < maxWaiting && bytes < maxWaitingBytes;
  }

  #send(): void {
    const firstSeq = this.#next;
    const room = Math.max(1, Math.min(maxBatch, Math.floor(maxBatchBytes / this.#frameBytes)));
    const stored = this.#store.frames(this.#runId, firstSeq, Math.min(room, this.#head - firstSeq));
    if (stored[0]?.seq !== firstSeq || stored.at(-1)?.seq !== firstSeq + stored.length - 1)
      throw new StoreError(`frames of run '${this.#runId}': a frame from ${firstSeq} on is no longer there`);
    const frames = stored.map((frame) => frame.body);
    this.#frameBytes = frames.at(-1)!.byteLength;
    this.#next = firstSeq + frames.length;
    this.#sent?.(
      frames.length,
      frames.reduce((sum, body) => sum + body.byteLength, 0),
    );
    const message = this.#messages?.of(this.#runId, firstSeq, frames) ?? { runId: this.#runId, firstSeq, frames };
    this.#socket.emit('frames', message);
  }

  #jump(extremes: Extremes): void {
    const gap = extremes.gap(this.#next, this.#head - 1, this.#read);
    this.#next = gap.to;
    this.#socket.emit('gap', { runId: this.#runId, ...gap, reason: `more than ${liveLag} frames behind` });
  }

  #end(): void {
    this.close();
    const { state, headSeq } = this.#store.summary(this.#runId);
    this.#socket.emit('end', { runId: this.#runId, lastSeq: headSeq - 1, state });
  }
}
