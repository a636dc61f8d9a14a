import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { cascadeRounds } from '../../sim/grid/cascade/cascade.ts';
import type { Cascade, CascadeOptions } from '../../sim/grid/cascade/cascade.ts';
import { tripRules } from '../../sim/grid/cascade/trip-rule.ts';
import type { TripSettings } from '../../sim/grid/cascade/trip-rule.ts';
import type { VoltageSettings } from '../../sim/grid/cascade/voltage-relay.ts';
import { dcPowerFlow } from '../../sim/grid/dc.ts';
import { withColumns } from '../../sim/grid/grid-case.ts';
import type { GridCase } from '../../sim/grid/grid-case.ts';
import { integer, names, number, numbers } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { readGrid } from '../grid-file.ts';
import { note, print, printJson, progress, table } from '../output.ts';

const ruleNames = Object.keys(tripRules) as (keyof typeof tripRules)[];

/** `faultline cascade`: what overloads and relays make of a network after loads grow or branches go out. */
export function cascadeCommand(): Command {
  return new Command('cascade')
    .description('let overloads and relays act on a network until nothing more happens')
    .argument('<case>', 'a network that ships, or the path of a MATPOWER case (.m) or a case as JSON')
    .option('--scale <x>', 'multiply loads', number('--scale'), 1)
    .option('--buses <a,b>', 'multiply the loads of these buses alone', numbers('--buses'))
    .option('--outages <a-b,c-d>', 'branches that are out from the start, by their buses', names)
    .addOption(
      new Option('--model <name>', 'how flows are found')
        .choices(['dc', 'ac', 'both'] as const)
        .default('both' as const),
    )
    .addOption(
      new Option('--rule <name>', 'how overloaded branches trip').choices(ruleNames).default('instant' as const),
    )
    .option('--tau <s>', 'time constant of the thermal rule (default: 600)', number('--tau'))
    .option('--limit <x>', 'loading that the thermal rule bears for ever (default: 1.2)', number('--limit'))
    .option('--reclose', 'branches that the grid2op rule took out come back')
    .option('--seed <n>', 'of the probabilistic rule', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .option('--rates <x>', 'rate of every branch: x times its flow before, at least 20 MW', number('--rates'))
    .option('--under-voltage <pu,s,share>', 'shed a share of a bus’s load (ac)', numbers('--under-voltage'))
    .option('--over-voltage <pu,s>', 'take generators or capacitors off a bus (ac)', numbers('--over-voltage'))
    .option('--duration <s>', 'how long it goes on', number('--duration'), 3600)
    .option('--out <dir>', 'write result.json and events.csv')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Rules: instant, all branches above their rate together; grid2op, above twice the rate at once, above it on the third step of 5 min; thermal, when a
branch has got too hot; probabilistic, by chance, surely at 1.5 times the rate. A blackout is a result: the exit code is 0.

Examples:
  faultline cascade case39 --scale 1.1
  faultline cascade case39 --scale 1.2 --buses 4,8,20 --rule thermal --tau 300
  faultline cascade case39 --outages 23-24 --model dc --json
  faultline cascade case118 --scale 1.1 --rates 1.25 --under-voltage 0.9,5,0.25 --out runs/cascade`,
    )
    .action((source, options) => {
      const before = readGrid(source);
      const grid = struck(before, options.scale, options.buses, options.outages ?? []);
      const rule = ruleOf(options.rule, options);
      const voltage = voltageOf(options.underVoltage, options.overVoltage);
      const { duration, seed } = options;
      const rate = options.rates === undefined ? undefined : ratesOf(before, options.rates);
      const models = options.model === 'both' ? (['dc', 'ac'] as const) : [options.model];
      const started = performance.now();
      const runs = models.map((model) =>
        followed(grid, {
          model,
          rule,
          before,
          duration,
          rng: rng(seed),
          ...(rate === undefined ? {} : { rate }),
          ...(voltage === undefined || model === 'dc' ? {} : { voltage }),
        }),
      );
      const result = {
        format: 'faultline-cascade',
        version: 1,
        case: grid.name,
        scale: options.scale,
        rule,
        duration,
        seed,
        models: Object.fromEntries(runs.map((run, k) => [models[k]!, described(grid, run)])),
        seconds: (performance.now() - started) / 1000,
      };
      if (options.out !== undefined) {
        writeFile(join(options.out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
        writeFile(join(options.out, 'events.csv'), eventRows(grid, models, runs));
        note(`wrote ${options.out}`);
      }
      if (options.json === true) printJson(result);
      else print(summary(grid, models, runs));
    }) as unknown as Command;
}

/** A network with some loads multiplied and some branches out. */
function struck(
  grid: GridCase,
  by: number,
  buses: readonly number[] | undefined,
  outages: readonly string[],
): GridCase {
  const { bus, branch } = grid;
  for (const number of buses ?? [])
    if (!bus.bus.includes(number)) throw new ConfigError(`--buses: there is no bus ${number}`);
  const factor = bus.bus.map((number) => (buses === undefined || buses.includes(number) ? by : 1));
  const status = branch.status.slice();
  for (const name of outages) {
    const ends = name.split('-').map(Number);
    const row = branch.from.findIndex(
      (from, r) =>
        status[r]! > 0 &&
        ((from === ends[0] && branch.to[r] === ends[1]) || (from === ends[1] && branch.to[r] === ends[0])),
    );
    if (row < 0) throw new ConfigError(`--outages: there is no branch ${name} in service, expected buses as 23-24`);
    status[row] = 0;
  }
  const scaled = (of: Float64Array): Float64Array => of.map((value, row) => value * factor[row]!);
  return withColumns(grid, { bus: { Pd: scaled(bus.Pd), Qd: scaled(bus.Qd) }, branch: { status } });
}

function ruleOf(
  name: keyof typeof tripRules,
  { tau, limit, reclose }: { tau?: number | undefined; limit?: number | undefined; reclose?: true | undefined },
): TripSettings {
  if ((tau !== undefined || limit !== undefined) && name !== 'thermal')
    throw new ConfigError(`--tau and --limit are of the thermal rule, not of ${name}`);
  if (reclose === true && name !== 'grid2op') throw new ConfigError(`--reclose is of the grid2op rule, not of ${name}`);
  if (name === 'grid2op') return { ...tripRules.grid2op, reclose: reclose === true };
  if (name !== 'thermal') return tripRules[name];
  return { ...tripRules.thermal, ...(tau === undefined ? {} : { tau }), ...(limit === undefined ? {} : { limit }) };
}

function voltageOf(
  under: readonly number[] | undefined,
  over: readonly number[] | undefined,
): VoltageSettings | undefined {
  if (under === undefined && over === undefined) return undefined;
  if (under !== undefined && under.length !== 3)
    throw new ConfigError(`--under-voltage has ${under.length} numbers, expected p.u., s, share`);
  if (over !== undefined && over.length !== 2)
    throw new ConfigError(`--over-voltage has ${over.length} numbers, expected p.u., s`);
  return {
    ...(under === undefined ? {} : { under: { threshold: under[0]!, delay: under[1]!, share: under[2]! } }),
    ...(over === undefined ? {} : { over: { threshold: over[0]!, delay: over[1]! } }),
  };
}

function ratesOf(grid: GridCase, by: number): Float64Array {
  if (!(by > 0)) throw new ConfigError(`--rates is ${by}, expected above 0`);
  return dcPowerFlow(grid).pFrom.map((p) => Math.max(by * Math.abs(p), 20));
}

function followed(grid: GridCase, options: CascadeOptions): Cascade {
  const bar = progress(grid.branch.rows, `${options.model} cascade`, 'branches');
  try {
    const work = cascadeRounds(grid, options);
    for (;;) {
      const { done, value } = work.next();
      if (done === true) return value;
      bar.update(value);
    }
  } finally {
    bar.stop();
  }
}

function branchName({ branch }: GridCase, row: number): string {
  return `${branch.from[row]}–${branch.to[row]}`;
}

/** A cascade with the numbers of its file in place of rows. */
function described(grid: GridCase, { events, rounds, firstLine, ...figures }: Cascade): Record<string, unknown> {
  const ends = (row: number): { row: number; from: number; to: number } => ({
    row,
    from: grid.branch.from[row]!,
    to: grid.branch.to[row]!,
  });
  return {
    ...figures,
    unservedMw: figures.demandMw - figures.servedMw,
    firstLine: firstLine === null ? null : ends(firstLine),
    rounds: rounds.map((round) => ({ ...round, tripped: round.tripped.map(ends) })),
    events: events.map((event) => ({
      ...event,
      branch: event.branch === null ? null : ends(event.branch),
      buses: event.buses.map((row) => grid.bus.bus[row]),
    })),
  };
}

function whereOf(grid: GridCase, { branch, buses }: Cascade['events'][number]): string {
  if (branch !== null) return branchName(grid, branch);
  const numbers = buses.slice(0, 4).map((row) => grid.bus.bus[row]);
  return `bus ${numbers.join(' ')}${buses.length > 4 ? ` and ${buses.length - 4} more` : ''}`;
}

function eventRows(grid: GridCase, models: readonly string[], runs: readonly Cascade[]): string {
  const rows = runs.flatMap(({ events }, k) =>
    events.map((event) => {
      const { t, round, what, why, value, mwLost } = event;
      return [models[k]!, t, round, what, whereOf(grid, event), why, value ?? '', mwLost].join(',');
    }),
  );
  return `${['model,t,round,what,where,why,value,mwLost', ...rows].join('\n')}\n`;
}

function summary(grid: GridCase, models: readonly string[], runs: readonly Cascade[]): string {
  const row = (name: string, of: (run: Cascade) => string): string[] => [name, ...runs.map(of)];
  const figures = table([
    ['', ...models.map((model) => model.toUpperCase())],
    row('ended', ({ ended }) => ended),
    row('rounds', ({ rounds }) => String(rounds.length)),
    row('branches tripped', ({ linesTripped }) => String(linesTripped)),
    row('first', ({ firstLine }) => (firstLine === null ? 'none' : branchName(grid, firstLine))),
    row('islands', ({ islands }) => String(islands)),
    row('largest, buses', ({ largest }) => String(largest)),
    row('demand', ({ demandMw }) => `${demandMw.toFixed(3)} MW`),
    row(
      'served',
      ({ servedMw, servedFraction }) => `${servedMw.toFixed(3)} MW (${(100 * servedFraction).toFixed(1)} %)`,
    ),
    row('not served', ({ unservedMwh }) => `${unservedMwh.toFixed(3)} MWh`),
  ]);
  const lines = runs.flatMap(({ events }, k) =>
    events.map((event) => {
      const { t, what, why, value, mwLost } = event;
      const parts = [
        value === null ? '' : ` at ${value.toFixed(4)}`,
        mwLost === 0 ? '' : `, ${mwLost.toFixed(3)} MW lost`,
      ];
      return `${models[k]!.toUpperCase()} ${t.toFixed(2).padStart(9)} s  ${what} ${whereOf(grid, event)} (${why})${parts.join('')}`;
    }),
  );
  return [`${grid.name}: ${grid.bus.rows} buses, ${grid.branch.rows} branches`, figures, ...lines].join('\n');
}
