import { ConfigError } from '../../../core/errors.ts';
import { checkCase } from '../check-case.ts';
import { withColumns } from '../grid-case.ts';
import type { GridCase } from '../grid-case.ts';
import type { GridFinding } from '../grid-fault.ts';
import { networkOf, role } from '../network.ts';
import type { Island } from '../network.ts';
import { startOf } from '../power-flow.ts';
import { radialFeeder } from '../radial.ts';
import type { RadialFeeder } from '../radial.ts';
import type { VoltVarCurve } from '../volt-var.ts';
import type { Homes } from './homes.ts';
import type { SwitchedCapacitor, TapChanger } from './regulators.ts';

/** Parts of a load with constant power, current and impedance: `P = P0 (power + current V + impedance V²)`; their sum is 1. */
export type ZipParts = readonly [power: number, current: number, impedance: number];

/** How a district stands on a network, and what else is there. */
export interface DistrictPlacement {
  readonly homes: readonly Homes[];
  /** cos φ, lagging, of what homes take beside PV and battery, which have none; default 0.95. */
  readonly powerFactor?: number | undefined;
  /** The case's own loads, which nobody attacks: so many times over, by a profile that repeats step by step; default: as they are. */
  readonly background?: { readonly scale: number; readonly profile?: readonly number[] | undefined } | undefined;
  /** Of loads, the homes' and the others', not of PV and batteries; default: constant power. */
  readonly zip?: { readonly p: ZipParts; readonly q: ZipParts } | undefined;
  /** Of each home: PV and battery behind one inverter that gives reactive power by the voltage; default: none. */
  readonly inverter?: { readonly ratingKva: number; readonly curve: VoltVarCurve } | undefined;
  readonly tapChangers?: readonly TapChanger[] | undefined;
  readonly capacitors?: readonly SwitchedCapacitor[] | undefined;
  /** MVA of every branch for which the case names no limit; default: no limit. */
  readonly ratingMva?: number | undefined;
}

/** A placement that can be solved: buses are in the order of its solver, the sweep of a radial feeder or Newton's island. */
export interface PlacedDistrict {
  readonly grid: GridCase;
  readonly island: Island;
  /** null: not radial, Newton's method solves it */
  readonly feeder: RadialFeeder | null;
  readonly n: number;
  /** [n] row of the case of each bus; [rows] its position, −1 where there is no voltage */
  readonly rowAt: Int32Array;
  readonly slotOf: Int32Array;
  /** [homes] */
  readonly building: Int32Array;
  readonly slot: Int32Array;
  readonly count: Float64Array;
  readonly buildings: number;
  /** MVAr for each MW of the homes' load */
  readonly tangent: number;
  /** [n] MW, MVAr; [steps, repeating] */
  readonly backgroundMw: Float64Array;
  readonly backgroundMvar: Float64Array;
  readonly profile: Float64Array;
  /** [n] what generators beside the reference give, p.u. */
  readonly pGen: Float64Array;
  readonly qGen: Float64Array;
  readonly zip: { readonly p: ZipParts; readonly q: ZipParts } | null;
  readonly inverter: { readonly ratingKva: number; readonly curve: VoltVarCurve } | null;
  readonly tapChangers: readonly (TapChanger & { readonly branch: number; readonly held: number })[];
  readonly capacitors: readonly (SwitchedCapacitor & { readonly held: number })[];
  /** MW of the case's loads at buses without a source */
  readonly unservedMw: number;
  readonly findings: readonly GridFinding[];
}

/**
 * Places a district on a network.
 * @param buildings of the district  @throws {GridCaseError} @throws {ConfigError} of a bus, a branch or a building that is not there, parts that are not 1 in sum
 */
export function placeDistrict(given: GridCase, placement: DistrictPlacement, buildings: number): PlacedDistrict {
  const { homes, powerFactor = 0.95, background = { scale: 1 }, zip, tapChangers = [], capacitors = [] } = placement;
  if (!(powerFactor > 0 && powerFactor <= 1))
    throw new ConfigError(`the power factor is ${powerFactor}, expected above 0 and at most 1`);
  for (const parts of zip === undefined ? [] : [zip.p, zip.q])
    if (!(Math.abs(parts[0] + parts[1] + parts[2] - 1) < 1e-9))
      throw new ConfigError(`the parts ${parts.join(', ')} of a ZIP load have another sum than 1`);
  const { ratingMva } = placement;
  const rated = given.branch.rateA.map((rate) => (rate === 0 && ratingMva !== undefined ? ratingMva : rate));
  const ratio = given.branch.ratio.slice();
  const branchOf = tapChangers.map((tap) => tapBranch(given, tap));
  for (const row of branchOf) ratio[row] = 1;
  const grid = withColumns(given, { branch: { rateA: rated, ratio } });
  const findings = checkCase(grid);
  const network = networkOf(grid);
  if (network.islands.length !== 1)
    throw new ConfigError(
      `${grid.name} has ${network.islands.length} islands with a source, expected one for a district`,
    );
  const island = network.islands[0]!;
  const feeder = radialFeeder(grid, island);
  const n = island.buses.length;
  const rowAt = feeder === null ? island.buses.slice() : Int32Array.from(feeder.bus, (i) => island.buses[i]!);
  const slotOf = new Int32Array(grid.bus.rows).fill(-1);
  rowAt.forEach((row, k) => (slotOf[row] = k));
  const slotAt = (bus: number, what: string): number => {
    const row = grid.bus.bus.indexOf(bus);
    if (row < 0) throw new ConfigError(`${what} at bus ${bus}: ${grid.name} has none of that number`);
    if (slotOf[row]! < 0) throw new ConfigError(`${what} at bus ${bus}, which has no source in ${grid.name}`);
    return slotOf[row]!;
  };
  for (const { building, count } of homes) {
    if (!(Number.isInteger(building) && building >= 0 && building < buildings))
      throw new ConfigError(`homes of building ${building}, expected 0 to ${buildings - 1}`);
    if (!(count >= 0 && Number.isFinite(count))) throw new ConfigError(`${count} homes, expected 0 or more`);
  }
  // Those of a bus side by side, as inverters are summed up.
  const placed = homes.map((each) => ({ ...each, slot: slotAt(each.bus, 'homes') })).sort((a, b) => a.slot - b.slot);
  const { pGen, qGen } = fixedGeneration(grid, island, slotOf);
  const taps = tapChangers.map((tap, t) => ({
    ...tap,
    branch: branchOf[t]!,
    held: slotAt(tap.bus ?? tap.to, 'a tap changer holds the voltage'),
  }));
  if (feeder !== null) for (const tap of taps) assertSide(grid, feeder, slotOf, tap);
  return {
    grid,
    island,
    feeder,
    n,
    rowAt,
    slotOf,
    building: Int32Array.from(placed, (each) => each.building),
    slot: Int32Array.from(placed, (each) => each.slot),
    count: Float64Array.from(placed, (each) => each.count),
    buildings,
    tangent: Math.sqrt(1 - powerFactor * powerFactor) / powerFactor,
    backgroundMw: Float64Array.from(rowAt, (row) => grid.bus.Pd[row]! * background.scale),
    backgroundMvar: Float64Array.from(rowAt, (row) => grid.bus.Qd[row]! * background.scale),
    profile: Float64Array.from(background.profile ?? [1]),
    pGen,
    qGen,
    zip: zip ?? null,
    inverter: placement.inverter ?? null,
    tapChangers: taps,
    capacitors: capacitors.map((each) => ({ ...each, held: slotAt(each.bus, 'capacitors') })),
    unservedMw: network.dead.reduce((sum, part) => sum + part.unserved, 0) * background.scale,
    findings: [...findings, ...network.findings],
  };
}

/** What generators give that do not hold the reference. */
function fixedGeneration(
  { gen, baseMva }: GridCase,
  { gens, genBus, roles, buses }: Island,
  slotOf: Int32Array,
): { readonly pGen: Float64Array; readonly qGen: Float64Array } {
  const [pGen, qGen] = [new Float64Array(buses.length), new Float64Array(buses.length)];
  gens.forEach((row, g) => {
    const held = roles[genBus[g]!];
    if (held === role.ref) return;
    pGen[slotOf[buses[genBus[g]!]!]!]! += gen.Pg[row]! / baseMva;
    if (held === role.pq) qGen[slotOf[buses[genBus[g]!]!]!]! += gen.Qg[row]! / baseMva;
  });
  return { pGen, qGen };
}

function tapBranch({ branch, name }: GridCase, { from, to }: TapChanger): number {
  const row = [...branch.from.keys()].find((r) => branch.from[r] === from && branch.to[r] === to);
  if (row === undefined) throw new ConfigError(`a tap changer is in branch ${from}–${to}, which ${name} does not have`);
  if (!(branch.status[row]! > 0))
    throw new ConfigError(`a tap changer is in branch ${from}–${to}, which is out of service`);
  return row;
}

/** A sweep has the ideal transformer at the parent's side of a branch without charging. */
function assertSide(
  { branch, bus, name }: GridCase,
  feeder: RadialFeeder,
  slotOf: Int32Array,
  tap: { readonly branch: number; readonly from: number; readonly to: number },
): void {
  const child = feeder.branch.indexOf(tap.branch);
  const parent = slotOf[bus.bus.indexOf(tap.from)]!;
  if (feeder.parent[child] !== parent)
    throw new ConfigError(
      `the tap changer of branch ${tap.from}–${tap.to} faces away from the reference of ${name}: its from side must face it`,
    );
  if (branch.b[tap.branch] !== 0)
    throw new ConfigError(
      `branch ${tap.from}–${tap.to} of ${name} has charging, expected none where there is a tap changer`,
    );
}

/** The same for Newton's method: its buses are in the order of the island. */
export function placedByNewton(placed: PlacedDistrict): PlacedDistrict {
  if (placed.feeder === null) return placed;
  const { island, rowAt, slotOf } = placed;
  const to = Int32Array.from(rowAt, (row) => island.buses.indexOf(row));
  const moved = (values: Float64Array): Float64Array => {
    const into = new Float64Array(values.length);
    values.forEach((value, k) => (into[to[k]!] = value));
    return into;
  };
  return {
    ...placed,
    feeder: null,
    rowAt: island.buses.slice(),
    slotOf: slotOf.map((k) => (k < 0 ? -1 : to[k]!)),
    slot: placed.slot.map((k) => to[k]!),
    backgroundMw: moved(placed.backgroundMw),
    backgroundMvar: moved(placed.backgroundMvar),
    pGen: moved(placed.pGen),
    qGen: moved(placed.qGen),
    tapChangers: placed.tapChangers.map((tap) => ({ ...tap, held: to[tap.held]! })),
    capacitors: placed.capacitors.map((each) => ({ ...each, held: to[each.held]! })),
  };
}

/** External number of the reference bus. */
export function referenceBus({ grid, island }: PlacedDistrict): number {
  return grid.bus.bus[island.buses[island.roles.indexOf(role.ref)]!]!;
}

/** Voltage that the reference holds, p.u. */
export function referenceVoltage({ grid, island }: PlacedDistrict): number {
  return startOf(grid, island, 'case').vm[island.roles.indexOf(role.ref)]!;
}
