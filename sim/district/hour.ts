/*
 * What a lane's current hour holds: one block of float64 a lane, `stride` long, addressed `hours[at + FIELD]` with `at = lane·stride`.
 * One block a lane and not one array a field: a step touches a dozen fields of one lane, which then share two or three cache lines.
 * Profiles with float32 state hold float32 values here; whoever stores into a field rounds.
 *
 * "Booked" means: of the hour the lane shows. In the profiles that act first and move the clock afterwards (head, v3) the hour shown
 * after a step is a new one, see specs/citylearn.md 9.
 */

/** kWh from the grid; < 0: export */
export const NET = 0;
/** $; signed */
export const COST = 1;
/** kgCO2; ≥ 0 */
export const EMISSION = 2;
/** kWh that the building would have taken without storage (with PV, and without what its cars took) */
export const NET_WITHOUT_STORAGE = 3;
/** kWh, ≤ 0 */
export const SOLAR = 4;
/** kWh of the non-shiftable load that was served */
export const LOAD_SERVED = 5;
/** kWh booked for it (head books some hours more than once) */
export const LOAD_CONSUMPTION = 6;
/** energy over nominal capacity */
export const BATTERY_SOC = 7;
/** kWh at the terminals, + charge */
export const BATTERY_BALANCE = 8;
/** kWh booked */
export const BATTERY_CONSUMPTION = 9;
/** kWh that the capacity has degraded to */
export const BATTERY_CAPACITY = 10;
/** last efficiency look-up, before the square root */
export const BATTERY_EFFICIENCY = 11;
/** 1 in a power outage */
export const POWER_OUTAGE = 12;
/** °C */
export const INDOOR_TEMPERATURE = 13;
export const COOLING_SET_POINT = 14;
export const HEATING_SET_POINT = 15;
/** as NET_WITHOUT_STORAGE, and with the file's demands in place of the controlled ones */
export const NET_WITHOUT_PARTIAL_LOAD = 16;
/** kWh of all chargers, of all washing machines */
export const CHARGERS_CONSUMPTION = 17;
export const WASHING_CONSUMPTION = 18;
/** kWh beyond the charging limits */
export const CHARGING_VIOLATION = 19;
/** SoC of the hour before, from which the next charge starts */
export const BATTERY_SOC_BEFORE = 20;
/** kWh in the battery; v1 counts in it and calls it the SoC */
export const BATTERY_ENERGY = 21;

/** The three end uses have a block of these each: `hours[at + COOLING + DEMAND]`. */
export const COOLING = 22;
export const HEATING = 30;
export const DHW = 38;
/** kWh thermal asked for: the file's, or the controller's through a dynamics building's device action */
export const DEMAND = 0;
/** kWh thermal out of the device */
export const FROM_DEVICE = 1;
/** kWh electric booked by the device, for the load and for its tank */
export const CONSUMPTION = 2;
/** kWh thermal of the tank, + charge */
export const TANK_BALANCE = 3;
/** energy over capacity */
export const TANK_SOC = 4;
export const TANK_SOC_BEFORE = 5;
/** kWh; v1 counts in it */
export const TANK_ENERGY = 6;

/** Where a building's own further fields begin (chargers: `chargerFields` each, then charging limits). */
export const FIXED_FIELDS = 46;

/** Per charger, in the order of CityLearn's observations. Source: specs/citylearn.md 11. */
export const chargerFields = [
  'connected_state',
  'departure_time',
  'required_soc_departure',
  'soc',
  'battery_capacity',
  'incoming_state',
  'estimated_arrival_time',
  'estimated_soc_arrival',
] as const;
