import { Command, Option } from '@commander-js/extra-typings';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { integer } from '../arguments.ts';
import { redisOption, redisUrl } from '../executor-option.ts';
import { interruption } from '../exit.ts';
import { note } from '../output.ts';

/** `faultline worker`: does jobs that sweeps, evaluations, studies and servers of this code queue in a Redis. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('do jobs that wait in a Redis, on this machine')
    .addOption(redisOption())
    .option('--workers <n>', 'jobs at a time, a thread each', integer('--workers', 1, 256), 1)
    .option('--data <dir...>', 'folders under which datasets and policies may be named in jobs; default: none', [])
    .addOption(
      new Option(
        '--allow-controllers <where>',
        'where jobs may ask controllers over HTTP: on this machine, or anywhere',
      )
        .choices(['none', 'loopback', 'any'] as const)
        .default('none' as const),
    )
    .addOption(
      new Option(
        '--stalled-after <s>',
        'a job whose worker was not heard of for so many seconds is taken up by another',
      )
        .argParser(integer('--stalled-after', 1, 3600))
        .default(15),
    )
    .addHelpText(
      'after',
      `
Ctrl-C (or TERM) gives its jobs back to the queue at once; after a kill they are taken up by another worker. Only jobs of the same code are
taken: a worker of another version would compute other bits.

Examples:
  faultline worker --redis redis://127.0.0.1:6379 --workers 4
  FAULTLINE_REDIS=rediss://faultline:secret@queue.example:6379 faultline worker --data /data/citylearn`,
    )
    .action(async (options) => {
      using interrupted = interruption();
      const url = redisUrl(options.redis);
      const { runRedisWorker } = await import('../../server/executor/redis-worker.ts');
      await runRedisWorker({
        url,
        threads: options.workers,
        setup: {
          roots: options.data,
          modelsDir: installation().modelsDir,
          controllers: options.allowControllers,
          ...provenance(),
          telemetry: false,
        },
        stalledAfterMs: 1000 * options.stalledAfter,
        log: note,
        signal: interrupted.signal,
      });
      note('stopped');
    }) as unknown as Command;
}
