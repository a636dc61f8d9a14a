import { ConfigError } from '../../core/errors.ts';
import { branchAdmittance, busAdmittance, injections } from './admittance.ts';
import type { Admittance } from './admittance.ts';
import { checkCase, leastStart, tinyImpedance } from './check-case.ts';
import type { SetPointRule } from './check-case.ts';
import { fastDecoupled } from './fast-decoupled.ts';
import { plannedGeneration, solveGeneration, specifyInto } from './generation.ts';
import type { Generation } from './generation.ts';
import type { GridCase } from './grid-case.ts';
import type { GridFinding } from './grid-fault.ts';
import { mergeBuses } from './merge-buses.ts';
import { networkOf, role } from './network.ts';
import type { Island } from './network.ts';
import { newtonLimits } from './newton.ts';
import type { NewtonLimits } from './newton.ts';
import { solveIsland } from './q-limits.ts';
import type { LimitRule } from './q-limits.ts';
import { radialFeeder } from './radial.ts';
import { SolutionRows } from './solution.ts';
import type { IslandState, PowerFlowSolution, SolvedIsland } from './solution.ts';
import { PowerSweep, sweepLimits } from './sweep.ts';

/** Ways to solve an AC power flow. */
export const algorithms = ['newton', 'fdxb', 'fdbx', 'sweep'] as const;

export interface PowerFlowOptions extends Partial<NewtonLimits> {
  readonly algorithm?: (typeof algorithms)[number];
  /** Where it starts: the file's voltages (set-points where they are held), or 1 p.u. at every PQ bus and all angles the reference's. */
  readonly start?: 'case' | 'flat';
  /** Two reference buses in one island hold both. */
  readonly allowMultiRef?: boolean;
  /** Of several voltages that generators hold at one bus. */
  readonly setPoints?: SetPointRule;
  /** Takes branches of less than 1e-7 p.u. as none. Without it that is done where there is no solution otherwise. */
  readonly mergeZeroImpedance?: boolean;
  /** Limits of reactive power; Newton's method alone enforces them. */
  readonly qLimits?: LimitRule;
  /** Lets a bus that was fixed at a limit hold its voltage again. */
  readonly switchBack?: boolean;
}

/** A network without a solution that could be found: a result, not an error. No voltages are handed on. */
export interface NoPowerFlow {
  readonly ok: false;
  /** `limits`: no generator is left within its limits of reactive power. */
  readonly reason: 'iterations' | 'diverged' | 'singular' | 'limits';
  readonly iterations: number;
  readonly residuals: readonly number[];
  /** External number of the bus with the largest mismatch, and of that whose block is nearest to singular; null where the algorithm does not tell. */
  readonly worstBus: number | null;
  readonly weakestBus: number | null;
  /** Rows of the island. */
  readonly buses: Int32Array;
  readonly findings: readonly GridFinding[];
}

export type PowerFlow = PowerFlowSolution | NoPowerFlow;

/** What solving an island came to. */
type IslandResult =
  | { readonly ok: true; readonly state: IslandState; readonly generation: Generation; readonly how: SolvedIsland }
  | Omit<NoPowerFlow, 'findings' | 'buses'>;

/**
 * Solves the AC power flow of every island.
 * @throws {GridCaseError} for a case that is wrong before anything is solved
 * @throws {ConfigError} for a sweep of a network that is not radial. Source: specs/grid.md 2
 */
export function powerFlow(grid: GridCase, options: PowerFlowOptions = {}): PowerFlow {
  if (options.mergeZeroImpedance === true) return mergedFlow(grid, options) ?? solveFlow(grid, options);
  const flow = solveFlow(grid, options);
  return flow.ok ? flow : (mergedFlow(grid, options) ?? flow);
}

/** The power flow without branches that have next to no impedance; null where there is none of these. */
function mergedFlow(grid: GridCase, options: PowerFlowOptions): PowerFlow | null {
  const merged = mergeBuses(grid);
  if (merged === null) return null;
  const flow = solveFlow(merged.grid, options);
  if (!flow.ok) return options.mergeZeroImpedance === true ? flow : null;
  const { length } = merged.merged;
  const message = `${length} branch${length === 1 ? '' : 'es'} of less than ${tinyImpedance} p.u. taken as none`;
  const buses = merged.merged.flatMap((r) => [grid.branch.from[r]!, grid.branch.to[r]!]);
  const solution = merged.expand(flow);
  return { ...solution, findings: [...solution.findings, { code: 'W_MERGED', message, buses }] };
}

function solveFlow(grid: GridCase, options: PowerFlowOptions): PowerFlow {
  const { algorithm = 'newton', qLimits = 'none' } = options;
  if (algorithm !== 'newton' && qLimits !== 'none')
    throw new ConfigError(`limits of reactive power are enforced by newton alone, not by ${algorithm}`);
  const remarks = checkCase(grid, options.setPoints);
  const network = networkOf(grid, options);
  const findings = [...remarks, ...network.findings];
  const rows = new SolutionRows(network);
  for (const island of network.islands) {
    const branches = branchAdmittance(grid, island);
    const y = busAdmittance(grid, island, branches);
    const result =
      algorithm === 'newton'
        ? byNewton(grid, island, y, options)
        : algorithm === 'sweep'
          ? bySweep(grid, island, y, options)
          : byFastDecoupled(grid, island, y, algorithm === 'fdxb' ? 'xb' : 'bx', options);
    if (!result.ok) return { ...result, buses: island.buses, findings };
    rows.put(island, result.state, branches, result.generation, result.how);
  }
  return rows.finish(findings);
}

function byNewton(grid: GridCase, island: Island, y: Admittance, options: PowerFlowOptions): IslandResult {
  const limits: NewtonLimits = {
    tolerance: options.tolerance ?? newtonLimits.tolerance,
    maxIterations: options.maxIterations ?? newtonLimits.maxIterations,
    shorten: options.shorten ?? newtonLimits.shorten,
  };
  const start = startOf(grid, island, options.start ?? 'case');
  const solve = (within: NewtonLimits): ReturnType<typeof solveIsland> =>
    solveIsland(grid, island, y, start, within, options.qLimits ?? 'none', options.switchBack === true);
  let flow = solve(limits);
  // Full steps first: they are what every reference takes. Shorter ones find some solutions that these miss.
  if (flow.end !== 'converged' && flow.end !== 'limits' && !limits.shorten) {
    const second = solve({ ...limits, shorten: true });
    if (second.end === 'converged') flow = second;
  }
  const { newton, end, iterations, rounds, generation } = flow;
  const { residuals, shortened, fallbacks } = newton;
  if (end !== 'converged') {
    const number = (at: number): number | null => (at < 0 ? null : grid.bus.bus[island.buses[at]!]!);
    const bus = { worstBus: number(newton.worst), weakestBus: number(newton.weakest) };
    return { ok: false, reason: end, iterations, residuals: [...residuals], ...bus };
  }
  const changed = Int32Array.from(flow.changed, (i) => island.buses[i]!);
  const how = { buses: island.buses, iterations, residuals: [...residuals], shortened, fallbacks, rounds, changed };
  return { ok: true, state: newton, generation, how: { ...how, roles: newton.roles.slice() } };
}

function byFastDecoupled(
  grid: GridCase,
  island: Island,
  y: Admittance,
  scheme: 'xb' | 'bx',
  options: PowerFlowOptions,
): IslandResult {
  const generation = plannedGeneration(grid, island);
  const n = island.buses.length;
  const specified = { p: new Float64Array(n), q: new Float64Array(n) };
  specifyInto(grid, island, generation, specified.p, specified.q);
  const start = startOf(grid, island, options.start ?? 'case');
  const { converged, iterations, ...state } = fastDecoupled(grid, island, y, scheme, specified, start, {
    tolerance: options.tolerance ?? newtonLimits.tolerance,
    maxIterations: options.maxIterations ?? 100,
  });
  if (!converged) return withoutDiagnosis(iterations);
  return settled(grid, island, y, generation, state, iterations);
}

function bySweep(grid: GridCase, island: Island, y: Admittance, options: PowerFlowOptions): IslandResult {
  const feeder = radialFeeder(grid, island);
  if (feeder === null)
    throw new ConfigError(
      `${grid.name} is not radial with its reference alone held and no phase shifts, as a sweep needs it: use newton`,
    );
  const { n, bus } = feeder;
  const generation = plannedGeneration(grid, island);
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  specifyInto(grid, island, generation, p, q);
  const start = startOf(grid, island, options.start ?? 'case');
  const sweep = new PowerSweep(feeder);
  const load = (of: Float64Array): Float64Array => Float64Array.from(bus, (i) => -of[i]!);
  const converged = sweep.solve(load(p), load(q), start.vm[bus[0]!]!, {
    tolerance: options.tolerance ?? sweepLimits.tolerance,
    maxSweeps: options.maxIterations ?? sweepLimits.maxSweeps,
  });
  if (!converged) return withoutDiagnosis(sweep.sweeps);
  const turn = start.va[bus[0]!]!;
  const state = { vm: new Float64Array(n), va: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    state.vm[bus[k]!] = Math.hypot(sweep.re[k]!, sweep.im[k]!);
    state.va[bus[k]!] = Math.atan2(sweep.im[k]!, sweep.re[k]!) + turn;
  }
  return settled(grid, island, y, generation, state, sweep.sweeps);
}

function withoutDiagnosis(iterations: number): IslandResult {
  return { ok: false, reason: 'iterations', iterations, residuals: [], worstBus: null, weakestBus: null };
}

/** What voltages come to that were found without Newton's method. */
function settled(
  grid: GridCase,
  island: Island,
  y: Admittance,
  generation: Generation,
  state: IslandState,
  iterations: number,
): IslandResult {
  const { p, q } = injections(y, state.vm, state.va);
  solveGeneration(grid, island, island.roles, generation, p, q);
  const { buses, roles } = island;
  const how = {
    buses,
    iterations,
    residuals: [],
    shortened: 0,
    fallbacks: 0,
    rounds: 1,
    changed: new Int32Array(0),
    roles,
  };
  return { ok: true, state, generation, how };
}

/** Voltages to start from. Those that are held are the generators' set-points either way. */
export function startOf({ bus, gen }: GridCase, island: Island, start: 'case' | 'flat'): IslandState {
  const { buses, roles } = island;
  const reference = buses[roles.indexOf(role.ref)]!;
  const vm = Float64Array.from(buses, (row) => (start === 'flat' || bus.Vm[row]! <= leastStart ? 1 : bus.Vm[row]!));
  const va = Float64Array.from(
    buses,
    (row, i) => (bus.Va[start === 'flat' && roles[i] !== role.ref ? reference : row]! * Math.PI) / 180,
  );
  island.gens.forEach((row, g) => {
    const at = island.genBus[g]!;
    if (roles[at] !== role.pq) vm[at] = gen.Vg[row]!;
  });
  return { vm, va };
}
