import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { DataError, StateError } from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import { mergeResults } from '../../evaluation/merge.ts';
import { readResult, summary, writeEvaluation } from '../evaluation-folder.ts';
import { collect, failIfText, gate, gatesOf, junitText } from '../gate-report.ts';
import { note, print, printJson } from '../output.ts';

/** `faultline merge`: the parts of a panel, evaluated anywhere with `--shard`, as one result. */
export function mergeCommand(): Command {
  return new Command('merge')
    .description('put the parts of a sharded evaluation together')
    .argument('<dirs...>', 'folders written by `evaluate --shard i/n`, all n of them')
    .requiredOption('--out <dir>', 'folder to write result.json, episodes.parquet and report.html to')
    .option('--fail-if <condition>', failIfText, collect)
    .option('--junit <file>', junitText)
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      '\nExample:\n  faultline evaluate panel.yaml --shard 0/2 --out a & faultline evaluate panel.yaml --shard 1/2 --out b\n  faultline merge a b --out panel',
    )
    .action((dirs, options) => {
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

function readPart(file: string): RunResult {
  const { result } = readResult(file);
  if (result.shard === undefined) throw new DataError('is a whole result, not a part of one', { place: { file } });
  return result;
}
