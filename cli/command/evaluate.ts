import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { RunResult } from '../../core/run.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import { headlineOf } from '../../evaluation/sites.ts';
import { telemetryParquet } from '../../evaluation/report/parquet.ts';
import { provenance } from '../../server/provenance.ts';
import { integer, number, shard } from '../arguments.ts';
import { executorOption, redisOption } from '../executor-option.ts';
import { evaluatePanel } from '../evaluate-panel.ts';
import { summary, writeEvaluation } from '../evaluation-folder.ts';
import { writeFile } from '../files.ts';
import { collect, failIfText, gate, gatesOf, junitText } from '../gate-report.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson } from '../output.ts';
import { partFolder } from '../part-folder.ts';
import { readScenario } from '../scenario-file.ts';

/** `faultline evaluate`: a controller under a panel of attacks, closed loop, beside its clean twin. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('closed-loop evaluation of a controller under a panel of attacks')
    .argument('<scenario>', 'YAML or JSON file; see `faultline schema`')
    .requiredOption(
      '--out <dir>',
      'folder to write result.json, episodes.parquet, telemetry.parquet and report.html to',
    )
    .option('--seed <n>', 'replaces the scenario’s seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER))
    .option('--steps <n>', 'replaces the scenario’s number of steps', integer('--steps', 1, 10_000_000))
    .option('--policy <name>', 'replaces the scenario’s policy')
    .option('--fail-if <condition>', failIfText, collect)
    .option(
      '--max-regret <x>',
      'gate: exit 1 when a regret exceeds x: of consumption, or of a task’s cost',
      number('--max-regret'),
    )
    .option('--junit <file>', junitText)
    .addOption(executorOption())
    .addOption(redisOption())
    .option(
      '--workers <n>',
      'threads, or jobs for workers elsewhere, to share the panel’s attacks and buildings among',
      integer('--workers', 1, 256),
      1,
    )
    .option('--shard <i/n>', 'evaluate part i (from 0) of n only; `faultline merge` puts the parts together', shard)
    .option('--allow-remote', 'let the scenario ask a controller on another machine over HTTP, not only on this one')
    .option(
      '--resume',
      'keep what is finished attack by attack, and go on from what an interrupted evaluation of the folder kept; do nothing when it holds this scenario’s result by this code',
    )
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline evaluate examples/bifurcation.yaml --out runs/first\n  faultline evaluate examples/panel.yaml --out runs/panel --steps 720 --max-regret 0.1\n  faultline evaluate examples/panel.yaml --out runs/gate --junit gate.xml --fail-if "regret.ramping_average > 0.5 or success.rate > 0.3"\n  faultline evaluate examples/grid.yaml --out runs/grid\n  faultline evaluate examples/attack-battery-dispatch.yaml --out runs/battery\n  faultline evaluate examples/panel.yaml --executor redis --redis redis://queue:6379 --workers 8 --out runs/panel',
    )
    .action(async (file, options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const read = readScenario(file);
      const scenario = {
        ...read,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        district: { ...read.district, ...(options.steps === undefined ? {} : { steps: options.steps }) },
        ...(read.task === undefined
          ? {}
          : { task: { ...read.task, ...(options.steps === undefined ? {} : { steps: options.steps }) } }),
        victim: options.policy === undefined ? read.victim : { ...read.victim, policy: options.policy },
        live: { ...read.live, stepsPerSecond: null },
      };
      const gates = gatesOf(
        [
          ...(options.failIf ?? []),
          ...(options.maxRegret === undefined ? [] : [`regret.${headlineOf(scenario)} > ${options.maxRegret}`]),
        ],
        scenario,
      );
      const { codeHash } = provenance();
      const target = join(options.out, 'result.json');
      const known = options.resume === true ? finished(target, hashOf(scenario), codeHash, options.shard) : undefined;
      if (known !== undefined) note(`${target} already holds this result`);
      const result = known ?? (await run());
      if (options.json) printJson(result);
      else print(summary(result));
      for (const check of result.checks.filter((one) => !one.passed))
        note(`check failed: ${check.name}: ${check.detail}`);
      gate(result, gates, options.junit);

      async function run(): Promise<RunResult> {
        const kept = options.resume === true ? partFolder(options.out) : undefined;
        const { shard, workers, allowRemote, executor, redis } = options;
        const batch = hashOf({ scenario, codeHash, out: resolve(options.out) }).slice(0, 32);
        const { result, telemetry } = await evaluatePanel(scenario, {
          shard,
          workers,
          allowRemote,
          executor,
          redis,
          signal,
          batch,
          results: kept,
        });
        const { schema, frames } = telemetry ?? { schema: null, frames: [] };
        if (schema !== null) writeFile(join(options.out, 'telemetry.parquet'), telemetryParquet(schema, frames));
        const labelled = shard === undefined ? result : { ...result, shard };
        writeEvaluation(options.out, labelled, schema, frames);
        kept?.clear();
        note(`wrote ${options.out}${telemetry === null ? ' without telemetry' : ''}`);
        return labelled;
      }
    }) as unknown as Command;
}

/** The folder's result if it is this one; a damaged result is computed anew. */
function finished(
  file: string,
  scenarioHash: string,
  codeHash: string,
  shard: RunResult['shard'],
): RunResult | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
    const same = result.shard?.index === shard?.index && result.shard?.count === shard?.count;
    return same && result.hashes.scenario === scenarioHash && result.hashes.code === codeHash ? result : undefined;
  } catch {
    return undefined;
  }
}
