import type { Command } from '../core/run.ts';

/** Time as an argument: evaluation itself reads no clock. */
export interface Clock {
  /** Seconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; with 0, after the event loop has had a turn. */
  sleep(ms: number): Promise<void>;
}

/** Commands waiting for a run, in the order they were given. */
export interface CommandQueue {
  next(): Command | undefined;
  /** Resolves as soon as a command waits. */
  wait(): Promise<void>;
}

/** A queue that its owner fills from a socket, a signal or a test. */
export function commandQueue(): CommandQueue & { push(command: Command): void } {
  const waiting: Command[] = [];
  let wake: (() => void) | undefined;
  return {
    push(command) {
      waiting.push(command);
      wake?.();
      wake = undefined;
    },
    next: () => waiting.shift(),
    wait: () =>
      waiting.length > 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve;
          }),
  };
}

/**
 * Decides before each step whether the loop may go on: pause, single step, pace and cancel live here, not in the loop.
 * A cancelled run ends early and says so; it is not an error.
 */
export class Pacer {
  #paused = false;
  #allowance = 0;
  #stepsPerSecond: number | null;
  #due: number;
  cancelled = false;
  readonly #commands: CommandQueue;
  readonly #clock: Clock;

  constructor(commands: CommandQueue, clock: Clock, stepsPerSecond: number | null) {
    this.#commands = commands;
    this.#clock = clock;
    this.#stepsPerSecond = stepsPerSecond;
    this.#due = clock.now();
  }

  get paused(): boolean {
    return this.#paused && this.#allowance === 0;
  }

  /** True when the next step would come late enough for a viewer to see what there is so far. */
  get slow(): boolean {
    return this.#stepsPerSecond !== null && this.#stepsPerSecond < 200;
  }

  /** Applies the commands that wait. */
  poll(): void {
    for (let command = this.#commands.next(); command !== undefined; command = this.#commands.next()) {
      if (command.type === 'cancel') this.cancelled = true;
      else if (command.type === 'pause') {
        this.#paused = true;
        this.#allowance = 0;
      } else if (command.type === 'resume') {
        this.#paused = false;
        this.#due = this.#clock.now();
      } else if (command.type === 'step') {
        this.#paused = true;
        this.#allowance = command.steps;
      } else {
        this.#stepsPerSecond = command.stepsPerSecond;
        this.#due = this.#clock.now();
      }
    }
  }

  /** Waits while paused. */
  async hold(): Promise<void> {
    await this.#commands.wait();
  }

  /** Counts a step; resolves when the pace allows the next one. Never sleeps longer than 200 ms at once, so commands are heard. */
  async stepped(): Promise<void> {
    if (this.#allowance > 0) this.#allowance--;
    if (this.#stepsPerSecond === null) return;
    this.#due += 1 / this.#stepsPerSecond;
    for (;;) {
      const ahead = this.#due - this.#clock.now();
      if (ahead <= 0) {
        if (ahead < -1) this.#due = this.#clock.now(); // too slow for the pace asked for: do not sprint later
        return;
      }
      await this.#clock.sleep(Math.min(200, ahead * 1000));
      this.poll();
      if (this.cancelled || this.#paused || this.#stepsPerSecond === null) return;
    }
  }
}
