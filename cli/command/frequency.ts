import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { DataError } from '../../core/errors.ts';
import { parseDocumentAs, parseValueAs } from '../../core/document.ts';
import { frequencyStudySchema, runFrequencyStudy } from '../../sim/grid/frequency/event-study.ts';
import type { FrequencyStudyResult } from '../../sim/grid/frequency/event-study.ts';
import { sheddingSchemes } from '../../sim/grid/frequency/shedding.ts';
import { number } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { note, print, printJson, table } from '../output.ts';

/** `faultline frequency`: what a sudden change of load does to a system's frequency. */
export function frequencyCommand(): Command {
  return new Command('frequency')
    .description('run what a sudden change of load does to the frequency of a system')
    .argument('[study]', 'a study as YAML or JSON: system or areas, loads, shedding, relays, attack')
    .option('--step <pu>', 'load that is added at 1 s, in place of the study’s loads', number('--step'))
    .option('--f0 <hz>', 'nominal frequency', number('--f0'))
    .option('--shedding <name>', `under-frequency shedding: ${Object.keys(sheddingSchemes).join(', ')}`)
    .option('--duration <s>', 'length of the run', number('--duration'))
    .option('--base-mw <mw>', 'size of the system, to say powers in MW and homes', number('--base-mw'))
    .option('--home-kw <kw>', 'what one compromised home can change its load by', number('--home-kw'), 10)
    .option('--out <dir>', 'write result.json and frequency.csv')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  faultline frequency --step 0.1
  faultline frequency --step 0.3 --shedding ce --base-mw 1000
  faultline frequency examples/frequency/three-areas.yaml --out runs/three-areas`,
    )
    .action((file, options) => {
      const document = file === undefined ? {} : parseDocumentAs(text(file), file, frequencyStudySchema);
      const study = parseValueAs(
        {
          ...document,
          ...(options.step === undefined ? {} : { loads: [{ t: 1, power: options.step }] }),
          ...(options.f0 === undefined ? {} : { f0: options.f0 }),
          ...(options.shedding === undefined ? {} : { shedding: options.shedding }),
          ...(options.duration === undefined ? {} : { duration: options.duration }),
        },
        file ?? 'options',
        frequencyStudySchema,
      );
      const result = runFrequencyStudy(study);
      const { t, f, ...figures } = result.run;
      const described = {
        format: 'faultline-frequency',
        version: 1,
        study,
        ...figures,
        response: result.response,
        reach: result.reach,
        stability: result.stability,
      };
      if (options.out !== undefined) {
        writeFile(join(options.out, 'result.json'), `${JSON.stringify(described, null, 2)}\n`);
        writeFile(join(options.out, 'frequency.csv'), `t,f\n${Array.from(t, (at, k) => `${at},${f[k]}`).join('\n')}\n`);
        note(`wrote ${options.out}`);
      }
      if (options.json === true) printJson(described);
      else print(summary(result, options.baseMw, options.homeKw));
    }) as unknown as Command;
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
}

function summary({ run, reach, stability }: FrequencyStudyResult, baseMw: number | undefined, homeKw: number): string {
  const power = (pu: number): string =>
    baseMw === undefined
      ? `${pu.toFixed(4)} p.u.`
      : `${pu.toFixed(4)} p.u. = ${(pu * baseMw).toFixed(1)} MW = ${Math.ceil((pu * baseMw * 1000) / homeKw)} homes of ${homeKw} kW`;
  const rows = [
    ['lowest', `${run.nadir.toFixed(4)} Hz at ${run.nadirTime.toFixed(3)} s`],
    ['highest', `${run.zenith.toFixed(4)} Hz`],
    ['steepest', `${run.rocof.toFixed(4)} Hz/s; over half a second ${run.rocof500.toFixed(4)} Hz/s`],
    ['at the end', `${run.settled.toFixed(4)} Hz`],
    ['load shed', power(run.shed)],
    ...Object.entries(reach).map(([hertz, pu]) => [`reaches ${hertz} Hz`, power(pu)]),
  ];
  if (stability !== null) {
    const { attacked, clean, criticalGain } = stability;
    rows.push(['largest real part', `${clean.toExponential(3)} 1/s, attacked ${attacked.toExponential(3)} 1/s`]);
    if (criticalGain !== null) rows.push(['unstable from', `a gain of ${criticalGain.toPrecision(7)}`]);
  }
  const events = run.events.map(
    ({ t, kind, index, f, power: gained }) =>
      `${t.toFixed(4).padStart(9)} s  ${kind} ${index}: ${gained.toFixed(4)} p.u. at ${f.toFixed(4)} Hz`,
  );
  return [table(rows), ...events].join('\n');
}
