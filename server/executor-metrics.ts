import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ExecutorStatus } from './events.ts';

/** Gauges of who does the runs of sweeps, as of when they are asked for. */
export function watchExecutor(registry: Registry, look: () => Promise<ExecutorStatus>): void {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name: `faultline_executor_${name}`, help, registers });
  const workers = gauge('workers', 'Processes that do jobs.');
  const threads = gauge('worker_threads', 'Jobs that they do at a time.');
  const jobs = new Gauge({
    name: 'faultline_executor_jobs',
    help: 'Jobs of the queue, by state.',
    labelNames: ['state'] as const,
    registers,
  });
  const runs = new Gauge({
    name: 'faultline_executor_runs',
    help: 'Runs of sweeps since the server started, by what became of them.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const connected: Gauge = new Gauge({
    name: 'faultline_executor_connected',
    help: '1, or 0 while the Redis of the workers does not answer.',
    registers,
    // One look for all of them: collectors go on at once, and the registry waits for each.
    async collect() {
      const seen = await look();
      connected.set(Number(seen.connected));
      workers.set(seen.connected ? seen.workers.length : 0);
      threads.set(seen.connected ? seen.workers.reduce((sum, worker) => sum + worker.threads, 0) : 0);
      for (const [state, count] of Object.entries(seen.queue)) jobs.set({ state }, count);
      for (const [outcome, count] of Object.entries(seen.runs)) runs.set({ outcome }, count);
    },
  });
}
