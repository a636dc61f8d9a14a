import type { BuildingData, District } from '../data/dataset.ts';
import { chargerCommandField, chargerField, chargerSocBeforeField } from './fleet-layout.ts';
import { CHARGING_VIOLATION, NET } from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { RewardClass } from './reward-kernel.ts';
import { districtNet, marlReward } from './reward-consumption.ts';

const defaultWeights = {
  no_car_charging: -5,
  battery_limits: -2,
  soc_impossible: -10,
  soc_under: -5,
  close_soc: 10,
  self_ev_consumption: 5,
  extra_self_production: 5,
};
type Weights = Readonly<Record<keyof typeof defaultWeights, number>>;

/** A charging point laid out for the reward: fields of the hour, kW, and the least energy of the cars that may come. */
interface Point {
  readonly connected: number;
  readonly departure: number;
  readonly required: number;
  readonly soc: number;
  readonly capacity: number;
  readonly command: number;
  readonly socBefore: number;
  readonly maxChargingPower: number;
  readonly maxDischargingPower: number;
  readonly leastShare: LeastShare;
}

/** Share of its capacity that a car keeps, `1 − depth of discharge`, by its capacity in kWh and the row of the range. */
type LeastShare = (capacity: number, row: number) => number;

/** The hour tells a car by its capacity; where cars of one capacity differ in depth, the charger's file does by its row. */
function leastShares({ electricVehicles, start }: District, car: readonly string[]): LeastShare {
  const share = ({ attributes }: District['electricVehicles'][number]): number => {
    const depth = attributes['depth_of_discharge'];
    return 1 - (typeof depth === 'number' ? depth : 0.1);
  };
  const byName = new Map(electricVehicles.map((one) => [one.name, share(one)]));
  const byCapacity = new Map(electricVehicles.map((one) => [one.attributes['capacity'], share(one)]));
  const unique = electricVehicles.every((one) => byCapacity.get(one.attributes['capacity']) === share(one));
  if (unique) return (capacity) => byCapacity.get(capacity) ?? 0.9;
  const byRow = Float64Array.from(car, (name) => byName.get(name) ?? 0.9);
  return (_capacity, row) => byRow[start + row]!;
}

function pointsOf(data: BuildingData, district: District): readonly Point[] {
  return data.chargers.map((charger, c) => ({
    connected: chargerField(c, 'connected_state'),
    departure: chargerField(c, 'departure_time'),
    required: chargerField(c, 'required_soc_departure'),
    soc: chargerField(c, 'soc'),
    capacity: chargerField(c, 'battery_capacity'),
    command: chargerCommandField(data, c),
    socBefore: chargerSocBeforeField(data, c),
    maxChargingPower: charger.maxChargingPower,
    maxDischargingPower: charger.maxDischargingPower,
    leastShare: leastShares(district, charger.car),
  }));
}

/**
 * What one charger with a car adds, unscaled parts in CityLearn's order, each times `scale`. With C kWh, Δ = SoC − required, h steps to departure
 * and the command in kWh (not what the battery took): limits of the battery, a surplus that cannot be discharged (as the source has it), the state
 * of charge at and towards departure, and whether the command took up what the building exports or drew. Source: specs/citylearn.md 13.
 */
function pointReward(p: Point, w: Weights, scale: number, hours: Float64Array, at: number, row: number): number {
  const net = hours[at + NET]!;
  const capacity = hours[at + p.capacity]!;
  const command = hours[at + p.command]!;
  const departure = hours[at + p.departure]!;
  const surplus = hours[at + p.soc]! - hours[at + p.required]!;
  const kwh = surplus * capacity;
  const charge = p.maxChargingPower * departure;
  const discharge = p.maxDischargingPower * departure;
  const energy = hours[at + p.socBefore]! * capacity + command;
  let reward = 0;
  if (energy > capacity || energy < p.leastShare(capacity, row) * capacity) reward += w.battery_limits * scale;
  if (kwh > charge) reward += w.soc_impossible * scale;
  let close = 0;
  if (departure === 0) {
    if (surplus <= -0.25) reward += w.soc_under ** 2 * scale;
    else if (surplus <= -0.1) reward += 2 * w.soc_under * scale;
    else if (surplus <= 0.1) close = w.close_soc * scale;
  }
  if (Math.abs(kwh) <= Math.max(charge, discharge)) close += w.close_soc * scale * (1 / (departure + 0.1));
  reward += close;
  if (command < 0 && net > 0) reward += w.self_ev_consumption * scale;
  else if (command > 0 && net > 0) reward += -0.5 * w.self_ev_consumption * scale;
  if (command > 0 && net < 0) reward += w.extra_self_production * scale;
  else if (command < 0 && net < 0) reward += -0.5 * w.extra_self_production * scale;
  return reward;
}

/**
 * Buildings without chargers: 0; else the sum over their chargers with a car, each part times `1/(1 + |MARL reward|)`; then minus
 * `violation·penalty`. The weight `no_car_charging` can never apply. float64. Source: specs/citylearn.md 13.
 */
export const electricVehiclesReward: RewardClass = {
  attributes: ['weights', 'charging_constraint_penalty_coefficient'],
  readsDistrict: true,
  open(attributes, models: readonly BuildingModel[]) {
    const weights = attributes.weights('weights', defaultWeights);
    const penalty = attributes.number('charging_constraint_penalty_coefficient', 1);
    const points = models.map(({ data, district }) => pointsOf(data, district));
    return (hours, ats, rows, out) => {
      const district = districtNet(hours, ats);
      for (let i = 0; i < ats.length; i++) {
        const at = ats[i]!;
        const own = points[i]!;
        let reward = 0;
        if (own.length > 0) {
          const scale = 1 / (1 + Math.abs(marlReward(hours[at + NET]!, district)));
          for (let c = 0; c < own.length; c++) {
            const point = own[c]!;
            if (hours[at + point.connected] === 1) reward += pointReward(point, weights, scale, hours, at, rows[i]!);
          }
        }
        const violation = hours[at + CHARGING_VIOLATION]!;
        out[i] = violation > 0 ? reward - violation * penalty : reward;
      }
    };
  },
};
