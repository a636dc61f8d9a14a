import { VIOLATION, HEADROOM } from './charging-limits.ts';
import { CAR_SOC_PREVIOUS, CAR_SOC_SET, carWords } from './electric-vehicle.ts';
import type { FleetPlan, Site } from './fleet-plan.ts';
import { BATTERY_SOC, CHARGING_VIOLATION } from './hour.ts';

/** What the fields describe: an hour in which the chargers have acted, or the one an agent is shown next, which may be an episode's first. */
export type Moment = 'booked' | 'first' | 'next';

/**
 * Writes a building's charger fields into an hour. Without a car: 0 or −1, and −0.1 for shares. `index` is a row of the chargers' columns.
 * Source: specs/citylearn.md 11; the order is that of `chargerFields`.
 */
export function writeFields(
  plan: FleetPlan,
  site: Site,
  state: Float64Array,
  at: number,
  hours: Float64Array,
  hoursAt: number,
  index: number,
  moment: Moment,
): void {
  const { chargers, fields, limits } = site;
  for (let c = 0; c < chargers.length; c++) {
    const charger = chargers[c]!;
    const field = hoursAt + fields.charger[c]!;
    const e = charger.plugged[index]!;
    const carAt = at + plan.carsAt + e * carWords;
    const here = e >= 0;
    hours[field] = here ? 1 : 0;
    hours[field + 1] = here ? charger.departureTime[index]! : -1;
    hours[field + 2] = here ? charger.requiredSoc[index]! : -0.1;
    hours[field + 3] = here ? socOf(plan, state, carAt, moment) : -0.1;
    hours[field + 4] = here ? plan.cars[e]!.battery.capacity : -1;
    const coming = charger.incoming[index]! >= 0;
    hours[field + 5] = coming ? 1 : 0;
    hours[field + 6] = coming ? charger.arrivalTime[index]! : -1;
    hours[field + 7] = coming ? charger.arrivalSoc[index]! : -0.1;
    hours[hoursAt + fields.command[c]!] = state[at + site.commandsAt + c]!;
    hours[hoursAt + fields.socBefore[c]!] = here ? state[carAt + CAR_SOC_PREVIOUS]! : -0.1;
    hours[hoursAt + fields.consumption[c]!] = state[at + site.commandsAt + chargers.length + c]!;
  }
  if (limits === null) return;
  const limitsAt = at + site.limitsAt;
  hours[hoursAt + CHARGING_VIOLATION] = state[limitsAt + VIOLATION]!;
  for (let k = 0; k <= limits.phases.length; k++)
    hours[hoursAt + fields.headroom + k] = state[limitsAt + HEADROOM + k]!;
}

/**
 * A plugged car's SoC as the release shows it. Of the next hour: head has what an arrival set, else 0 as for every store; repaired, and always in v3,
 * what the hour before ended with.
 */
function socOf({ profile }: FleetPlan, state: Float64Array, carAt: number, moment: Moment): number {
  if (moment !== 'next') return state[carAt + BATTERY_SOC]!;
  if (profile.alignment === 'now') {
    if (state[carAt + CAR_SOC_SET] === 1) return state[carAt + BATTERY_SOC]!;
    if (profile.defects['blind-to-storage']) return 0;
  }
  return state[carAt + CAR_SOC_PREVIOUS]!;
}
