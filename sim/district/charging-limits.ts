import { UnknownNameError } from '../../core/errors.ts';
import type { BuildingData } from '../data/dataset.ts';

/** What a building's chargers may take together, laid out for the step. Chargers are positions in `BuildingData.chargers`. */
export interface ChargingLimits {
  /** kW; ∞: none */
  readonly building: number;
  readonly phases: readonly { readonly limit: number; readonly chargers: Int32Array }[];
  /** State words: violation, the building's headroom, one headroom a phase. */
  readonly stateSize: number;
}

/** Offsets in the state of one building's limits. */
export const VIOLATION = 0;
export const HEADROOM = 1;

/** @returns null where nothing limits the chargers @throws {UnknownNameError} for a charger that the building does not have. */
export function openChargingLimits(data: BuildingData, districtName: string): ChargingLimits | null {
  const constraints = data.chargingConstraints;
  if (constraints === null) return null;
  const ids = data.chargers.map(({ id }) => id);
  const phases = constraints.phases.map(({ name, limitKw, chargers }) => ({
    limit: limitKw ?? Infinity,
    chargers: Int32Array.from(chargers, (id) => {
      const position = ids.indexOf(id);
      if (position < 0)
        throw new UnknownNameError('charger', id, ids, {
          file: districtName,
          path: `/buildings/${data.name}/charging_constraints/phases/${name}`,
        });
      return position;
    }),
  }));
  return { building: constraints.buildingLimitKw ?? Infinity, phases, stateSize: 2 + phases.length };
}

/** Nothing asked for: every limit is headroom. */
export function resetChargingLimits(limits: ChargingLimits, state: Float64Array, at: number): void {
  state[at + VIOLATION] = 0;
  state[at + HEADROOM] = limits.building;
  for (let p = 0; p < limits.phases.length; p++) state[at + HEADROOM + 1 + p] = limits.phases[p]!.limit;
}

/**
 * Scales what chargers ask for down to the building's limit, then phase by phase; all of a limit's chargers by one factor.
 *
 * ```
 * scale_c = min(1, L/Σ r);  for each phase: s = Σ_{c∈p} r_c·scale_c > L_p ⇒ scale_c ← scale_c·L_p/s
 * violation = (max(0, Σr − L) + Σ_p max(0, s − L_p))·dt
 * ```
 * @param requests [chargers] kW asked for, ≤ 0 or nothing asked: 0; kept @param granted [chargers] out: kW, ≤ requests
 * Source: specs/citylearn.md 10.
 */
export function limitCharging(
  limits: ChargingLimits,
  state: Float64Array,
  at: number,
  requests: Float64Array,
  granted: Float64Array,
  hoursPerStep: number,
): void {
  const n = requests.length;
  let total = 0;
  for (let c = 0; c < n; c++) total += requests[c]!;
  if (total === 0) {
    granted.fill(0);
    resetChargingLimits(limits, state, at);
    return;
  }
  let violation = 0;
  // `granted` holds the factors until the last loop: CityLearn multiplies factors, and its last bit depends on it.
  let factor = 1;
  if (total > limits.building) {
    factor = limits.building === 0 ? 0 : limits.building / total;
    violation += total - limits.building;
  }
  granted.fill(factor);
  for (let p = 0; p < limits.phases.length; p++) {
    const { limit, chargers } = limits.phases[p]!;
    let sum = 0;
    for (let k = 0; k < chargers.length; k++) sum += requests[chargers[k]!]! * granted[chargers[k]!]!;
    if (!(sum > limit)) continue;
    const scale = limit === 0 ? 0 : limit / sum;
    for (let k = 0; k < chargers.length; k++) granted[chargers[k]!] = granted[chargers[k]!]! * scale;
    violation += sum - limit;
  }
  let used = 0;
  for (let c = 0; c < n; c++) {
    granted[c] = requests[c]! * granted[c]!;
    used += granted[c]!;
  }
  state[at + VIOLATION] = violation * hoursPerStep;
  state[at + HEADROOM] = limits.building - used;
  for (let p = 0; p < limits.phases.length; p++) {
    const { limit, chargers } = limits.phases[p]!;
    let sum = 0;
    for (let k = 0; k < chargers.length; k++) sum += granted[chargers[k]!]!;
    state[at + HEADROOM + 1 + p] = limit - sum;
  }
}
