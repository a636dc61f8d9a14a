import { CodecError } from '../../../core/errors.ts';
import { decodeFrame } from '../../../core/frame-codec.ts';
import { decodeGap } from '../../../core/gap.ts';
import type { WireGap } from '../../../core/gap.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { bytesOf } from '../../../core/wire-bytes.ts';
import type { WireBytes } from '../../../core/wire-bytes.ts';
import type { NoteEvent, Problem, RunSummary, StepNote, TelemetryServerEvents } from '../../events.ts';
import type { TelemetrySocket } from '../wire/sockets.ts';
import { Columns } from './columns.ts';

/** As in `run:subscribe`: every row, or the newest at once. */
export type StreamMode = 'all' | 'live';

/** What the page shows of a stream beside its charts; replaced as a whole when something changed. */
export interface StreamStatus {
  readonly run: RunSummary | null;
  readonly schema: TelemetrySchema | null;
  readonly rows: number;
  readonly frames: number;
  /** How often rows were left out, and how many: only their extremes are here. */
  readonly gaps: number;
  readonly leftOut: number;
  /** How often the stream was taken up again at `from`. */
  readonly resumed: number;
  readonly step: number;
  readonly stepsPerSecond: number;
  /** Every frame of an ended run is here. */
  readonly complete: boolean;
  readonly problem: Problem | null;
  /** What people say of steps, by step. */
  readonly notes: readonly StepNote[];
}

/** React redraws the numbers beside the charts this often. */
const showEveryMs = 150;

const idle: StreamStatus = {
  run: null,
  schema: null,
  rows: 0,
  frames: 0,
  gaps: 0,
  leftOut: 0,
  resumed: 0,
  step: 0,
  stepsPerSecond: 0,
  complete: false,
  problem: null,
  notes: [],
};

/**
 * One run's telemetry: subscribes from the next sequence number it lacks, again after every reconnection, and again when a frame is out of order. Frames
 * it already has are dropped. In mode `all` it has no hole; in mode `live` rows may be left out, with their extremes known.
 */
export class RunStream {
  readonly #socket: TelemetrySocket;
  readonly #runId: string;
  readonly #listeners = new Set<() => void>();
  readonly #readers = new Set<() => void>();
  #columns = new Columns();
  #mode: StreamMode = 'all';
  #status: StreamStatus = idle;
  #shown: StreamStatus = idle;
  #waiting = false;
  #next = 0;
  #nextEvent = 0;
  #asked = 0;
  #awaiting = false;
  #fruitless = 0;

  constructor(socket: TelemetrySocket, runId: string) {
    this.#socket = socket;
    this.#runId = runId;
  }

  /** What has come: others once rows that were left out are fetched. */
  get columns(): Columns {
    return this.#columns;
  }

  /** The status as it was last shown: a new object at most every {@link showEveryMs}. */
  readonly shown = (): StreamStatus => this.#shown;

  /** Hears of {@link shown}: for what React draws. */
  readonly watchSlowly = (listener: () => void): (() => void) => {
    this.#readers.add(listener);
    return () => this.#readers.delete(listener);
  };

  /** Hears of every change: for the charts, which keep their own pace. */
  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Starts listening, from what it has on; the returned function ends it. In mode `all` it begins anew where rows had been left out. */
  open(mode: StreamMode): () => void {
    this.#mode = mode;
    if (mode === 'all' && this.#status.leftOut > 0) {
      this.#columns = new Columns();
      this.#next = 0;
      this.#set({ ...idle, run: this.#status.run, notes: this.#status.notes });
    }
    const mine =
      <M extends { readonly runId: string }>(handle: (message: M) => void) =>
      (message: M): void => {
        if (message.runId === this.#runId) handle(message);
      };
    const handlers: Partial<TelemetryServerEvents> = {
      schema: mine(({ schema }) => this.#adopt(schema)),
      frames: mine(({ frames }) => this.#take(frames)),
      gap: mine((gap) => this.#leaveOut(gap)),
      event: mine((event) => this.#note(event)),
      state: (run) => {
        if (run.id === this.#runId) this.#set({ run });
      },
      preparing: mine(({ attack, done }) => {
        const { run } = this.#status;
        if (run?.state === 'preparing') this.#set({ run: { ...run, preparing: { attack, done } } });
      }),
      progress: mine(({ step, stepsPerSecond }) => this.#set({ step, stepsPerSecond })),
      end: mine(({ lastSeq }) => this.#set({ complete: this.#next > lastSeq })),
    };
    const subscribe = (): void => this.#subscribe();
    for (const [event, handler] of Object.entries(handlers)) this.#socket.on(event as 'frames', handler as never);
    this.#socket.on('connect', subscribe);
    if (this.#socket.connected) subscribe();
    return () => {
      for (const [event, handler] of Object.entries(handlers)) this.#socket.off(event as 'frames', handler as never);
      this.#socket.off('connect', subscribe);
      this.#asked++;
      if (this.#socket.connected) this.#socket.emit('run:unsubscribe', { runId: this.#runId });
    };
  }

  #subscribe(): void {
    const asked = ++this.#asked;
    this.#awaiting = true;
    const request = { runId: this.#runId, from: this.#next, mode: this.#mode, eventsFrom: this.#nextEvent };
    this.#socket.emit('run:subscribe', request, (answer) => {
      if (asked !== this.#asked) return;
      this.#awaiting = false;
      if (!answer.ok) return this.#set({ problem: answer.problem });
      const resumed = asked === 1 ? 0 : this.#status.resumed + 1;
      this.#set({ run: answer.run, problem: null, resumed, step: Math.max(this.#status.step, answer.run.headStep) });
      this.#columns.expect(answer.run.totalSteps);
      if (answer.schema !== null) this.#adopt(answer.schema);
    });
  }

  #note({ seq, id, note }: NoteEvent): void {
    if (seq < this.#nextEvent) return;
    this.#nextEvent = seq + 1;
    const others = this.#status.notes.filter((one) => one.id !== id);
    const notes = note === null ? others : [...others, note].sort((a, b) => a.step - b.step || a.id - b.id);
    this.#set({ notes });
  }

  #adopt(schema: TelemetrySchema): void {
    if (this.#status.schema?.version === schema.version) return;
    this.#columns.adopt(schema);
    this.#set({ schema });
  }

  #take(frames: readonly WireBytes[]): void {
    // Until the answer is here, frames are of the subscription that is being replaced.
    if (this.#awaiting) return;
    const first = this.#next;
    let whole = true;
    for (const bytes of frames) {
      const frame = readable(() => decodeFrame(bytesOf(bytes)));
      if (frame !== undefined && frame.seq < this.#next) continue;
      whole = frame !== undefined && frame.seq === this.#next && this.#columns.append(frame);
      if (!whole) break;
      this.#next++;
    }
    if (this.#next > first) this.#grown({ frames: this.#status.frames + this.#next - first });
    if (!whole) this.#retry();
  }

  #leaveOut(wire: WireGap): void {
    if (this.#awaiting || wire.to <= this.#next) return;
    const { rows } = this.#columns;
    const gap = wire.from === this.#next ? readable(() => decodeGap(wire)) : undefined;
    if (gap === undefined || !this.#columns.leaveOut(gap)) return this.#retry();
    this.#next = wire.to;
    const { gaps, leftOut } = this.#status;
    this.#grown({ gaps: gaps + 1, leftOut: leftOut + this.#columns.rows - rows });
  }

  #grown(change: Partial<StreamStatus>): void {
    this.#fruitless = 0;
    const { rows } = this.#columns;
    this.#set({ ...change, rows, step: Math.max(this.#status.step, rows) });
  }

  /** Takes up the stream again where it broke; a frame that is damaged in the store itself is not asked for for ever. */
  #retry(): void {
    if (this.#fruitless++ < 3) this.#subscribe();
    else
      this.#set({
        problem: {
          type: 'about:blank',
          title: 'The history of this run is damaged',
          status: 500,
          code: 'codec',
          detail: `Frame ${this.#next} cannot be read; everything before it is shown.`,
        },
      });
  }

  #set(change: Partial<StreamStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const listener of this.#listeners) listener();
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.#shown = this.#status;
      for (const reader of this.#readers) reader();
    }, showEveryMs);
  }
}

/** What can be decoded; undefined for what is damaged. */
function readable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
