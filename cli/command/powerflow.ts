import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { ConfigError } from '../../core/errors.ts';
import { dcPowerFlow } from '../../sim/grid/dc.ts';
import type { DcFlow } from '../../sim/grid/dc.ts';
import { diagnose } from '../../sim/grid/diagnosis.ts';
import type { Diagnosis } from '../../sim/grid/diagnosis.ts';
import { withColumns } from '../../sim/grid/grid-case.ts';
import type { GridCase } from '../../sim/grid/grid-case.ts';
import { algorithms, powerFlow } from '../../sim/grid/power-flow.ts';
import type { PowerFlow, PowerFlowOptions } from '../../sim/grid/power-flow.ts';
import { loadability } from '../../sim/grid/screening.ts';
import { integer, number } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { readGrid } from '../grid-file.ts';
import { loadingOf, outageText, screened } from '../outage-screening.ts';
import { note, print, printJson, table } from '../output.ts';
import { solveSeries } from '../powerflow-series.ts';
import { readSeriesLoads } from '../series-file.ts';

/** `faultline powerflow`: the voltages and flows of a network. */
export function powerflowCommand(): Command {
  return new Command('powerflow')
    .description('solve the power flow of a network')
    .argument('<case>', 'a network that ships, or the path of a MATPOWER case (.m) or a case as JSON')
    .addOption(
      new Option('--algorithm <name>', 'newton; fast decoupled (fdxb, fdbx); sweep, for radial feeders; dc')
        .choices([...algorithms, 'dc'] as const)
        .default('newton' as const),
    )
    .addOption(
      new Option('--start <name>', 'voltages of the file, or flat')
        .choices(['case', 'flat'] as const)
        .default('case' as const),
    )
    .addOption(
      new Option('--q-limits <rule>', 'limits of reactive power: all violated ones at once, or the worst first')
        .choices(['none', 'all', 'worst'] as const)
        .default('none' as const),
    )
    .option('--switch-back', 'a bus that was fixed at a limit may hold its voltage again')
    .option('--scale <x>', 'multiply all loads', number('--scale'), 1)
    .option('--tolerance <pu>', 'largest mismatch of a solution (default: 1e-8)', number('--tolerance'))
    .option('--max-iterations <n>', 'give up after so many', integer('--max-iterations', 0, 1_000_000))
    .option('--allow-multi-ref', 'two reference buses in one island hold both')
    .option('--merge-zero-impedance', 'take branches of less than 1e-7 p.u. as none, and their ends as one bus')
    .addOption(
      new Option('--set-points <rule>', 'of generators at one bus that hold different voltages')
        .choices(['refuse', 'last'] as const)
        .default('refuse' as const),
    )
    .option('--nose', 'find how far the loads can grow; on a network with several sources these grow too')
    .option('--outages', 'take every branch out of service, one at a time')
    .option(
      '--series <file.csv>',
      'solve a row after the other: columns p_BUS (MW), q_BUS (MVAr), scale (of all other loads)',
    )
    .option('--hours <h>', 'of a row of --series', number('--hours'), 1)
    .option('--out <dir>', 'write result.json, buses.csv, branches.csv and generators.csv; of a series series.csv')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
A network without a solution is a result: its reason and its worst bus are printed, and the exit code is 0. A case that is wrong is refused with file and line, exit code 2.

Examples:
  faultline powerflow case33bw
  faultline powerflow case118 --q-limits all --json
  faultline powerflow case39 --nose --outages
  faultline powerflow case33bw --series loads.csv --out runs/year
  faultline powerflow networks/case141.m --algorithm sweep --out runs/case141`,
    )
    .action((source, options) => {
      const { tolerance } = options;
      if (tolerance !== undefined && !(tolerance > 0))
        throw new ConfigError(`--tolerance is ${tolerance}, expected p.u. above 0`);
      const grid = scaled(readGrid(source), options.scale);
      const { algorithm, maxIterations } = options;
      if (options.series !== undefined) {
        if (algorithm !== 'newton')
          throw new ConfigError('--series takes a sweep where the network allows it, else newton, and no --algorithm');
        solvedSeries(grid, options.series, options);
        return;
      }
      const started = performance.now();
      const solving: PowerFlowOptions = {
        ...(algorithm === 'dc' ? {} : { algorithm }),
        start: options.start,
        qLimits: options.qLimits,
        switchBack: options.switchBack === true,
        allowMultiRef: options.allowMultiRef === true,
        mergeZeroImpedance: options.mergeZeroImpedance === true,
        setPoints: options.setPoints,
        ...(tolerance === undefined ? {} : { tolerance }),
        ...(maxIterations === undefined ? {} : { maxIterations }),
      };
      const flow = algorithm === 'dc' ? dcPowerFlow(grid) : powerFlow(grid, solving);
      const seconds = (performance.now() - started) / 1000;
      const diagnosis = 'ok' in flow && !flow.ok ? diagnose(grid, solving) : undefined;
      const ac = algorithm === 'dc' ? undefined : options;
      const nose =
        ac?.nose === true ? loadability(grid, grid.gen.status.filter((status) => status > 0).length > 1) : undefined;
      const outages = ac?.outages === true ? screened(grid) : undefined;
      const result = {
        format: 'faultline-powerflow',
        version: 1,
        case: grid.name,
        baseMva: grid.baseMva,
        algorithm,
        scale: options.scale,
        ...described(grid, flow),
        ...(diagnosis === undefined ? {} : { diagnosis }),
        ...(nose === undefined ? {} : { nose }),
        ...(outages === undefined ? {} : { outages }),
        seconds,
      };
      if (options.out !== undefined) {
        writeFile(join(options.out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
        for (const [name, rows] of Object.entries(tables(grid, flow)))
          writeFile(join(options.out, `${name}.csv`), `${rows.map((row) => row.join(',')).join('\n')}\n`);
        note(`wrote ${options.out}`);
      }
      if (options.json === true) printJson(result);
      else {
        print(summary(grid, flow));
        if (diagnosis !== undefined) print(diagnosisText(diagnosis));
        if (nose !== undefined)
          print(nose.lambda === null ? 'nose: none' : `nose: ${nose.lambda.toFixed(6)} times these loads`);
        if (outages !== undefined) print(outageText(outages));
      }
      for (const { code, message, buses } of flow.findings)
        note(`${code}: ${message}${buses.length === 0 ? '' : ` (bus ${listed(buses)})`}`);
    }) as unknown as Command;
}

/** A year of loads and the like. */
function solvedSeries(
  grid: GridCase,
  file: string,
  { hours, out, json }: { readonly hours: number; readonly out?: string | undefined; readonly json?: true | undefined },
): void {
  if (!(hours > 0)) throw new ConfigError(`--hours is ${hours}, expected above 0`);
  const { kpis, text, csv } = solveSeries(grid, readSeriesLoads(file, grid), hours);
  const result = { format: 'faultline-powerflow-series', version: 1, case: grid.name, series: file, ...kpis };
  if (out !== undefined) {
    writeFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    writeFile(join(out, 'series.csv'), csv);
    note(`wrote ${out}`);
  }
  if (json === true) printJson(result);
  else print(text);
}

type AnyFlow = PowerFlow | DcFlow;

function scaled(grid: GridCase, by: number): GridCase {
  if (by === 1) return grid;
  return withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * by), Qd: grid.bus.Qd.map((q) => q * by) } });
}

/** The result for a script: rows as records, no NaN. */
function described(grid: GridCase, flow: AnyFlow): Record<string, unknown> {
  const { findings } = flow;
  if ('ok' in flow && !flow.ok) {
    const { reason, iterations, residuals, worstBus, weakestBus } = flow;
    const buses = [...flow.buses].map((row) => grid.bus.bus[row]);
    return {
      converged: false,
      code: 'NOT_CONVERGED',
      reason,
      iterations,
      residuals,
      worstBus,
      weakestBus,
      buses,
      findings,
    };
  }
  const records = Object.fromEntries(
    Object.entries(tables(grid, flow)).map(([name, [head, ...rows]]) => [
      name,
      rows.map((row) => Object.fromEntries(head!.map((column, c) => [column, row[c] === '' ? null : row[c]]))),
    ]),
  );
  if (!('ok' in flow)) return { converged: true, unservedMw: flow.unservedMw, ...records, findings };
  const { lossMw, lossMvar, unservedMw } = flow;
  const islands = flow.islands.map(({ buses, iterations, rounds, residuals, shortened, fallbacks, changed }) => ({
    buses: [...buses].map((row) => grid.bus.bus[row]),
    iterations,
    rounds,
    residuals,
    shortened,
    fallbacks,
    changed: [...changed].map((row) => grid.bus.bus[row]),
  }));
  return { converged: true, lossMw, lossMvar, unservedMw, islands, ...records, findings };
}

/** A cell of a table for a person or a file; empty where there is no number. */
type CellText = string | number;

function tables(grid: GridCase, flow: AnyFlow): Record<string, CellText[][]> {
  if ('ok' in flow && !flow.ok) return {};
  const cell = (value: number): CellText => (Number.isNaN(value) ? '' : value);
  const { bus, branch, gen } = grid;
  const isAc = 'ok' in flow;
  const rows = <Row>(n: number, row: (r: number) => Row): Row[] => Array.from({ length: n }, (_, r) => row(r));
  return {
    buses: [
      ['bus', ...(isAc ? ['vmPu'] : []), 'vaDeg'],
      ...rows(bus.rows, (r) => [bus.bus[r]!, ...(isAc ? [cell(flow.vm[r]!)] : []), cell(flow.va[r]!)]),
    ],
    branches: [
      ['from', 'to', 'pFromMw', ...(isAc ? ['qFromMvar', 'pToMw', 'qToMvar', 'loading'] : [])],
      ...rows(branch.rows, (r) => [
        branch.from[r]!,
        branch.to[r]!,
        flow.pFrom[r]!,
        ...(isAc ? [flow.qFrom[r]!, flow.pTo[r]!, flow.qTo[r]!, cell(loadingOf(grid, flow, r))] : []),
      ]),
    ],
    generators: [
      ['bus', 'pMw', ...(isAc ? ['qMvar'] : [])],
      ...rows(gen.rows, (r) => [gen.bus[r]!, flow.pGen[r]!, ...(isAc ? [flow.qGen[r]!] : [])]),
    ],
  };
}

function summary(grid: GridCase, flow: AnyFlow): string {
  const { bus, branch } = grid;
  if ('ok' in flow && !flow.ok) {
    const last = flow.residuals.at(-1);
    return [
      `${grid.name}: no solution (${flow.reason}, ${flow.iterations} iterations${last === undefined ? '' : `, mismatch ${last.toExponential(2)} p.u.`})`,
      ...(flow.worstBus === null ? [] : [`largest mismatch at bus ${flow.worstBus}`]),
      ...(flow.weakestBus === null ? [] : [`nearest to singular at bus ${flow.weakestBus}`]),
    ].join('\n');
  }
  const load = bus.Pd.reduce((sum, p) => sum + p, 0);
  const generated = flow.pGen.reduce((sum, p) => sum + p, 0);
  const lines = [
    ['load', `${load.toFixed(6)} MW`],
    ['generation', `${generated.toFixed(6)} MW`],
  ];
  if ('ok' in flow) {
    const alive = [...flow.vm.keys()].filter((r) => !Number.isNaN(flow.vm[r]!));
    const low = alive.reduce((best, r) => (flow.vm[r]! < flow.vm[best]! ? r : best), alive[0]!);
    const high = alive.reduce((best, r) => (flow.vm[r]! > flow.vm[best]! ? r : best), alive[0]!);
    const rated = [...branch.rateA.keys()].filter((r) => branch.rateA[r] !== 0);
    const worst = rated.reduce<number | undefined>(
      (best, r) => (best === undefined || loadingOf(grid, flow, r) > loadingOf(grid, flow, best) ? r : best),
      undefined,
    );
    lines.push(
      ['losses', `${flow.lossMw.toFixed(6)} MW, ${flow.lossMvar.toFixed(6)} MVAr`],
      ['lowest voltage', `${flow.vm[low]!.toFixed(6)} p.u. at bus ${bus.bus[low]}`],
      ['highest voltage', `${flow.vm[high]!.toFixed(6)} p.u. at bus ${bus.bus[high]}`],
      [
        'highest loading',
        worst === undefined
          ? 'no branch has a limit'
          : `${(100 * loadingOf(grid, flow, worst)).toFixed(1)} % in branch ${branch.from[worst]}–${branch.to[worst]}`,
      ],
      ['iterations', flow.islands.map(({ iterations }) => iterations).join(', ')],
    );
    const changed = flow.islands.flatMap((island) => [...island.changed].map((row) => bus.bus[row]!));
    if (changed.length > 0) lines.push(['at a limit', `bus ${listed(changed)}`]);
  }
  if (flow.unservedMw !== 0) lines.push(['not served', `${flow.unservedMw.toFixed(6)} MW`]);
  return `${grid.name}: ${bus.rows} buses, ${branch.rows} branches, ${grid.gen.rows} generators\n${table(lines)}`;
}

function diagnosisText({ dcAngleDeg, atTenth, atHalf, loadable }: Diagnosis): string {
  const said = (share: string, is: boolean): string => `${is ? 'a' : 'no'} solution with ${share} of the loads`;
  return [
    `${said('a tenth', atTenth)}, ${said('half', atHalf)}${loadable === null ? '' : `, a solution up to ${loadable.toFixed(3)} of them`}`,
    dcAngleDeg === null
      ? 'no DC power flow either'
      : `the DC power flow has ${dcAngleDeg.toFixed(1)}° across a branch${dcAngleDeg > 90 ? ', more than any AC flow' : ''}`,
  ].join('\n');
}

/** Numbers of buses in a line; of many the first. */
function listed(buses: readonly number[]): string {
  return buses.length <= 12 ? buses.join(', ') : `${buses.slice(0, 12).join(', ')} … ${buses.length} in all`;
}
