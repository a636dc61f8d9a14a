import { Option } from '@commander-js/extra-typings';
import { ConfigError } from '../core/errors.ts';
import type { Executor } from '../evaluation/executor/executor.ts';
import type { WorkshopSetup } from '../server/executor/job-thread.ts';
import { installation } from '../server/installation.ts';
import { policySupply } from '../server/workspace.ts';
import { provenance } from '../server/provenance.ts';
import { note } from './output.ts';

/** Who does the jobs of a command. */
export const executorOption = (
  description = 'who does the jobs: threads of this process, or `faultline worker`s over a Redis',
): Option<'--executor <who>', undefined, 'local', undefined, false, 'local' | 'redis'> =>
  new Option('--executor <who>', description).choices(['local', 'redis'] as const).default('local' as const);

export const redisOption = (): Option<'--redis <url>'> =>
  new Option('--redis <url>', 'the Redis of the workers: redis://host:6379, rediss://user:password@host:6379').env(
    'FAULTLINE_REDIS',
  );

/** @throws {ConfigError} when there is none */
export function redisUrl(given: string | undefined): string {
  if (given !== undefined && given !== '') return given;
  throw new ConfigError('--redis: no address of a Redis, expected redis://host:6379 (or FAULTLINE_REDIS)');
}

/** What jobs of the command line's own user may use: every file, and the controllers that were allowed. */
export function ownWorkshop(more: Pick<WorkshopSetup, 'controllers' | 'telemetry'>): WorkshopSetup {
  return { roots: null, modelsDir: installation().modelsDir, ...provenance(), ...more };
}

export interface ExecutorChoice {
  readonly executor: 'local' | 'redis';
  readonly redis?: string | undefined;
  /** Threads of this process. */
  readonly workers: number;
}

/**
 * The executor that a command was asked for.
 * @param batch names its jobs in a queue
 * @throws {ConfigError} {BackendError}
 */
export async function openExecutor(
  { executor, redis, workers }: ExecutorChoice,
  setup: WorkshopSetup,
  batch: () => string,
): Promise<Executor> {
  if (executor === 'local') {
    const { LocalExecutor } = await import('../server/executor/local-executor.ts');
    return new LocalExecutor(workers, setup);
  }
  const url = redisUrl(redis);
  const { RedisExecutor } = await import('../server/executor/redis-executor.ts');
  const policies = policySupply(setup);
  const { codeHash, telemetry } = setup;
  return RedisExecutor.open({ url, batch: batch(), codeHash, policies, telemetry, log: note });
}
