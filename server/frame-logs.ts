import { frameLogs, openFrameLog, removeFrameLog } from './frame-log.ts';
import type { FrameLog } from './frame-log.ts';

/** Logs held open for readers; those of running runs come on top. */
const maxOpen = 32;

/** The frame logs of a store: few are held open, those that are written to always. */
export class FrameLogs implements Disposable {
  readonly #folder: string;
  readonly #open = new Map<string, FrameLog>();
  readonly #writing = new Set<string>();
  readonly #pins = new Map<string, number>();
  /** When each was last asked for, in no unit. */
  readonly #used = new Map<string, number>();
  #clock = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where there is none and `create` is not set. */
  get(id: string, create = false): FrameLog | undefined {
    this.#used.set(id, ++this.#clock);
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const log = openFrameLog(this.#folder, id, create);
    if (log === undefined) return undefined;
    this.#open.set(id, log);
    const idle = [...this.#open.keys()].filter((other) => !this.#writing.has(other) && other !== id);
    for (const other of idle.slice(0, -maxOpen)) this.close(other);
    return log;
  }

  /** Runs that have a log. */
  ids(): readonly string[] {
    return frameLogs(this.#folder);
  }

  isWriting(id: string): boolean {
    return this.#writing.has(id);
  }

  startWriting(id: string): FrameLog {
    this.#writing.add(id);
    return this.get(id, true)!;
  }

  stopWriting(id: string): void {
    this.#writing.delete(id);
    this.close(id);
  }

  /** Keeps a log from being dropped until it is disposed. */
  pin(id: string): Disposable {
    this.#pins.set(id, (this.#pins.get(id) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const left = this.#pins.get(id)! - 1;
        if (left === 0) this.#pins.delete(id);
        else this.#pins.set(id, left);
      },
    };
  }

  /** Drops logs that can be had again, those that were not asked for for the longest time first, until `keep` are left. */
  drop(restorable: readonly string[], keep: number): void {
    const oldest = [...restorable].sort((a, b) => (this.#used.get(a) ?? 0) - (this.#used.get(b) ?? 0));
    for (const id of oldest.slice(0, Math.max(0, oldest.length - keep))) if (!this.#pins.has(id)) this.remove(id);
  }

  close(id: string): void {
    this.#open.get(id)?.[Symbol.dispose]();
    this.#open.delete(id);
  }

  remove(id: string): void {
    this.close(id);
    this.#used.delete(id);
    removeFrameLog(this.#folder, id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#open.keys()) this.close(id);
  }
}
