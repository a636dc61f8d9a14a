import type { Socket } from 'socket.io';
import { backlog } from './backlog.ts';
import { problemOf } from './problem.ts';
import { maxWaiting } from './pump.ts';
import type { TelemetrySocket } from './pump.ts';
import type { StepNotes } from './step-notes.ts';

/**
 * Sends one socket what changes in the notes of the runs that it follows, from a number on and in order; what it does not read waits in the catalogue. Notes
 * go on after a run is over, so of more than `most` runs those that were asked for last are followed.
 */
export class NoteFeed implements Disposable {
  readonly #socket: TelemetrySocket;
  readonly #notes: Pick<StepNotes, 'changes'>;
  readonly #most: number;
  /** The next number, by run. */
  readonly #next = new Map<string, number>();
  /** Runs for whose changes there was no room. */
  readonly #behind = new Set<string>();
  readonly #drain = (): void => {
    for (const run of this.#behind) this.hear(run);
  };

  constructor(socket: TelemetrySocket, notes: Pick<StepNotes, 'changes'>, most: number) {
    this.#socket = socket;
    this.#notes = notes;
    this.#most = most;
    socket.conn.on('drain', this.#drain);
    socket.conn.transport.on('ready', this.#drain);
  }

  /** Sends what changed from a number on, and what will. */
  follow(run: string, from: number): void {
    this.leave(run);
    this.#next.set(run, from);
    if (this.#next.size > this.#most) this.leave(this.#next.keys().next().value!);
    this.hear(run);
  }

  leave(run: string): void {
    this.#next.delete(run);
    this.#behind.delete(run);
  }

  /** The notes of a run changed. A catalogue that cannot be read is a problem of this run's, and ends them. */
  hear(run: string): void {
    try {
      this.#send(run);
    } catch (error) {
      this.leave(run);
      this.#socket.emit('problem', problemOf(error));
    }
  }

  #send(run: string): void {
    for (;;) {
      const next = this.#next.get(run);
      if (next === undefined) return;
      const room = maxWaiting - backlog(this.#socket as Socket).packets;
      if (room <= 0) return void this.#behind.add(run);
      this.#behind.delete(run);
      const changes = this.#notes.changes(run, next, room);
      if (changes.length === 0) return;
      // Before they are sent: engine.io drains inside of `emit`.
      this.#next.set(run, changes.at(-1)!.seq + 1);
      for (const change of changes) this.#socket.emit('event', change);
    }
  }

  [Symbol.dispose](): void {
    this.#next.clear();
    this.#behind.clear();
    this.#socket.conn.off('drain', this.#drain);
    this.#socket.conn.transport.off('ready', this.#drain);
  }
}
