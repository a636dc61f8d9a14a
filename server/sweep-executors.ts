import { hostname } from 'node:os';
import type { ActiveJob, Executor, WorkerReport } from '../evaluation/executor/executor.ts';
import type { ExecutorKind, ExecutorStatus } from './events.ts';
import type { PolicySupply } from './executor/packed-policy.ts';
import { RunExecutor } from './executor/run-executor.ts';
import type { RunManager } from './run-manager.ts';
import type { Log } from './socket-listener.ts';
import type { Store } from './store.ts';

/** What there is to see of who does the jobs. */
export interface ExecutorSight extends Pick<ExecutorStatus, 'address' | 'connected' | 'queue'> {
  readonly workers: readonly WorkerReport[];
}

/** Who does the runs of this server's sweeps. */
export interface SweepExecutors extends AsyncDisposable {
  readonly kind: ExecutorKind;
  /** For the jobs of one sweep. @param runs ids of their runs by the key of the job */
  open(sweep: string, runs: ReadonlyMap<string, string>): Executor;
  look(): Promise<ExecutorSight>;
}

/** Threads of this server. @param counts runs of sweeps since it started */
export function localExecutors(
  manager: RunManager,
  store: Store,
  counts: () => { readonly done: number; readonly failed: number },
): SweepExecutors {
  const host = hostname();
  const since = Date.now();
  return {
    kind: 'local',
    open: (_sweep, runs) => new RunExecutor(manager, store, runs),
    async look() {
      const { active, maxConcurrent: threads, queued } = manager.load();
      const jobs = active.map((id): ActiveJob => {
        const { headStep, totalSteps, attempts, sweepId } = store.summary(id);
        const done = totalSteps === 0 ? 0 : Math.min(1, headStep / totalSteps);
        return { batch: sweepId ?? '', key: id, done, attempt: attempts };
      });
      const { pid } = process;
      const { done, failed } = counts();
      const own: WorkerReport = { id: `${host}-${pid}`, host, pid, threads, since, done, failed, active: jobs };
      return {
        address: null,
        connected: true,
        workers: [own],
        queue: { waiting: queued, active: active.length, delayed: 0 },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** How long the Redis may take to say what there is. */
const lookMs = 1000;

/** Workers over a Redis. @throws {ConfigError} for what is no address of one  @throws {BackendError} when none answers */
export async function redisExecutors(
  url: string,
  codeHash: string,
  policies: PolicySupply,
  log: Log,
): Promise<SweepExecutors> {
  const [{ RedisQueue }, { RedisExecutor }] = await Promise.all([
    import('./executor/redis-queue.ts'),
    import('./executor/redis-executor.ts'),
  ]);
  const queue = await RedisQueue.open({ url, codeHash, log: (message) => log('info', {}, message) });
  let seen: Pick<ExecutorSight, 'workers' | 'queue'> = { workers: [], queue: { waiting: 0, active: 0, delayed: 0 } };
  return {
    kind: 'redis',
    open: (sweep) => new RedisExecutor(queue, { batch: sweep, policies, telemetry: true }, { leaves: true }),
    async look() {
      let connected = false;
      if (queue.connected) {
        const asked = Promise.all([queue.workers(), queue.depth()]).catch(() => undefined);
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, lookMs, undefined)));
        const answer = await Promise.race([asked, late]);
        clearTimeout(timer);
        if (answer !== undefined) {
          connected = true;
          seen = { workers: answer[0], queue: answer[1] };
        }
      }
      return { address: queue.address, connected, ...seen };
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
}
