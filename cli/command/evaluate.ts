import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { LaneResult, RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { episodesParquet, telemetryParquet } from '../../evaluation/report/parquet.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { runEvents } from '../../evaluation/run.ts';
import { systemClock } from '../../server/clock.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson, progress, table } from '../output.ts';
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
    .option('--max-regret <x>', 'gate: exit 1 when a consumption regret exceeds x', Number)
    .option('--resume', 'do nothing when the folder already holds this scenario’s result by this code')
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline evaluate examples/bifurcation.yaml --out runs/first\n  faultline evaluate examples/panel.yaml --out runs/panel --steps 720 --max-regret 0.1',
    )
    .action(async (file, options) => {
      if (options.maxRegret !== undefined && !Number.isFinite(options.maxRegret))
        throw new ConfigError(`--max-regret is not a number`);
      const signal = interruption();
      const read = readScenario(file);
      const scenario = {
        ...read,
        ...(options.seed === undefined ? {} : { seed: options.seed }),
        district: { ...read.district, ...(options.steps === undefined ? {} : { steps: options.steps }) },
        victim: options.policy === undefined ? read.victim : { policy: options.policy },
        live: { ...read.live, stepsPerSecond: null },
      };
      const { versions, codeHash } = provenance();
      const target = join(options.out, 'result.json');
      const known = options.resume === true ? finished(target, hashOf(scenario), codeHash) : undefined;
      if (known !== undefined) note(`${target} already holds this result`);
      const result = known ?? (await run());
      if (options.json) printJson(result);
      else print(summary(result));
      for (const check of result.checks.filter((one) => !one.passed))
        note(`check failed: ${check.name}: ${check.detail}`);
      const worst = Math.max(
        ...result.lanes.map((lane) => lane.regret?.['electricity_consumption_total'] ?? -Infinity),
      );
      if (options.maxRegret !== undefined && worst > options.maxRegret) {
        note(`gate: consumption regret ${worst.toFixed(4)} exceeds ${options.maxRegret}`);
        process.exitCode = 1;
      }

      async function run(): Promise<RunResult> {
        const commands = commandQueue();
        signal.addEventListener('abort', () => commands.push({ type: 'cancel' }));
        const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
        const frames: TelemetryFrame[] = [];
        let schema: TelemetrySchema | undefined;
        let bar: ReturnType<typeof progress> | undefined;
        let result: RunResult | undefined;
        for await (const event of runEvents(scenario, workspace, {
          clock: systemClock,
          commands,
          versions,
          codeHash,
        })) {
          if (event.type === 'started') {
            schema = event.schema;
            bar = progress(event.totalSteps, 'evaluate');
          } else if (event.type === 'frame') frames.push(event.frame);
          else if (event.type === 'progress') bar?.update(event.step, `${event.stepsPerSecond.toFixed(0)} steps/s`);
          else if (event.type === 'finished') result = event.result;
        }
        bar?.stop();
        if (result === undefined || schema === undefined) throw new CancelledError('interrupted; nothing was written');
        writeFile(join(options.out, 'telemetry.parquet'), telemetryParquet(schema, frames));
        writeFile(join(options.out, 'episodes.parquet'), episodesParquet(result));
        writeFile(join(options.out, 'report.html'), reportHtml(result, schema, frames));
        writeFile(target, `${JSON.stringify(result, null, 2)}\n`); // last: its presence says that the folder is whole
        note(`wrote ${options.out}`);
        return result;
      }
    }) as unknown as Command;
}

function finished(file: string, scenarioHash: string, codeHash: string): RunResult | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
    return result.hashes.scenario === scenarioHash && result.hashes.code === codeHash ? result : undefined;
  } catch {
    return undefined; // a damaged result is computed anew
  }
}

function summary(result: RunResult): string {
  const kpi = (lane: LaneResult, name: string): string => lane.kpis[name]?.toFixed(4) ?? '-';
  const regret = (lane: LaneResult, name: string): string => {
    const value = lane.regret?.[name];
    return value === undefined || value === null ? '-' : `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
  };
  const rows = result.lanes.map((lane) => [
    lane.lane,
    kpi(lane, 'electricity_consumption_total'),
    regret(lane, 'electricity_consumption_total'),
    kpi(lane, 'ramping_average'),
    regret(lane, 'ramping_average'),
    regret(lane, 'daily_peak_average'),
    lane.success?.rate?.toFixed(3) ?? '-',
    lane.success?.meanAbsoluteActionChange.toFixed(3) ?? '-',
    lane.norms?.linfMax.toFixed(4) ?? '-',
    lane.cost === undefined ? '-' : lane.cost.seconds.toFixed(1),
  ]);
  return table([
    ['LANE', 'CONSUMPTION', 'Δ', 'RAMPING', 'Δ', 'Δ DAILY PEAK', 'ASR', 'MAE', 'L-INF', 'ATTACK S'],
    ...rows,
  ]);
}
