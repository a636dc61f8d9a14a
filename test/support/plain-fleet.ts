import type { BuildingData, ChargerData, CurvePoints, District } from '../../sim/data/dataset.ts';

/*
 * The cars of CityLearn's head once more, written from specs/citylearn.md 5.5, 9.2 and 10 with a series a car and a look into the data a question:
 * slow, without layout or state words, and sharing no code with the simulator. Whole districts from row 0 only.
 */

export interface PlainBattery {
  readonly capacity: number;
  readonly power: number;
  readonly depth: number;
  readonly efficiency: number;
  readonly loss: number;
  readonly capacityLoss: number;
  readonly powerEfficiency: CurvePoints;
  readonly capacityPower: CurvePoints;
}

/** What CityLearn samples with the seed 2022: computed with NumPy 2.4's RandomState(2022), a new one for each draw. */
export const sampled2022: Omit<PlainBattery, 'capacity' | 'power' | 'depth'> = {
  efficiency: 0.9007486891046212,
  loss: 0.0010748689104621177,
  capacityLoss: 1.0842275242698823e-5,
  powerEfficiency: [
    [0, 0.766057873694887],
    [0.25093586138077645, 0.8110953081501181],
    [0.6509358613807765, 0.8829023105049124],
    [0.7509358613807765, 0.9007486891046212],
    [1, 0.8559641474229656],
  ],
  capacityPower: [
    [0, 0.9504679306903882],
    [0.7509358613807765, 0.9004679306903882],
    [1, 0.2009358613807765],
  ],
};

/** CityLearn's look-up: the first knot not below x ends the segment; none: the first segment. */
function lookUp(curve: CurvePoints, x: number): number {
  const reached = curve.findIndex(([knot]) => x <= knot);
  const i = Math.max(0, (reached < 0 ? 0 : reached) - 1);
  const [x0, y0] = curve[i]!;
  const [x1, y1] = curve[i + 1]!;
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

function interp(curve: CurvePoints, x: number): number {
  const last = curve.length - 1;
  if (x <= curve[0]![0]) return curve[0]![1];
  if (x >= curve[last]![0]) return curve[last]![1];
  const i = curve.findIndex(([knot]) => knot > x) - 1;
  const [x0, y0] = curve[i]!;
  const [x1, y1] = curve[i + 1]!;
  return x === x0 ? y0 : ((y1 - y0) / (x1 - x0)) * (x - x0) + y0;
}

export class PlainCar {
  readonly soc: Float32Array;
  readonly balance: Float32Array;
  readonly consumption: Float32Array;
  readonly name: string;
  readonly battery: PlainBattery;
  readonly initial: number;
  degraded: number;
  efficiency: number;

  constructor(name: string, battery: PlainBattery, initial: number, rows: number) {
    this.name = name;
    this.battery = battery;
    this.initial = initial;
    this.soc = new Float32Array(rows);
    this.balance = new Float32Array(rows);
    this.consumption = new Float32Array(rows);
    this.soc[0] = initial;
    this.degraded = battery.capacity;
    this.efficiency = battery.efficiency;
  }

  charge(t: number, request: number): void {
    const { capacity: C, power, depth, loss, capacityLoss } = this.battery;
    const before = this.soc[Math.max(0, t - 1)]!;
    const start = Math.max(0, before * C * (1 - loss));
    const most = power * lookUp(this.battery.capacityPower, start / C);
    let energy: number;
    if (request >= 0) {
      energy = Math.min(most, power - this.consumption[t]!, this.degraded - start, request);
      this.efficiency = lookUp(this.battery.powerEfficiency, Math.abs(Math.min(request, most)) / power);
    } else {
      const reserve = Math.max((before - (1 - depth)) * C * Math.sqrt(this.efficiency), 0);
      energy = Math.max(-most, -reserve, request);
      this.efficiency = lookUp(this.battery.powerEfficiency, Math.min(Math.abs(request), most) / power);
    }
    const root = Math.sqrt(this.efficiency);
    const end = energy >= 0 ? Math.min(start + energy * root, C) : Math.max(0, start + energy / root);
    this.soc[t] = end / C;
    this.balance[t] = end >= start ? (end - start) / root : (end - start) * root;
    this.degraded = Math.max(this.degraded - (capacityLoss * C * Math.abs(this.balance[t]!)) / (2 * this.degraded), 0);
    this.consumption[t] = this.consumption[t]! + this.balance[t]!;
  }
}

export interface PlainHour {
  readonly chargers: number;
  readonly washing: number;
  readonly violation: number;
  /** kW; ∞ where there is no limit */
  readonly headroom: number;
  readonly phaseHeadroom: readonly number[];
  /** [chargers] */
  readonly commands: readonly number[];
  readonly socs: readonly number[];
}

export class PlainFleet {
  readonly cars: readonly PlainCar[];
  readonly #district: District;
  readonly #rows: number;
  readonly #normal: () => number;
  readonly #started = new Map<string, boolean>();
  t = 0;

  /** @param normal the generator's next N(1, 0.2) */
  constructor(district: District, cars: readonly PlainCar[], rows: number, normal: () => number) {
    this.#district = district;
    this.cars = cars;
    this.#rows = rows;
    this.#normal = normal;
    this.#comeAndGo();
  }

  #car(name: string): PlainCar | undefined {
    return this.cars.find((car) => car.name === name);
  }

  #comeAndGo(): void {
    const { t } = this;
    const chargers = this.#district.buildings.flatMap((building) => building.chargers);
    if (t + 1 < this.#rows) {
      for (const car of this.cars) {
        const found = chargers.find(
          ({ state, car: names }) =>
            (state[t] === 1 && names[t] === car.name) ||
            (state[t] !== 1 && state[t + 1] === 1 && names[t + 1] === car.name),
        );
        if (found === undefined) {
          if (t === 0) continue;
          const factor = Math.min(1.4, Math.max(0.6, this.#normal()));
          car.soc[t] = Math.min(1, Math.max(0, car.soc[t - 1]! * factor));
        } else if (!(found.state[t] === 1 && found.car[t] === car.name)) {
          const announced = found.state[t] === 2 && found.car[t] === car.name;
          const percent = found.estimatedSocArrival[announced ? t : t + 1]!;
          if (percent >= 0) car.soc[t] = Math.min(1, percent / 100);
        }
      }
    }
    for (const charger of chargers) {
      const car = this.plugged(charger);
      const isNew = t === 0 || charger.state[t - 1] !== 1 || charger.car[t - 1] !== charger.car[t];
      if (car === undefined || !isNew) continue;
      const estimate = charger.estimatedSocArrival[t > 0 && charger.state[t - 1] === 2 ? t - 1 : t]!;
      const current = charger.currentSoc[t]! / charger.batteryCapacity[t]!;
      if (estimate >= 0) car.soc[t] = Math.min(1, estimate / 100);
      else if (current >= 0) car.soc[t] = Math.min(1, current);
    }
  }

  plugged({ state, car }: ChargerData): PlainCar | undefined {
    return state[this.t] === 1 ? this.#car(car[this.t]!) : undefined;
  }

  /** @param actions by charger's and machine's name */
  act(building: BuildingData, actions: ReadonlyMap<string, number>): PlainHour {
    const { t } = this;
    const limits = building.chargingConstraints;
    const asked = new Map(building.chargers.map(({ id }) => [id, actions.get(id) ?? 0]));
    const power = new Map<string, number>();
    for (const { id, maxChargingPower } of building.chargers)
      if (asked.get(id)! > 0) power.set(id, asked.get(id)! * maxChargingPower);
    const scale = new Map([...power.keys()].map((id) => [id, 1]));
    let excess = 0;
    let used = 0;
    const got = (id: string): number => (power.has(id) ? power.get(id)! * scale.get(id)! : 0);
    if (limits !== null) {
      const total = [...power.values()].reduce((sum, kw) => sum + kw, 0);
      const { buildingLimitKw: limit } = limits;
      if (limit !== null && total > limit) {
        for (const id of scale.keys()) scale.set(id, scale.get(id)! * (limit / total));
        excess += total - limit;
      }
      for (const { limitKw, chargers } of limits.phases) {
        const sum = chargers.reduce((kw, id) => kw + got(id), 0);
        if (limitKw === null || sum <= limitKw) continue;
        for (const id of chargers) if (scale.has(id)) scale.set(id, scale.get(id)! * (limitKw / sum));
        excess += sum - limitKw;
      }
      for (const { id, maxChargingPower } of building.chargers)
        if (power.has(id)) asked.set(id, Math.max(0, Math.min(asked.get(id)!, got(id) / maxChargingPower)));
      used = [...power.keys()].reduce((kw, id) => kw + got(id), 0);
    }
    let chargers = 0;
    const commands: number[] = [];
    for (const charger of building.chargers) {
      const { commanded, drawn } = this.#chargeAt(charger, asked.get(charger.id)!);
      commands.push(commanded);
      chargers += drawn;
    }
    let washing = 0;
    for (const machine of building.washingMachines) {
      const [start, end] = [machine.start[t]!, machine.end[t]!];
      if (t > 0 && !(Object.is(start, machine.start[t - 1]) && Object.is(end, machine.end[t - 1])))
        this.#started.set(machine.name, false);
      if (!((actions.get(machine.name) ?? 0) > 0) || this.#started.get(machine.name) === true) continue;
      if (!(start <= t && t <= end) || machine.profile[t]!.length === 0) continue;
      this.#started.set(machine.name, true);
      const booked = new Float32Array(1);
      machine.profile[t]!.forEach((kwh, k) => {
        if (t + k < this.#rows) booked[0] = booked[0]! + kwh;
      });
      washing += booked[0]!;
    }
    return {
      chargers: Math.fround(chargers),
      washing: Math.fround(washing),
      violation: excess,
      headroom: (limits?.buildingLimitKw ?? Infinity) - used,
      phaseHeadroom: (limits?.phases ?? []).map(
        ({ limitKw, chargers: ids }) => (limitKw ?? Infinity) - ids.reduce((kw, id) => kw + got(id), 0),
      ),
      commands,
      socs: building.chargers.map((charger) => this.plugged(charger)?.soc[t] ?? -0.1),
    };
  }

  #chargeAt(charger: ChargerData, action: number): { readonly commanded: number; readonly drawn: number } {
    if (action === 0) return { commanded: 0, drawn: 0 };
    const curve = action > 0 ? charger.chargeEfficiencyCurve : charger.dischargeEfficiencyCurve;
    const efficiency = curve === null ? charger.efficiency : interp(curve, Math.abs(action));
    const { maxChargingPower: Pc, minChargingPower: pc, maxDischargingPower: Pd, minDischargingPower: pd } = charger;
    const energy = action > 0 ? Math.max(Math.min(action * Pc, Pc), pc) : Math.max(Math.min(action * Pd, -pd), -Pd);
    const commanded = Math.fround(energy);
    const car = this.plugged(charger);
    if (car === undefined) return { commanded, drawn: 0 };
    car.charge(this.t, action > 0 ? energy * efficiency : energy / efficiency);
    const balance = car.balance[this.t]!;
    return { commanded, drawn: Math.fround(balance >= 0 ? balance / efficiency : balance * efficiency) };
  }

  advance(): void {
    this.t++;
    this.#comeAndGo();
  }
}
