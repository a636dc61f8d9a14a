import { ConfigError, FaultlineError, UnknownNameError } from '../core/errors.ts';
import type { FrequencySpec, GridSpec } from '../core/scenario-grid.ts';
import { sheddingSchemes } from '../sim/grid/frequency/shedding.ts';
import type { GridCase } from '../sim/grid/grid-case.ts';
import type { FeederSystem } from '../sim/grid/placed/frequency-meter.ts';
import { spreadHomes } from '../sim/grid/placed/homes.ts';
import type { Homes } from '../sim/grid/placed/homes.ts';
import { placeDistrict } from '../sim/grid/placed/placement.ts';
import type { PlacedDistrict } from '../sim/grid/placed/placement.ts';
import { voltVarCurve, voltVarDefaults } from '../sim/grid/volt-var.ts';
import type { VoltVarCurve } from '../sim/grid/volt-var.ts';

/**
 * A scenario's district on its network.
 * @param buildings their names  @throws {ConfigError} {@link UnknownNameError} with the JSON pointer of what is not there
 */
export function placedOf(grid: GridCase, spec: GridSpec, buildings: readonly string[]): PlacedDistrict {
  const { taps, capacitors, limits, inverter } = spec;
  const homes = at('/grid/homes', () => homesOf(grid, spec, buildings));
  return at('/grid', () =>
    placeDistrict(
      grid,
      {
        homes,
        powerFactor: spec.power_factor,
        background: spec.background,
        zip: isConstant(spec.zip) ? undefined : spec.zip,
        inverter:
          inverter === undefined
            ? undefined
            : { ratingKva: inverter.kva, curve: at('/grid/inverter/points', () => curveOf(inverter)) },
        tapChangers: taps.map(({ branch: [from, to], range: [least, most], ...tap }) => ({
          ...tap,
          from,
          to,
          least,
          most,
        })),
        capacitors,
        ratingMva: limits.branch_mva,
      },
      buildings.length,
    ),
  );
}

/** The system that the network hangs on. @throws {ConfigError} for a scheme that is made for another frequency */
export function systemOf(spec: FrequencySpec): FeederSystem {
  const { f0, inertia: H, damping: D, droop: R, gain: Km, high_pressure: FH, reheat: TR } = spec;
  const shedding = sheddingSchemes[spec.shedding]!;
  const odd = shedding.stages.find(({ threshold }) => !(threshold < f0 && threshold > f0 - 5));
  if (odd !== undefined)
    throw new ConfigError(
      `'${spec.shedding}' sheds at ${odd.threshold} Hz, which is no stage of a system of ${f0} Hz`,
      {
        place: { path: '/grid/frequency/shedding' },
      },
    );
  return { parameters: { H, D, R, Km, FH, TR }, f0, systemMw: spec.system_mw, feeders: spec.feeders, shedding };
}

/** Constant powers need nothing of what depends on the voltage. */
function isConstant({ p, q }: GridSpec['zip']): boolean {
  return p[0] === 1 && q[0] === 1;
}

function curveOf({ curve, points }: NonNullable<GridSpec['inverter']>): VoltVarCurve {
  return voltVarCurve(points.length > 0 ? points : voltVarDefaults[curve as keyof typeof voltVarDefaults]);
}

function homesOf(grid: GridCase, { homes, placement }: GridSpec, buildings: readonly string[]): Homes[] {
  if (placement.length === 0) return spreadHomes(grid, homes, buildings.length);
  return placement.map(({ building, bus, count }, k) => {
    const index = buildings.indexOf(building);
    if (index < 0)
      throw new UnknownNameError('building', building, buildings, { path: `/grid/placement/${k}/building` });
    if (!grid.bus.bus.includes(bus))
      throw new ConfigError(`${grid.name} has no bus ${bus}`, { place: { path: `/grid/placement/${k}/bus` } });
    return { building: index, bus, count };
  });
}

/** Says of an error where in the scenario it comes from, unless it does. */
function at<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigError) || (error as FaultlineError).place !== undefined) throw error;
    throw new ConfigError(error.message, { place: { path }, cause: error });
  }
}
