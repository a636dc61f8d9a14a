import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { DataError } from '../../core/errors.ts';
import { parseDocumentAs, parseValueAs } from '../../core/document.ts';
import { frequencyStudySchema, runFrequencyStudy } from '../../sim/grid/frequency/event-study.ts';
import type { FrequencyStudyResult } from '../../sim/grid/frequency/event-study.ts';
import { sheddingSchemes } from '../../sim/grid/frequency/shedding.ts';
import { number, numbers } from '../arguments.ts';
import { searchThresholds, thresholdText } from '../attack-thresholds.ts';
import { writeFile } from '../files.ts';
import { readGrid } from '../grid-file.ts';
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
    .addOption(
      new Option('--method <name>', 'exact, where all is linear; classical steps; controlled steps').choices([
        'exact',
        'rk4',
        'dopri5',
      ] as const),
    )
    .option('--thresholds', 'find which shares of load an attacker needs for shedding, trips of relays, a blackout')
    .option('--case <case>', 'with --thresholds: a network, for its cascades')
    .addOption(
      new Option('--model <name>', 'with --case: how its flows are found')
        .choices(['dc', 'ac'] as const)
        .default('dc' as const),
    )
    .option('--buses <a,b>', 'with --case: the loads that grow', numbers('--buses'))
    .option('--most <share>', 'with --thresholds: search up to it', number('--most'), 0.5)
    .option('--resolution <share>', 'with --thresholds: try all multiples of it', number('--resolution'), 0.01)
    .option('--out <dir>', 'write result.json and frequency.csv')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  faultline frequency --step 0.1
  faultline frequency --step 0.3 --shedding ce --base-mw 1000
  faultline frequency examples/frequency/three-areas.yaml --out runs/three-areas
  faultline frequency examples/frequency/limited-areas.yaml --method dopri5
  faultline frequency --thresholds --case case39 --home-kw 5`,
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
          ...(options.method === undefined ? {} : { method: options.method }),
        },
        file ?? 'options',
        frequencyStudySchema,
      );
      if (options.thresholds === true) {
        const { most, resolution, model, buses, baseMw, homeKw } = options;
        const grid = options.case === undefined ? undefined : readGrid(options.case);
        const found = searchThresholds(study, { most, resolution, grid, model, buses, baseMw, homeKw });
        const told = { format: 'faultline-thresholds', version: 1, study, case: grid?.name ?? null, ...found };
        if (options.out !== undefined) {
          writeFile(join(options.out, 'result.json'), `${JSON.stringify(told, null, 2)}\n`);
          note(`wrote ${options.out}`);
        }
        if (options.json === true) printJson(told);
        else print(thresholdText(found, homeKw));
        return;
      }
      const result = runFrequencyStudy(study);
      const { time, ...figures } = result.run;
      const described = {
        format: 'faultline-frequency',
        version: 1,
        study,
        // Samples go into the CSV alone.
        ...figures,
        t: undefined,
        f: undefined,
        time: time === null ? null : { ...time, areas: time.areas.map((record) => ({ ...record, f: undefined })) },
        response: result.response,
        reach: result.reach,
        stability: result.stability,
      };
      if (options.out !== undefined) {
        writeFile(join(options.out, 'result.json'), `${JSON.stringify(described, null, 2)}\n`);
        writeFile(join(options.out, 'frequency.csv'), csv(result.run));
        note(`wrote ${options.out}`);
      }
      if (options.json === true) printJson(described);
      else print(summary(result, options.baseMw, options.homeKw));
    }) as unknown as Command;
}

/** Samples: of the first area, and of the others where they were run. */
function csv({ t, f, time }: FrequencyStudyResult['run']): string {
  const columns = [f, ...(time?.areas.slice(1) ?? []).map((area) => area.f)];
  const head = ['t', ...columns.map((_, k) => (k === 0 ? 'f' : `f${k + 1}`))];
  const rows = Array.from(t, (at, k) => [at, ...columns.map((column) => column[k]!)]);
  return `${[head, ...rows].map((row) => row.join(',')).join('\n')}\n`;
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
  if (run.time !== null) {
    const { ended, end, areas, notServed } = run.time;
    if (ended !== 'time') rows.push(['ended', `${ended} at ${end.toFixed(3)} s`]);
    if (areas.length > 1) rows.push(['lowest by area', areas.map(({ nadir }) => `${nadir.toFixed(4)} Hz`).join(', ')]);
    if (notServed > 0) rows.push(['not served', `${notServed.toFixed(4)} p.u. s`]);
  }
  if (stability !== null) {
    const { attacked, clean, gain, criticalGain, modes } = stability;
    rows.push(['largest real part', `${clean.toExponential(3)} 1/s, attacked ${attacked.toExponential(3)} 1/s`]);
    if (gain !== null) rows.push(['gain of the attack', gain.toPrecision(7)]);
    if (criticalGain !== null) rows.push(['unstable from', `a gain of ${criticalGain.toPrecision(7)}`]);
    for (const [k, { frequency, damping, gain: needed }] of modes.entries())
      if (frequency > 1e-6)
        rows.push([
          `mode ${k + 1}`,
          `${frequency.toFixed(4)} Hz, damping ${damping.toFixed(4)}${needed === null ? '' : `, destabilised from a gain of ${needed.toPrecision(7)}`}`,
        ]);
  }
  const isMany = (run.time?.areas.length ?? 1) > 1;
  const events = run.events.map(
    (event) =>
      `${event.t.toFixed(4).padStart(9)} s  ${event.kind} ${event.index}${isMany && 'area' in event ? ` in area ${event.area}` : ''}: ${event.power.toFixed(4)} p.u. at ${event.f.toFixed(4)} Hz`,
  );
  return [table(rows), ...events].join('\n');
}
