import { Command, Option } from '@commander-js/extra-typings';
import { ConfigError, ShapeError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import { checkCase } from '../../sim/grid/check-case.ts';
import { acMeters, dcMeters, estimate } from '../../sim/grid/estimation/estimator.ts';
import type { MeterModel } from '../../sim/grid/estimation/estimator.ts';
import { falseData, linearFalseData, sparseFalseData } from '../../sim/grid/estimation/false-data.ts';
import { meterAccuracy, meterName, metersOf } from '../../sim/grid/estimation/measurement.ts';
import type { MeterPlan } from '../../sim/grid/estimation/measurement.ts';
import type { GridCase } from '../../sim/grid/grid-case.ts';
import { networkOf, role } from '../../sim/grid/network.ts';
import type { Island } from '../../sim/grid/network.ts';
import { powerFlow } from '../../sim/grid/power-flow.ts';
import { dcPowerFlow } from '../../sim/grid/dc.ts';
import { integer, number, numbers } from '../arguments.ts';
import { readNumbers } from '../files.ts';
import { readGrid } from '../grid-file.ts';
import { print, printJson, table } from '../output.ts';

/** `faultline estimate`: what an operator's state estimation makes of its meters, honest or not. */
export function estimateCommand(): Command {
  return new Command('estimate')
    .description('estimate the state of a network from its meters, and look for bad and for false data')
    .argument('<case>', 'a network that ships, or the path of a MATPOWER case (.m) or a case as JSON')
    .addOption(
      new Option('--model <name>', 'ac: voltages, P and Q; dc: P alone')
        .choices(['ac', 'dc'] as const)
        .default('ac' as const),
    )
    .addOption(
      new Option('--meters <plan>', 'injections and flows, or one of them')
        .choices(['full', 'flows', 'injections'] as const)
        .default('full' as const),
    )
    .option(
      '--readings <csv>',
      'a column `z` of readings, p.u., in the order of the meters; default: the power flow with noise',
    )
    .option('--seed <n>', 'of the noise', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .option('--gross <meter,pu>', 'add a gross error to a meter, counted from 1', numbers('--gross'))
    .option('--attack <bus,rad>', 'false data: move the estimated angle of a bus', numbers('--attack'))
    .addOption(
      new Option('--attack-model <name>', 'exact: h(x + c) − h(x); linear: H c; sparse: exact on few meters')
        .choices(['exact', 'linear', 'sparse'] as const)
        .default('exact' as const),
    )
    .option(
      '--remove-above <x>',
      'leave out the meter with the largest normalised residual above this',
      number('--remove-above'),
    )
    .option('--confidence <p>', 'of the chi-square test', number('--confidence'), 0.95)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  faultline estimate case14
  faultline estimate case14 --gross 37,0.15 --remove-above 3
  faultline estimate case14 --attack 5,0.1 --attack-model linear`,
    )
    .action((source, options) => {
      const { confidence, gross, attack } = options;
      if (!(confidence > 0 && confidence < 1))
        throw new ConfigError(`--confidence is ${confidence}, expected within 0 and 1`);
      const grid = readGrid(source);
      checkCase(grid);
      const island = networkOf(grid).islands[0]!;
      const model = modelOf(grid, island, options.model, options.meters);
      const truth = trueState(grid, island, options.model);
      const z =
        options.readings === undefined ? simulated(model, truth, options.seed) : readings(options.readings, model);
      if (gross !== undefined) addGross(z, gross);
      const clean = estimate(model, z, { confidence });
      const touched =
        attack === undefined ? [] : addAttack(grid, island, model, clean.x, attack, options.attackModel, z);
      const { removeAbove } = options;
      const found = estimate(model, z, { confidence, ...(removeAbove === undefined ? {} : { removeAbove }) });
      const name = (r: number): string => meterName(grid, island, model.meters[r]!);
      const { tests } = found;
      const result = {
        format: 'faultline-estimate',
        version: 1,
        case: grid.name,
        model: options.model,
        meters: model.meters.length,
        states: model.states,
        converged: found.converged,
        iterations: found.iterations,
        J: tests.J,
        degreesOfFreedom: tests.degreesOfFreedom,
        threshold: tests.threshold,
        suspicious: tests.suspicious,
        largestNormalisedResidual:
          tests.worst === null ? null : { meter: name(tests.worst), value: tests.normalised[tests.worst]! },
        critical: tests.critical.map(name),
        unobservable: found.unobservable.length,
        removed: found.removed.map(name),
        attacked: touched.map(name),
        ...states(grid, island, found.x, options.model),
      };
      if (options.json === true) printJson(result);
      else print(summary(result));
    }) as unknown as Command;
}

type ModelName = 'ac' | 'dc';

function modelOf(grid: GridCase, island: Island, name: ModelName, plan: MeterPlan): MeterModel {
  const meters = metersOf(island, plan, meterAccuracy);
  return name === 'ac'
    ? acMeters(grid, island, meters)
    : dcMeters(
        grid,
        island,
        meters.filter(({ kind }) => kind === 'pf' || kind === 'p'),
      );
}

/** The state of the power flow. @throws {ConfigError} where it has none */
function trueState(grid: GridCase, island: Island, name: ModelName): Float64Array {
  const others = [...island.buses.keys()].filter((i) => island.roles[i] !== role.ref);
  const reference = island.buses[island.roles.indexOf(role.ref)]!;
  const radians = (va: Float64Array): number[] =>
    others.map((i) => ((va[island.buses[i]!]! - va[reference]!) * Math.PI) / 180);
  if (name === 'dc') return Float64Array.from(radians(dcPowerFlow(grid).va));
  const flow = powerFlow(grid);
  if (!flow.ok) throw new ConfigError(`${grid.name} has no power flow to read meters of (${flow.reason})`);
  return Float64Array.from([...radians(flow.va), ...Array.from(island.buses, (row) => flow.vm[row]!)]);
}

function simulated(model: MeterModel, truth: Float64Array, seed: number): Float64Array {
  const z = new Float64Array(model.meters.length);
  model.at(truth, z, null);
  const noise = rng(seed).split('meters');
  return z.map((value, r) => value + model.meters[r]!.sigma * noise.normal());
}

function readings(file: string, model: MeterModel): Float64Array {
  const { head, columns } = readNumbers(file);
  const z = columns[head.indexOf('z')];
  if (z === undefined) throw new ConfigError(`has the columns ${head.join(', ')}, expected z`, { place: { file } });
  if (z.length !== model.meters.length)
    throw new ShapeError(`${file}: ${z.length} readings, expected ${model.meters.length}`);
  return z;
}

function addGross(z: Float64Array, [meter, error, ...more]: readonly number[]): void {
  if (
    meter === undefined ||
    error === undefined ||
    more.length > 0 ||
    !(Number.isInteger(meter) && meter >= 1 && meter <= z.length)
  )
    throw new ConfigError(`--gross takes a meter from 1 to ${z.length} and an error in p.u., as 37,0.15`);
  z[meter - 1]! += error;
}

/** Adds false data to the readings. @returns meters that it changes */
function addAttack(
  grid: GridCase,
  island: Island,
  model: MeterModel,
  x: Float64Array,
  [bus, shift, ...more]: readonly number[],
  by: 'exact' | 'linear' | 'sparse',
  z: Float64Array,
): number[] {
  const position = island.buses.findIndex((row) => grid.bus.bus[row] === bus);
  if (shift === undefined || more.length > 0 || position < 0)
    throw new ConfigError('--attack takes a bus of the network and radians, as 5,0.05');
  if (island.roles[position] === role.ref)
    throw new ConfigError(`bus ${bus} is the reference: its angle is not estimated`);
  const angle = angleStates(island);
  const c = new Float64Array(model.states);
  c[angle[position]!] = shift;
  let a: Float64Array | undefined;
  if (by === 'linear') a = linearFalseData(model, x, c);
  else if (by === 'exact') a = falseData(model, x, c);
  else {
    const neighbours: number[][] = Array.from({ length: model.states }, () => []);
    for (let k = 0; k < island.branches.length; k++) {
      const [f, t] = [angle[island.from[k]!]!, angle[island.to[k]!]!];
      if (f < 0 || t < 0) continue;
      neighbours[f]!.push(t);
      neighbours[t]!.push(f);
    }
    a = sparseFalseData(model, x, angle[position]!, shift, neighbours)?.a;
  }
  if (a === undefined) throw new ConfigError('no hidden attack was found');
  const touched: number[] = [];
  a.forEach((value, r) => {
    z[r]! += value;
    if (Math.abs(value) > 1e-12) touched.push(r);
  });
  return touched;
}

function angleStates(island: Island): Int32Array {
  let next = 0;
  return Int32Array.from(island.roles, (each) => (each === role.ref ? -1 : next++));
}

function states(grid: GridCase, island: Island, x: Float64Array, name: ModelName): Record<string, unknown> {
  const angle = angleStates(island);
  const angles = island.buses.length - 1;
  return {
    buses: Array.from(island.buses, (row, i) => ({
      bus: grid.bus.bus[row],
      vaDeg: angle[i]! < 0 ? 0 : (x[angle[i]!]! * 180) / Math.PI,
      ...(name === 'ac' ? { vmPu: x[angles + i] } : {}),
    })),
  };
}

function summary(result: {
  readonly case: string;
  readonly meters: number;
  readonly states: number;
  readonly converged: boolean;
  readonly iterations: number;
  readonly J: number;
  readonly degreesOfFreedom: number;
  readonly threshold: number | null;
  readonly suspicious: boolean;
  readonly largestNormalisedResidual: { readonly meter: string; readonly value: number } | null;
  readonly critical: readonly string[];
  readonly unobservable: number;
  readonly removed: readonly string[];
  readonly attacked: readonly string[];
}): string {
  const { largestNormalisedResidual: worst, threshold } = result;
  return table([
    [result.case, `${result.meters} meters, ${result.states} states`],
    ['estimate', result.converged ? `${result.iterations} iterations` : 'did not converge'],
    [
      'chi-square',
      threshold === null
        ? 'no meter is left over'
        : `J ${result.J.toFixed(3)}, threshold ${threshold.toFixed(3)} (${result.degreesOfFreedom} degrees of freedom): ${result.suspicious ? 'BAD DATA' : 'quiet'}`,
    ],
    ['largest residual', worst === null ? 'none' : `${worst.value.toFixed(3)} σ of ${worst.meter}`],
    ...(result.attacked.length === 0
      ? []
      : [['false data', `${result.attacked.length} meters: ${result.attacked.join(', ')}`]]),
    ...(result.removed.length === 0 ? [] : [['left out', result.removed.join(', ')]]),
    ...(result.critical.length === 0 ? [] : [['critical', result.critical.join(', ')]]),
    ...(result.unobservable === 0 ? [] : [['unobservable', `${result.unobservable} states`]]),
  ]);
}
