import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { DataError, UnknownNameError } from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { reportDocument } from '../../evaluation/report/document.ts';
import { figureSvg } from '../../evaluation/report/figure.ts';
import { runFigures } from '../../evaluation/report/figures.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { navigatorLayer, stixBundle } from '../../evaluation/report/stix.ts';
import { readTelemetry } from '../../evaluation/report/telemetry-file.ts';
import type { RecordedTelemetry } from '../../evaluation/report/telemetry-file.ts';
import { figurePng } from '../../server/figure-png.ts';
import { names } from '../arguments.ts';
import { readResult, summary } from '../evaluation-folder.ts';
import { writeFile } from '../files.ts';
import { collect, failIfText, gate, gatesOf, junitText } from '../gate-report.ts';
import { note, print, printJson } from '../output.ts';

interface Source {
  readonly result: RunResult;
  readonly bytes: Uint8Array;
  readonly writtenAt: Date;
  readonly telemetry: RecordedTelemetry | null;
}

/** By format: the file's name, and what stands in it. */
const formats: Readonly<Record<string, { readonly file: string; content(source: Source): string }>> = {
  html: {
    file: 'report.html',
    content: ({ result, telemetry }) => reportHtml(result, telemetry?.schema ?? null, telemetry?.frames ?? []),
  },
  json: {
    file: 'report.json',
    content: ({ result, telemetry }) =>
      pretty(reportDocument(result, telemetry?.schema ?? null, telemetry?.frames ?? [])),
  },
  stix: {
    file: 'stix.json',
    content: ({ result, bytes, writtenAt }) => pretty(stixBundle(result, { at: writtenAt, resultJson: bytes })),
  },
  navigator: { file: 'navigator-layer.json', content: ({ result }) => pretty(navigatorLayer(result)) },
};

/** `faultline report`: what has been evaluated, judged and told again, without running it again. */
export function reportCommand(): Command {
  return new Command('report')
    .description('report on an evaluation that was written before, and judge it by gates')
    .argument('<dir>', 'folder written by `evaluate` or `merge`')
    .option(
      '--format <names>',
      `files to write, comma-separated: ${Object.keys(formats).join(', ')} (a STIX 2.1 bundle, an ATT&CK Navigator layer)`,
      names,
    )
    .option('--svg', 'write each figure as <name>.svg')
    .option('--png', 'write each figure as <name>.png (needs @resvg/resvg-js and dejavu-fonts-ttf)')
    .option('--out <dir>', 'folder to write them to; the evaluation’s own when left out')
    .option('--fail-if <condition>', failIfText, collect)
    .option('--junit <file>', junitText)
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline report runs/panel --format html,stix,navigator\n  faultline report runs/panel --junit gate.xml --fail-if "regret.electricity_consumption_total > 0.1" --fail-if "detection.energy_balance.rate < 0.5"',
    )
    .action(async (dir, options) => {
      const wanted = options.format ?? [];
      const odd = wanted.find((name) => !Object.hasOwn(formats, name));
      if (odd !== undefined) throw new UnknownNameError('format', odd, Object.keys(formats));
      const file = join(dir, 'result.json');
      const { result, bytes } = readResult(file);
      const gates = gatesOf(options.failIf, result.scenario as Scenario);
      const recorded = join(dir, 'telemetry.parquet');
      const pictures = ([options.svg === true && 'svg', options.png === true && 'png'] as const).filter(
        (kind) => kind !== false,
      );
      const draws = pictures.length > 0 || wanted.includes('html') || wanted.includes('json');
      const telemetry = draws && existsSync(recorded) ? await readTelemetry(readFileSync(recorded), recorded) : null;
      const source: Source = { result, bytes, writtenAt: statSync(file).mtime, telemetry };
      for (const name of wanted) {
        const target = join(options.out ?? dir, formats[name]!.file);
        writeFile(target, formats[name]!.content(source));
        note(`wrote ${target}`);
      }
      if (pictures.length > 0) await writeFigures(source, pictures, options.out ?? dir, recorded);
      if (options.json === true) printJson(result);
      else print(summary(result));
      gate(result, gates, options.junit);
    }) as unknown as Command;
}

/** @throws {DataError} where there is nothing to draw */
async function writeFigures(
  { result, telemetry }: Source,
  kinds: readonly ('svg' | 'png')[],
  out: string,
  recorded: string,
): Promise<void> {
  if (telemetry === null) throw new DataError('is not there: figures are drawn from it', { place: { file: recorded } });
  for (const figure of runFigures(result, telemetry.schema, telemetry.frames)) {
    const svg = figureSvg(figure);
    for (const kind of kinds) {
      const target = join(out, `${figure.name}.${kind}`);
      writeFile(target, kind === 'svg' ? svg : await figurePng(svg));
      note(`wrote ${target}`);
    }
  }
}

function pretty(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
