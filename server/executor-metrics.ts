import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ExecutorStatus } from './events.ts';

/** The gauges of one scrape are of one look. */
const lookForMs = 100;

/** Gauges of who does the runs of sweeps, as of when they are asked for. */
export function watchExecutor(registry: Registry, look: () => Promise<ExecutorStatus>): void {
  let asked: { readonly at: number; readonly seen: Promise<ExecutorStatus> } | undefined;
  const seen = (): Promise<ExecutorStatus> => {
    const now = performance.now();
    if (asked === undefined || now - asked.at > lookForMs) asked = { at: now, seen: look() };
    return asked.seen;
  };
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    set: (gauge: Gauge, seen: ExecutorStatus) => void,
  ): void => {
    // Each waits for itself: the registry renders a gauge as soon as its own collector is done.
    const made: Gauge = new Gauge({
      name: `faultline_executor_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        set(made, await seen());
      },
    });
  };
  gauge('connected', '1, or 0 while the Redis of the workers does not answer.', [], (made, { connected }) =>
    made.set(Number(connected)),
  );
  gauge('workers', 'Processes that do jobs.', [], (made, { connected, workers }) =>
    made.set(connected ? workers.length : 0),
  );
  gauge('worker_threads', 'Jobs that they do at a time.', [], (made, { connected, workers }) =>
    made.set(connected ? workers.reduce((sum, { threads }) => sum + threads, 0) : 0),
  );
  gauge('jobs', 'Jobs of the queue, by state.', ['state'], (made, { queue }) => {
    for (const [state, count] of Object.entries(queue)) made.set({ state }, count);
  });
  gauge('runs', 'Runs of sweeps since the server started, by what became of them.', ['outcome'], (made, { runs }) => {
    for (const [outcome, count] of Object.entries(runs)) made.set({ outcome }, count);
  });
}
