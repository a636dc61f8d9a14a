import type { GridCase } from './grid-case.ts';
import { role } from './network.ts';
import type { Island } from './network.ts';

/** What the generators of an island give, and which of them still hold their bus. */
export interface Generation {
  /** [gens of the island] MW, MVAr */
  readonly p: Float64Array;
  readonly q: Float64Array;
  /** [gens of the island] 1: gives whatever reactive power its bus needs; 0: `q` as it stands */
  readonly holds: Uint8Array;
}

/** As the case has it. */
export function plannedGeneration({ gen }: GridCase, { gens, genBus, roles }: Island): Generation {
  return {
    p: Float64Array.from(gens, (row) => gen.Pg[row]!),
    q: Float64Array.from(gens, (row) => gen.Qg[row]!),
    holds: Uint8Array.from(genBus, (bus) => (roles[bus] === role.pq ? 0 : 1)),
  };
}

/** What is injected at each bus of an island, generators less loads: p.u., written into `p` and `q` [n]. */
export function specifyInto(
  { bus, baseMva }: GridCase,
  { buses, genBus }: Island,
  generation: Generation,
  p: Float64Array,
  q: Float64Array,
): void {
  for (let i = 0; i < buses.length; i++) {
    p[i] = -bus.Pd[buses[i]!]! / baseMva;
    q[i] = -bus.Qd[buses[i]!]! / baseMva;
  }
  for (let g = 0; g < genBus.length; g++) {
    p[genBus[g]!]! += generation.p[g]! / baseMva;
    q[genBus[g]!]! += generation.q[g]! / baseMva;
  }
}

/**
 * What the generators gave at solved powers. Those that hold a bus share its reactive power so that all stand at the same part of their range,
 * `Qg = Qmin + (Q − ΣQmin)/(ΣQmax − ΣQmin) (Qmax − Qmin)`, in equal parts of the rest where they have no range; a limit that is infinite
 * counts as the sum of what there is at the bus. The first generator of the reference takes the power that the others leave.
 * @param p @param q [n] from each bus into the network, p.u. Source: MATPOWER's pfsoln; specs/grid.md 1.4
 */
export function solveGeneration(
  { gen, bus, baseMva }: GridCase,
  island: Island,
  roles: Uint8Array,
  generation: Generation,
  p: Float64Array,
  q: Float64Array,
): void {
  const byBus = new Map<number, number[]>();
  for (let g = 0; g < island.gens.length; g++) {
    const rows = byBus.get(island.genBus[g]!);
    if (rows === undefined) byBus.set(island.genBus[g]!, [g]);
    else rows.push(g);
  }
  for (const [at, all] of byBus) {
    if (roles[at] === role.pq) continue;
    const row = island.buses[at]!;
    if (roles[at] === role.ref)
      generation.p[all[0]!] =
        p[at]! * baseMva + bus.Pd[row]! - all.slice(1).reduce((sum, g) => sum + generation.p[g]!, 0);
    const sharing = all.filter((g) => generation.holds[g] === 1);
    const fixed = all.reduce((sum, g) => sum + (generation.holds[g] === 1 ? 0 : generation.q[g]!), 0);
    share(gen, island, sharing, q[at]! * baseMva + bus.Qd[row]! - fixed, generation.q);
  }
}

function share(
  gen: GridCase['gen'],
  island: Island,
  sharing: readonly number[],
  total: number,
  into: Float64Array,
): void {
  const limits = sharing.map((g) => [gen.Qmin[island.gens[g]!]!, gen.Qmax[island.gens[g]!]!] as [number, number]);
  const there = limits.flat().reduce((sum, x) => sum + (Number.isFinite(x) ? Math.abs(x) : 0), Math.abs(total));
  for (const limit of limits) {
    if (!Number.isFinite(limit[0])) limit[0] = -there;
    if (!Number.isFinite(limit[1])) limit[1] = there;
  }
  const least = limits.reduce((sum, [low]) => sum + low, 0);
  const range = limits.reduce((sum, [low, high]) => sum + high - low, 0);
  sharing.forEach((g, k) => {
    const [low, high] = limits[k]!;
    into[g] = range === 0 ? low + (total - least) / sharing.length : low + ((total - least) / range) * (high - low);
  });
}
