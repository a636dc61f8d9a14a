import type { RunManager } from './run-manager.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';

/** Runs that are removed by themselves: over for so many days, not archived, without a tag. */
export interface Retention {
  readonly days: number;
  readonly now: () => number;
}

const hourMs = 3_600_000;

/** Makes files of runs that have ended, one at a time, those that an earlier server left first; and removes what has had its time. */
export class Compactor {
  readonly #store: Store;
  readonly #log: Log;
  readonly #waiting: string[];
  readonly #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #closing = false;

  constructor(store: Store, notices: RunManager['notices'], log: Log, retention: Retention | undefined) {
    this.#store = store;
    this.#log = log;
    notices.subscribe((notice) => {
      if (notice.type !== 'ended') return;
      this.#waiting.push(notice.runId);
      this.#start();
    });
    if (retention !== undefined) {
      this.#expire(retention);
      this.#timer = setInterval(() => this.#expire(retention), hourMs).unref();
    }
    this.#waiting = [...store.uncompacted()];
    this.#start();
  }

  /** Waits for the one at work; those that wait have their turn on the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  #start(): void {
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async #work(): Promise<void> {
    for (let id = this.#waiting.shift(); id !== undefined && !this.#closing; id = this.#waiting.shift())
      try {
        await this.#store.compact(id);
      } catch (error) {
        // Its frames stay where they are, readable as before.
        this.#log('error', { run: id, fault: messageOf(error) }, 'telemetry was not made a file');
      }
  }

  #expire({ days, now }: Retention): void {
    for (const id of this.#store.expired(now() - days * 24 * hourMs)) {
      this.#store.remove(id);
      this.#log('info', { run: id }, 'removed: it had been over for its time');
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
