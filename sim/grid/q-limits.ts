import type { Admittance } from './admittance.ts';
import { plannedGeneration, solveGeneration, specifyInto } from './generation.ts';
import type { Generation } from './generation.ts';
import type { GridCase } from './grid-case.ts';
import { role } from './network.ts';
import type { Island } from './network.ts';
import { NewtonPowerFlow } from './newton.ts';
import type { NewtonEnd, NewtonLimits } from './newton.ts';
import type { IslandState } from './solution.ts';

/** How limits of reactive power are enforced: not at all; every violated one at once (MATPOWER's 1); the worst one first (its 2). */
export type LimitRule = 'none' | 'all' | 'worst';

/** A violation, MVAr: MATPOWER's `opf.violation`. */
const violation = 5e-6;
/** How often a bus may go back to holding its voltage. */
const mostReturns = 3;

export interface IslandFlow {
  readonly newton: NewtonPowerFlow;
  readonly generation: Generation;
  readonly end: NewtonEnd | 'limits';
  /** Of all rounds. */
  readonly iterations: number;
  readonly rounds: number;
  /** Positions of buses that no longer hold what they held. */
  readonly changed: readonly number[];
}

/**
 * Solves an island; where generators exceed their limits, they are fixed at them, their bus becomes PQ, and it is solved again from there.
 * A reference whose generator is fixed keeps the power that it was solved with, the first PV bus takes its place, and in the end all angles are
 * turned so that the first reference has its own again. `switchBack` lets a bus hold its voltage again when that asks for less than the limit.
 * @returns `limits` where all that still hold violate the same side
 * Source: MATPOWER User's Manual, 4.3; specs/grid.md 2.10
 */
export function solveIsland(
  grid: GridCase,
  island: Island,
  y: Admittance,
  start: IslandState,
  limits: NewtonLimits,
  rule: LimitRule,
  switchBack: boolean,
): IslandFlow {
  const generation = plannedGeneration(grid, island);
  const { gen } = grid;
  const n = island.buses.length;
  const [p, q] = [new Float64Array(n), new Float64Array(n)];
  const reference = island.roles.indexOf(role.ref);
  let newton = new NewtonPowerFlow(y, island.roles.slice());
  newton.vm.set(start.vm);
  newton.va.set(start.va);
  const angle = newton.va[reference]!;
  let iterations = 0;
  let rounds = 0;
  const returns = new Uint8Array(n);
  /** Positions of buses by the side at which they were fixed: 1 at Qmax, −1 at Qmin. */
  const fixed = new Map<number, 1 | -1>();
  const result = (end: IslandFlow['end']): IslandFlow => {
    if (end === 'converged' && newton.roles[reference] !== role.ref) {
      const turn = angle - newton.va[reference]!;
      for (let i = 0; i < n; i++) newton.va[i]! += turn;
    }
    const changed = [...newton.roles.keys()].filter((i) => newton.roles[i] !== island.roles[i]);
    return { newton, generation, end, iterations, rounds, changed };
  };
  for (;;) {
    specifyInto(grid, island, generation, p, q);
    const end = newton.solve(p, q, limits);
    iterations += newton.iterations;
    rounds++;
    if (end !== 'converged') return result(end);
    solveGeneration(grid, island, newton.roles, generation, newton.p, newton.q);
    if (rule === 'none') return result(end);

    const excess = (g: number): number =>
      generation.holds[g] === 0
        ? 0
        : Math.max(generation.q[g]! - gen.Qmax[island.gens[g]!]!, gen.Qmin[island.gens[g]!]! - generation.q[g]!);
    const holding = [...island.gens.keys()].filter((g) => generation.holds[g] === 1);
    let violators = holding.filter((g) => excess(g) > violation);
    if (violators.length === 0) {
      if (!switchBack || !returnOne(grid, island, newton, generation, fixed, returns)) return result(end);
      continue;
    }
    const above = (g: number): boolean => generation.q[g]! > gen.Qmax[island.gens[g]!]!;
    if (violators.length === holding.length && violators.every((g) => above(g) === above(violators[0]!)))
      return result('limits');
    if (rule === 'worst') violators = [violators.reduce((worst, g) => (excess(g) > excess(worst) ? g : worst))];
    let lost = false;
    for (const g of violators) {
      const at = island.genBus[g]!;
      const side = above(g) ? 1 : -1;
      generation.q[g] = (side === 1 ? gen.Qmax : gen.Qmin)[island.gens[g]!]!;
      generation.holds[g] = 0;
      fixed.set(at, side);
      lost ||= newton.roles[at] === role.ref;
      newton.roles[at] = role.pq;
      // What else stands at the bus gives what it gave.
      island.genBus.forEach((bus, other) => {
        if (bus === at) generation.holds[other] = 0;
      });
    }
    if (lost) newton = withReference(y, newton);
  }
}

/** The same state with the first PV bus as the reference. */
function withReference(y: Admittance, old: NewtonPowerFlow): NewtonPowerFlow {
  const next = old.roles.indexOf(role.pv);
  const roles = old.roles.slice();
  roles[next] = role.ref;
  const newton = new NewtonPowerFlow(y, roles);
  newton.vm.set(old.vm);
  newton.va.set(old.va);
  return newton;
}

/** Lets buses hold again that would need less than their limit for it; whether there is one. */
function returnOne(
  { gen }: GridCase,
  island: Island,
  newton: NewtonPowerFlow,
  generation: Generation,
  fixed: Map<number, 1 | -1>,
  returns: Uint8Array,
): boolean {
  let any = false;
  for (const [at, side] of fixed) {
    const gens = [...island.gens.keys()].filter((g) => island.genBus[g] === at);
    const set = gen.Vg[island.gens[gens[0]!]!]!;
    if (returns[at]! >= mostReturns || !(side * (newton.vm[at]! - set) > 1e-9)) continue;
    returns[at]!++;
    fixed.delete(at);
    newton.roles[at] = role.pv;
    newton.vm[at] = set;
    for (const g of gens) generation.holds[g] = 1;
    any = true;
  }
  return any;
}
