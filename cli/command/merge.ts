import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { DataError, StateError } from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { mergeResults } from '../../evaluation/merge.ts';
import { headlineOf } from '../../evaluation/sites.ts';
import { readResult, summary, writeEvaluation } from '../evaluation-folder.ts';
import { collect, failIfText, gate, gatesOf, junitText } from '../gate-report.ts';
import { note, print, printJson } from '../output.ts';
import { cellsOf, jobsOf, readPlan, runFolder, writeSweep } from '../sweep-folder.ts';
import type { SweepPlan } from '../sweep-folder.ts';
import { sweepText } from '../sweep-text.ts';

/** `faultline merge`: the parts of a panel, evaluated anywhere with `--shard`, as one result. */
export function mergeCommand(): Command {
  return new Command('merge')
    .description('put the parts of a sharded evaluation or sweep together')
    .argument('<dirs...>', 'folders written by `evaluate --shard i/n` or `sweep --shard i/n`, all n of them')
    .requiredOption('--out <dir>', 'folder to write result.json, episodes.parquet and report.html to')
    .option('--fail-if <condition>', failIfText, collect)
    .option('--junit <file>', junitText)
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      '\nExample:\n  faultline evaluate panel.yaml --shard 0/2 --out a & faultline evaluate panel.yaml --shard 1/2 --out b\n  faultline merge a b --out panel',
    )
    .action((dirs, options) => {
      const plans = dirs.map((dir) => readPlan(dir)).filter((plan) => plan !== null);
      if (plans.length > 0) return mergeSweep(dirs, plans, options);
      const parts = dirs.map((dir) => readPart(join(dir, 'result.json')));
      const { scenario, shard } = parts[0]!;
      const odd = parts.find((part) => hashOf(part.scenario) !== hashOf(scenario));
      if (odd !== undefined) throw new StateError('the parts are of different scenarios');
      const gates = gatesOf(options.failIf, scenario as Scenario);
      const missing = Array.from({ length: shard!.count }, (_, index) => index).filter(
        (index) => !parts.some((part) => part.shard!.index === index && part.shard!.count === shard!.count),
      );
      if (missing.length > 0)
        throw new StateError(
          `missing part${missing.length === 1 ? '' : 's'} ${missing.map((index) => `${index}/${shard!.count}`).join(', ')}`,
        );
      const result = mergeResults(scenario as Scenario, parts);
      writeEvaluation(options.out, result, null, []);
      note(`wrote ${options.out}: ${parts.length} parts; their telemetry stays in their folders`);
      if (options.json) printJson(result);
      else print(summary(result));
      gate(result, gates, options.junit);
    }) as unknown as Command;
}

/** Runs of a sweep, evaluated anywhere with `sweep --shard`, as the sweep: those that are in no folder, or damaged there, are failures. */
function mergeSweep(
  dirs: readonly string[],
  plans: readonly SweepPlan[],
  options: { readonly out: string; readonly json?: true | undefined },
): void {
  const { spec, code } = plans[0]!;
  if (plans.length < dirs.length) throw new StateError('some of the folders hold no sweep');
  if (plans.some((plan) => hashOf(plan.spec) !== hashOf(spec)))
    throw new StateError('the parts are of different sweeps');
  if (plans.some((plan) => plan.code !== code)) throw new StateError('the parts are of different code');
  const sweep = cellsOf({ spec, code });
  const stores = dirs.map((dir) => runFolder(dir, sweep));
  const values = new Map<string, Evaluated>();
  for (const { key } of jobsOf(sweep))
    for (const store of stores) {
      const value = values.get(key) ?? store.get(key);
      if (value !== undefined) values.set(key, value);
    }
  const missing = jobsOf(sweep).length - values.size;
  if (missing > 0)
    throw new StateError(`${missing} of the sweep's ${jobsOf(sweep).length} runs are in none of the folders`);
  const result = writeSweep(options.out, sweep, { values, failures: new Map() });
  note(`wrote ${options.out}: ${result.runs} runs of ${dirs.length} parts`);
  if (options.json) printJson(result);
  else print(sweepText(result, headlineOf(spec.scenario as Scenario)));
}

function readPart(file: string): RunResult {
  const { result } = readResult(file);
  if (result.shard === undefined) throw new DataError('is a whole result, not a part of one', { place: { file } });
  return result;
}
