import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import type { District } from '../../../sim/data/dataset.ts';
import { openFleet } from '../../../sim/district/fleet.ts';
import type { Fleet } from '../../../sim/district/fleet.ts';
import {
  buildingHeadroomField,
  chargerCommandField,
  chargerConsumptionField,
  chargerField,
  chargerSocBeforeField,
  phaseHeadroomField,
} from '../../../sim/district/fleet-layout.ts';
import {
  CHARGERS_CONSUMPTION,
  CHARGING_VIOLATION,
  FIXED_FIELDS,
  WASHING_CONSUMPTION,
} from '../../../sim/district/hour.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { RandomState } from '../../../sim/district/numpy-random.ts';
import { profiles, repaired } from '../../../sim/district/profile.ts';
import type { Profile } from '../../../sim/district/profile.ts';
import { PythonRandom } from '../../../sim/district/python-random.ts';
import { evDistrict, evModels, evVehicles } from '../../support/ev-district.ts';
import { PlainCar, PlainFleet, sampled2022 } from '../../support/plain-fleet.ts';

const { head, v3 } = profiles;
const seed = 7;

/** One district's fleet with its words, the hours booked and those shown. */
class Run {
  readonly models: readonly BuildingModel[];
  readonly fleet: Fleet;
  readonly state: Float64Array;
  readonly booked: Float64Array;
  readonly shown: Float64Array;
  readonly ats: Int32Array;
  readonly rows: number;
  /** Not 0, so that offsets are taken seriously. */
  readonly at = 5;
  t = 0;

  constructor(district: District, profile: Profile, rows = district.end - district.start + 1, from = seed) {
    this.models = evModels(district, profile);
    this.fleet = openFleet(this.models)!;
    this.rows = rows;
    this.state = new Float64Array(this.at + this.fleet.stateSize + 3).fill(Number.NaN);
    const stride = FIXED_FIELDS + Math.max(...this.models.map(({ extraFields }) => extraFields));
    this.ats = Int32Array.from(this.models, (_, i) => i * stride);
    this.booked = new Float64Array(stride * this.models.length);
    this.shown = new Float64Array(stride * this.models.length);
    this.fleet.reset(this.state, this.at, this.shown, this.ats, 0, 0, from, rows);
  }

  /** @param decide action of a building's action of that name */
  step(decide: (name: string, building: number) => number): void {
    this.models.forEach(({ actions }, b) => {
      const values = Float64Array.from(['', ...actions.map(({ name }) => name)], (name) => decide(name, b));
      this.fleet.act(this.state, this.at, b, values, 1, this.booked, this.ats[b]!, this.t, this.t);
    });
    this.t++;
    this.fleet.advance(this.state, this.at, this.shown, this.ats, this.t, this.t);
  }

  hour(building: number, field: number, hours = this.booked): number {
    return hours[this.ats[building]! + field]!;
  }
}

/** Random actions of all sizes, many of them exactly 0, some beyond ±1. */
function randomActions(from: number): (name: string) => number {
  const draw = rng(from).split('actions');
  return (name) => {
    const u = draw.uniform();
    if (u < 0.3) return 0;
    const value = -1.2 + 2.4 * draw.uniform();
    return name.startsWith('washing') ? Math.abs(value) : value;
  };
}

function plain(district: District, rows: number, from = seed): PlainFleet {
  const normals = new RandomState(from);
  const initial = new PythonRandom(from);
  const cars = evVehicles().map(({ name, attributes }) => {
    const drawn = initial.uniform(0, 1);
    const battery = {
      ...sampled2022,
      capacity: attributes['capacity'] as number,
      power: attributes['nominal_power'] as number,
      depth: attributes['depth_of_discharge'] as number,
    };
    return new PlainCar(name, battery, (attributes['initial_soc'] as number | undefined) ?? drawn, rows);
  });
  return new PlainFleet(district, cars, rows, () => normals.normal(1, 0.2));
}

describe('fleet of head', () => {
  it.each([
    [1, 336],
    [2, 336],
    [3, 250],
  ])('is the plain formulation bit for bit: consumption, commands, SoCs, limits (seed %i, %i h)', (from, rows) => {
    const district = evDistrict(336, from);
    const run = new Run(district, head, rows);
    const reference = plain(district, rows);
    const decide = randomActions(from);
    let moved = 0;
    let washed = 0;
    let violated = 0;
    while (run.t < rows - 1) {
      const actions = run.models.map((model) => new Map(model.actions.map(({ name }) => [name, decide(name)])));
      const hours = district.buildings.map((building, b) =>
        reference.act(
          building,
          new Map([...actions[b]!].map(([name, value]) => [name.replace('electric_vehicle_storage_', ''), value])),
        ),
      );
      const socsBefore = district.buildings.map(({ chargers }) =>
        chargers.map((charger) => {
          const car = reference.plugged(charger);
          return car === undefined ? -0.1 : reference.t === 0 ? car.initial : car.soc[reference.t - 1]!;
        }),
      );
      run.step((name, b) => actions[b]!.get(name) ?? Number.NaN);
      reference.advance();
      // Wherever they are; away in the last hour: 0, nothing happens to them any more.
      reference.cars.forEach((car, e) => expect(run.fleet.carSoc(run.state, run.at, e)).toBe(car.soc[run.t]));
      district.buildings.forEach((data, b) => {
        const hour = hours[b]!;
        expect(run.hour(b, CHARGERS_CONSUMPTION)).toBe(hour.chargers);
        expect(run.hour(b, WASHING_CONSUMPTION)).toBe(hour.washing);
        expect(run.hour(b, CHARGING_VIOLATION)).toBe(hour.violation);
        moved += Math.abs(hour.chargers);
        washed += hour.washing;
        violated += hour.violation;
        data.chargers.forEach((charger, c) => {
          expect(run.hour(b, chargerCommandField(data, c))).toBe(hour.commands[c]);
          expect(run.hour(b, chargerField(c, 'soc'))).toBe(hour.socs[c]);
          expect(run.hour(b, chargerSocBeforeField(data, c))).toBe(socsBefore[b]![c]);
          // What is shown next is the reference's series at the new hour: 0 for a car that was there before.
          const car = reference.plugged(charger);
          expect(run.hour(b, chargerField(c, 'soc'), run.shown)).toBe(car === undefined ? -0.1 : car.soc[run.t]);
        });
        if (data.chargingConstraints === null) return;
        for (const shown of [run.booked, run.shown]) {
          expect(run.hour(b, buildingHeadroomField(data), shown)).toBe(hour.headroom);
          hour.phaseHeadroom.forEach((kw, p) => expect(run.hour(b, phaseHeadroomField(data, p), shown)).toBe(kw));
        }
        expect(run.hour(b, CHARGING_VIOLATION, run.shown)).toBe(hour.violation);
      });
    }
    expect(moved).toBeGreaterThan(400);
    expect(washed).toBeGreaterThan(0);
    expect(violated).toBeGreaterThan(0);
  });

  it('leaves out what a washing cycle would draw after the episode', () => {
    const booked = (rows: number): number => {
      const run = new Run(evDistrict(48), head, rows);
      let most = 0;
      while (run.t < rows - 1) {
        run.step(() => 1);
        most = Math.max(most, run.hour(0, WASHING_CONSUMPTION));
      }
      return most;
    };
    // Whole in step 10, the first of the window; the episode's last row takes no action.
    expect(booked(11)).toBe(0);
    expect(booked(12)).toBe(Math.fround(Math.fround(0.3) + 1.1));
    expect(booked(13)).toBe(Math.fround(Math.fround(Math.fround(0.3) + 1.1) + 0.7));
    expect(booked(48)).toBe(booked(13));
  });

  it('shows what the file says of cars that are there or coming, −1 and −0.1 of others', () => {
    const rows = 24 * 7;
    const district = evDistrict(rows);
    const run = new Run(district, head, rows);
    const [data] = district.buildings;
    const [charger] = data!.chargers;
    const seen = { here: 0, coming: 0, away: 0 };
    for (;;) {
      const { t } = run;
      const fields = (['connected_state', 'departure_time', 'required_soc_departure', 'battery_capacity'] as const).map(
        (name) => run.hour(0, chargerField(0, name), run.shown),
      );
      const coming = (['incoming_state', 'estimated_arrival_time', 'estimated_soc_arrival'] as const).map((name) =>
        run.hour(0, chargerField(0, name), run.shown),
      );
      const state = charger!.state[t]!;
      const departure = charger!.departureTime[t]!;
      if (state === 1) {
        seen.here++;
        const required = charger!.requiredSocDeparture[t]! / 100;
        expect(fields).toEqual([1, Number.isNaN(departure) ? -1 : departure, required, 40]);
      } else expect(fields).toEqual([0, -1, -0.1, -1]);
      if (state === 2) {
        seen.coming++;
        expect(coming).toEqual([1, charger!.estimatedArrivalTime[t], charger!.estimatedSocArrival[t]! / 100]);
      } else expect(coming).toEqual([0, -1, -0.1]);
      if (state === 3) seen.away++;
      if (t === rows - 1) break;
      run.step(() => 0.3);
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(5);
  });
});

describe('fleet, repaired', () => {
  const fixed = repaired(head, ['idle-car-drained', 'washing-at-once', 'blind-to-storage']);

  it('keeps an idle car’s SoC less its standby loss', () => {
    const rows = 30;
    const district = stay(rows);
    const run = new Run(district, fixed, rows);
    let soc = Math.fround(20 / 40);
    expect(run.hour(0, chargerField(0, 'soc'), run.shown)).toBe(soc);
    for (let t = 0; t < rows - 1; t++) {
      run.step(() => 0);
      // The first hour has not lost anything yet: the loss is that of the hour before a charge.
      if (t > 0) soc = Math.fround(soc * (1 - sampled2022.loss));
      expect(run.hour(0, CHARGERS_CONSUMPTION)).toBe(0);
      expect(run.hour(0, chargerField(0, 'soc'))).toBe(soc);
      expect(run.hour(0, chargerField(0, 'soc'), run.shown)).toBe(soc);
    }
  });

  it('with the defect the car is empty an hour after', () => {
    const run = new Run(stay(10), head, 10);
    run.step(() => 0);
    expect(run.hour(0, chargerField(0, 'soc'))).toBe(0.5);
    run.step(() => 0);
    expect(run.hour(0, chargerField(0, 'soc'))).toBe(0);
  });

  it('books a washing cycle one value a step, once a window, every day that has one', () => {
    const rows = 24 * 6;
    const run = new Run(evDistrict(rows), fixed, rows);
    const booked: number[] = [];
    for (let t = 0; t < rows - 1; t++) {
      run.step(() => 1);
      booked.push(run.hour(0, WASHING_CONSUMPTION));
    }
    const day = (cycle: readonly number[]): number[] => {
      const hours = Array.from({ length: 24 }, () => 0);
      cycle.forEach((kwh, k) => (hours[9 + k] = Math.fround(kwh)));
      return hours;
    };
    const [even, odd] = [day([0.3, 1.1, 0.7]), day([0.9, 0.2])];
    expect(booked).toEqual([...even, ...odd, ...day([]), ...odd, ...even, ...day([])].slice(0, rows - 1));
  });
});

it.each([
  [10, 20],
  [1, 24],
])('a window that the file repeats without a gap opens anew every day: %i to %i', (from, to) => {
  const rows = 24 * 4;
  const district = evDistrict(rows);
  const [one] = district.buildings;
  const [machine] = one!.washingMachines;
  const always = (value: number): Float64Array => new Float64Array(rows).fill(value);
  const profile = Array.from({ length: rows }, () => [1, 2]);
  const steady = { ...machine!, start: always(from), end: always(to), profile };
  const run = new Run(
    { ...district, buildings: [{ ...one!, washingMachines: [steady] }] },
    repaired(head, ['washing-at-once']),
    rows,
  );
  let kwh = 0;
  while (run.t < rows - 1) {
    run.step(() => 1);
    kwh += run.hour(0, WASHING_CONSUMPTION);
  }
  expect(kwh).toBe(4 * 3);
});

/** One car, plugged in throughout with 20 of its 40 kWh. */
function stay(rows: number, more: object = {}): District {
  const district = evDistrict(rows);
  const [one] = district.buildings;
  const always = (value: number): Float64Array => new Float64Array(rows).fill(value);
  const charger = {
    ...one!.chargers[0]!,
    state: always(1),
    car: Array.from({ length: rows }, () => 'Car_1'),
    batteryCapacity: always(40),
    currentSoc: always(20),
    departureTime: always(5),
    requiredSocDeparture: always(80),
    estimatedArrivalTime: always(Number.NaN),
    estimatedSocArrival: always(Number.NaN),
    ...more,
  };
  return { ...district, buildings: [{ ...one!, chargers: [charger] }] };
}

/**
 * What came into a car is what its charger drew less two losses, and the other way round. Bounds: the charger's own efficiency and the lowest that a
 * battery's curve has.
 */
function conserves(run: Run, b: number, c: number, drawn: number, soc: number, profile: Profile): void {
  const charger = run.models[b]!.data.chargers[c]!;
  if (drawn === 0 || charger.chargeEfficiencyCurve !== null || run.t < 2) return;
  const capacity = run.hour(b, chargerField(c, 'battery_capacity'));
  const before = run.hour(b, chargerSocBeforeField(run.models[b]!.data, c));
  const { attributes } = evVehicles().find(({ name }) => name === charger.car[run.t - 1])!;
  const depth = attributes['depth_of_discharge'] as number;
  // In v3 a car that just arrived is charged from another SoC than it had before.
  const t = run.t - 1;
  if (profile.battery === 'v3' && (charger.state[t - 1] !== 1 || charger.car[t - 1] !== charger.car[t])) return;
  // v3 holds a car that stands at its reserve: what it loses there comes from nowhere.
  const reserve = profile.battery === 'v3' ? 1 - depth : 0;
  const gained = (soc - Math.max(before * (1 - sampled2022.loss), reserve)) * capacity;
  const [worst, best] = [Math.sqrt(0.76), Math.sqrt(sampled2022.efficiency)];
  const eps = 1e-4;
  if (drawn > 0) {
    expect(gained).toBeLessThanOrEqual(drawn * charger.efficiency * best + eps);
    expect(gained).toBeGreaterThanOrEqual(drawn * charger.efficiency * worst - eps);
  } else {
    const given = -drawn / charger.efficiency;
    expect(-gained).toBeLessThanOrEqual(given / worst + eps);
    expect(-gained).toBeGreaterThanOrEqual(given / best - eps);
  }
}

describe('charging', () => {
  it('one hour by hand: 0.5 of 11 kW at 95 % into a battery that takes less than 50 kW', () => {
    const run = new Run(stay(10), head, 10);
    run.step(() => 0.5);
    // 5.5 kWh at the socket, 5.225 at the battery; efficiency of 5.225/50 of its power, loss of the first hour on the way.
    const start = 0.5 * 40 * (1 - sampled2022.loss);
    const share = 5.225 / 50;
    const [[, y0], [x1, y1]] = sampled2022.powerEfficiency as [[number, number], [number, number]];
    const root = Math.sqrt(y0 + ((y1 - y0) * share) / x1);
    expect(run.hour(0, chargerField(0, 'soc'))).toBeCloseTo((start + 5.225 * root) / 40, 7);
    expect(run.hour(0, CHARGERS_CONSUMPTION)).toBeCloseTo(5.5, 6);
    expect(run.hour(0, chargerCommandField(run.models[0]!.data, 0))).toBe(5.5);
  });

  it.each([head, repaired(head, ['idle-car-drained']), v3])(
    'conserves energy, stays within powers, limits and [0, 1]: $name',
    (profile) => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }), (world, from) => {
          const rows = 72;
          const district = evDistrict(rows, world);
          const run = new Run(district, profile, rows);
          const decide = randomActions(from);
          while (run.t < rows - 1) {
            run.step(decide);
            run.models.forEach(({ data }, b) => {
              let powers = 0;
              let commanded = 0;
              let total = 0;
              data.chargers.forEach((charger, c) => {
                const command = run.hour(b, chargerCommandField(data, c));
                expect(command).toBeLessThanOrEqual(Math.fround(charger.maxChargingPower));
                expect(command).toBeGreaterThanOrEqual(-Math.fround(charger.maxDischargingPower));
                const soc = run.hour(b, chargerField(c, 'soc'));
                const drawn = run.hour(b, chargerConsumptionField(data, c));
                total += drawn;
                if (run.hour(b, chargerField(c, 'connected_state')) === 1) {
                  expect(soc).toBeGreaterThanOrEqual(0);
                  expect(soc).toBeLessThanOrEqual(1);
                  conserves(run, b, c, drawn, soc, profile);
                } else {
                  expect(soc).toBe(-0.1);
                  expect(drawn).toBe(0);
                }
                powers += charger.maxDischargingPower;
                commanded += Math.max(command, 0);
              });
              const drawn = run.hour(b, CHARGERS_CONSUMPTION);
              expect(drawn).toBe(Math.fround(total));
              // Never more than commanded, give or take a rounding; a full, degraded battery gives back a little.
              expect(drawn).toBeLessThanOrEqual(commanded + 1e-5);
              expect(drawn).toBeGreaterThanOrEqual(-powers - 1e-2);
              const limit = data.chargingConstraints?.buildingLimitKw;
              if (limit === undefined || limit === null) return;
              // A minimum power may hold a charger above what it was granted.
              const least = data.chargers.reduce((sum, charger) => sum + charger.minChargingPower, 0);
              expect(commanded).toBeLessThanOrEqual(limit + least + 1e-4);
              expect(run.hour(b, buildingHeadroomField(data))).toBeGreaterThanOrEqual(-1e-9);
            });
          }
        }),
        { numRuns: 12 },
      );
    },
  );
});
