import type { Subscription } from 'rxjs';
import type { Socket } from 'socket.io';
import type { TelemetryClientEvents, TelemetryServerEvents } from './events.ts';
import type { RunManager } from './run-manager.ts';
import type { Store } from './store.ts';

export type TelemetrySocket = Socket<TelemetryClientEvents, TelemetryServerEvents>;

/** Packets that may wait in a socket; beyond it the store holds the rest, and memory stays bounded. */
const maxWaiting = 16;
/** Frames read and sent at once. */
const batch = 32;
/** In mode `live`, a viewer further behind than this jumps to the head and is told so. */
const liveLag = 50;

/**
 * Sends one run to one socket from a cursor over the store: lossless and resumable in mode `all`, whatever happened to either
 * side in between. The cursor moves before `emit`: engine.io fires `drain` synchronously inside it.
 */
export class Pump {
  readonly #socket: TelemetrySocket;
  readonly #store: Store;
  readonly #runId: string;
  readonly #live: boolean;
  readonly #subscription: Subscription;
  readonly #drain = (): void => this.#pump();
  #next: number;
  #head: number;
  #over: boolean;
  #closed = false;

  constructor(
    socket: TelemetrySocket,
    store: Store,
    manager: RunManager,
    runId: string,
    from: number,
    mode: 'all' | 'live',
  ) {
    this.#socket = socket;
    this.#store = store;
    this.#runId = runId;
    this.#live = mode === 'live';
    this.#next = from;
    this.#head = store.head(runId).seq;
    this.#over = store.summary(runId).endedAt !== null;
    this.#subscription = manager.notices.subscribe((notice) => {
      if (notice.type === 'committed' && notice.runId === runId) {
        this.#head = notice.head;
        this.#pump();
      } else if (notice.type === 'ended' && notice.runId === runId) {
        this.#over = true;
        this.#pump();
      }
    });
    socket.conn.on('drain', this.#drain);
  }

  /** Starts sending; after the subscriber's acknowledgement, so that the schema comes first. */
  start(): void {
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#subscription.unsubscribe();
    this.#socket.conn.off('drain', this.#drain);
  }

  #pump(): void {
    if (this.#closed) return;
    if (this.#live && this.#head - this.#next > liveLag) {
      const to = this.#head - 1;
      this.#socket.emit('gap', {
        runId: this.#runId,
        from: this.#next,
        to: to - 1,
        reason: `more than ${liveLag} frames behind`,
      });
      this.#next = to;
    }
    while (this.#next < this.#head && waiting(this.#socket) < maxWaiting && !this.#closed) {
      const firstSeq = this.#next;
      const frames = this.#store.frames(this.#runId, firstSeq, Math.min(batch, this.#head - firstSeq));
      if (frames.length === 0) break;
      this.#next = firstSeq + frames.length;
      this.#socket.emit('frames', { runId: this.#runId, firstSeq, frames: frames.map((frame) => frame.body) });
    }
    if (this.#over && this.#next >= this.#head && !this.#closed) {
      this.close();
      this.#socket.emit('end', {
        runId: this.#runId,
        lastSeq: this.#head - 1,
        state: this.#store.summary(this.#runId).state,
      });
    }
  }
}

/** Packets that engine.io holds for this socket. The field is documented for this use but private in its types. */
function waiting(socket: TelemetrySocket): number {
  return (socket.conn as unknown as { readonly writeBuffer: readonly unknown[] }).writeBuffer.length;
}
