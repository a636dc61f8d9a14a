import { Command } from '@commander-js/extra-typings';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Scenario } from '../../core/scenario.ts';
import { carryOut } from '../../evaluation/executor/executor.ts';
import type { WorkerReport } from '../../evaluation/executor/executor.ts';
import { headlineOf } from '../../evaluation/sites.ts';
import { provenance } from '../../server/provenance.ts';
import { integer, shard } from '../arguments.ts';
import { executorOption, openExecutor, ownWorkshop, redisOption } from '../executor-option.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson, progress } from '../output.ts';
import { readSweep, seedList, varied } from '../sweep-file.ts';
import { cellsOf, jobsOf, runFolder, writePlan, writeSweep } from '../sweep-folder.ts';
import { sweepText } from '../sweep-text.ts';

/** `faultline sweep`: a scenario varied over values and seeds, each combination an evaluation. */
export function sweepCommand(): Command {
  return new Command('sweep')
    .description('evaluate every combination of a scenario’s values and seeds, here or on many machines')
    .argument('<file>', 'a sweep {name, scenario, vary, seeds}, or a scenario to vary with --vary and --seeds')
    .requiredOption('--out <dir>', 'folder to write runs/, result.json and episodes.parquet to')
    .option('--vary <pointer=values>', 'values at a JSON pointer into the scenario; may be given again', varied)
    .option('--seeds <list>', 'seeds of every combination: 0,1,2 or 0..9', seedList)
    .addOption(executorOption())
    .addOption(redisOption())
    .option('--workers <n>', 'threads of this process', integer('--workers', 1, 256), 1)
    .option('--shard <i/n>', 'do every n-th run from i (from 0) on; `faultline merge` puts the parts together', shard)
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      `
The same command again goes on from what an interrupted one kept; one with more seeds adds to it. A run that fails does not stop the others: it
is in result.json with its error, and the exit code is 3.

Examples:
  faultline sweep examples/panel.yaml --vary /attacks/1/threat/epsilon=0.02,0.05,0.1 --seeds 0..4 --workers 2 --out runs/epsilon
  faultline sweep sweep.yaml --out runs/sweep
  faultline worker --redis redis://queue:6379 --workers 4 &          # on any number of machines, and then
  faultline sweep sweep.yaml --executor redis --redis redis://queue:6379 --out runs/sweep
  faultline sweep sweep.yaml --shard 0/4 --out runs/part-0        # on each of four machines, then
  faultline merge runs/part-0 runs/part-1 runs/part-2 runs/part-3 --out runs/sweep`,
    )
    .action(async (file, options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const spec = readSweep(file, { vary: options.vary ?? {}, seeds: options.seeds });
      const sweep = cellsOf({ spec, code: provenance().codeHash });
      const jobs = jobsOf(sweep, options.shard);
      if (jobs.length === 0) throw new ConfigError(`--shard: the sweep has ${jobsOf(sweep).length} runs, none for it`);
      const { out } = options;
      const { batch } = writePlan(out, { ...sweep.plan, shard: options.shard });
      const setup = ownWorkshop({ controllers: 'loopback', telemetry: false });
      await using executor = await openExecutor(options, setup, () => batch);
      let [done, failed] = [0, 0];
      let workers: readonly WorkerReport[] | undefined;
      const active = new Map<string, number>();
      const bar = progress(jobs.length, 'sweep', 'runs');
      const show = (): void => {
        const shares = [...active.values()].reduce((sum, share) => sum + share, 0);
        const known = workers === undefined ? '' : `, workers ${workers.length}`;
        bar.update(done + failed + shares, `done ${done}, failed ${failed}, active ${active.size}${known}`);
      };
      const over = await carryOut(executor, jobs, {
        signal,
        results: runFolder(out, sweep),
        onOutcome({ key, state }) {
          active.delete(key);
          if (state === 'done') done++;
          else failed++;
          show();
        },
        onNews(news) {
          if (news.type === 'retry') note(`run ${news.key.slice(0, 12)}, attempt ${news.attempt}: ${news.reason}`);
          else if (news.type === 'workers') ({ workers } = news);
          else active.set(news.key, news.preparing === undefined ? news.done : 0);
          show();
        },
      })
        .catch((error: unknown) => {
          if (!(error instanceof CancelledError)) throw error;
          throw new CancelledError(`interrupted after ${done} runs; run the same command again to go on`);
        })
        .finally(() => bar.stop());
      if (failed > 0) process.exitCode = 3;
      if (options.shard !== undefined) return note(`wrote ${out}: ${done} runs of part ${options.shard.index}/${options.shard.count}, ${failed} failed`); // prettier-ignore
      const result = writeSweep(out, sweep, over);
      note(`wrote ${out}`);
      if (options.json) printJson(result);
      else print(sweepText(result, headlineOf(spec.scenario as Scenario)));
    }) as unknown as Command;
}
