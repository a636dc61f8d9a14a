import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { resultDifferences, telemetryDifferences } from '../../evaluation/replay.ts';
import { readTelemetry } from '../../evaluation/report/telemetry-file.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { integer } from '../arguments.ts';
import { evaluatePanel } from '../evaluate-panel.ts';
import { readResult } from '../evaluation-folder.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson, table } from '../output.ts';

/** How many differences are listed. */
const shown = 20;

/** `faultline replay`: runs a recorded evaluation again, and says where it is not the same to the bit. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('run a recorded evaluation again and compare it with the record, bit by bit')
    .argument('<dir>', 'folder written by `evaluate` or `merge`')
    .option('--workers <n>', 'threads; they make no difference to the bits', integer('--workers', 1, 256), 1)
    .option('--allow-remote', 'let the scenario ask a controller on another machine over HTTP, not only on this one')
    .option('--json', 'print the differences as JSON')
    .addHelpText(
      'after',
      '\nExit code 0: the same, 1: not. Times, and the versions that the record names, may differ.\n\nExample:\n  faultline replay runs/first',
    )
    .action(async (dir, options) => {
      using interrupted = interruption();
      const file = join(dir, 'result.json');
      const { result: recorded } = readResult(file);
      const scenario = scenarioFrom(recorded.scenario, `${file} /scenario`, schema);
      const recording = join(dir, 'telemetry.parquet');
      const telemetry = existsSync(recording) ? await readTelemetry(readFileSync(recording), recording) : null;
      if (telemetry === null) note(`${recording} is not there: only the result is compared`);
      const { result: whole, telemetry: again } = await evaluatePanel(scenario, {
        executor: 'local',
        batch: '',
        shard: recorded.shard,
        workers: options.workers,
        allowRemote: options.allowRemote,
        signal: interrupted.signal,
      });
      const replayed = recorded.shard === undefined ? whole : { ...whole, shard: recorded.shard };
      const result = resultDifferences(recorded, replayed);
      const channels = telemetry === null ? [] : telemetryDifferences(telemetry, again!);
      for (const reason of reasons(recorded, replayed)) note(reason);
      if (options.json) printJson({ same: result.length + channels.length === 0, result, telemetry: channels });
      else if (result.length + channels.length === 0) print(`the same to the bit: ${compared(recorded, telemetry)}`);
      else {
        if (result.length > 0)
          print(
            listed(
              [['RESULT', 'RECORDED', 'REPLAYED']],
              result.map(({ path, recorded: a, replayed: b }) => [path, short(a), short(b)]),
            ),
          );
        if (channels.length > 0)
          print(
            listed(
              [['CHANNEL', 'STEPS', 'FIRST', 'LARGEST']],
              channels.map(({ channel, steps, first, largest }) => [channel, `${steps}`, `${first}`, `${largest}`]),
            ),
          );
      }
      if (result.length + channels.length > 0) process.exitCode = 1;
    }) as unknown as Command;
}

/** What may explain a difference: the record was made by other code, on other data, or with another Node. */
function reasons(recorded: RunResult, replayed: RunResult): string[] {
  const told: string[] = [];
  if (recorded.hashes.code !== replayed.hashes.code) told.push('the record was made by other code');
  if (recorded.hashes.data !== replayed.hashes.data) told.push('the data are not those of the record');
  if (recorded.hashes.model !== replayed.hashes.model) told.push('the policy is not that of the record');
  for (const [name, version] of Object.entries(recorded.versions))
    if (replayed.versions[name] !== version)
      told.push(`${name} is ${replayed.versions[name] ?? 'not here'}, and was ${version}`);
  return told;
}

function compared({ lanes }: RunResult, telemetry: Awaited<ReturnType<typeof readTelemetry>> | null): string {
  const result = `${lanes.length} lane${lanes.length === 1 ? '' : 's'} of the result`;
  if (telemetry === null) return result;
  const rows = telemetry.frames.reduce((sum, frame) => sum + frame.rows, 0);
  return `${result}, ${telemetry.schema.channels.length} channels of ${rows} steps`;
}

function listed(head: readonly (readonly string[])[], rows: readonly (readonly string[])[]): string {
  const left = rows.length - shown;
  return `${table([...head, ...rows.slice(0, shown)])}${left > 0 ? `\n… and ${left} more` : ''}`;
}

function short(value: unknown): string {
  const text = value === undefined ? 'not there' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
