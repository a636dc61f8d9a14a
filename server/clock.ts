import type { Clock } from '../evaluation/control.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => (performance.timeOrigin + performance.now()) / 1000,
  sleep: (ms) => new Promise((resolve) => (ms <= 0 ? setImmediate(resolve) : setTimeout(resolve, ms))),
};
