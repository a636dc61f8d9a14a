import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import type { BuildingData, ChargerData, District } from '../../../sim/data/dataset.ts';
import { arrivalSoc, chargerEfficiency, commandedEnergy, openCharger } from '../../../sim/district/charger.ts';
import { HEADROOM, limitCharging, openChargingLimits, VIOLATION } from '../../../sim/district/charging-limits.ts';
import { openElectricVehicles } from '../../../sim/district/electric-vehicle.ts';
import { openFleet } from '../../../sim/district/fleet.ts';
import {
  buildingHeadroomField,
  chargerCommandField,
  chargerConsumptionField,
  chargerField,
  chargerSocBeforeField,
  extraFields,
  phaseHeadroomField,
} from '../../../sim/district/fleet-layout.ts';
import { CHARGERS_CONSUMPTION, FIXED_FIELDS, WASHING_CONSUMPTION } from '../../../sim/district/hour.ts';
import { profiles, repaired } from '../../../sim/district/profile.ts';
import type { Profile } from '../../../sim/district/profile.ts';
import { evDistrict, evModels } from '../../support/ev-district.ts';
import { sampled2022 } from '../../support/plain-fleet.ts';

const { head, v3 } = profiles;

function nan(...values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

/** Rows: away, announced (40 %), plugged (20 of 40 kWh), plugged, other car plugged (blank kWh), away. */
const cells = {
  state: nan(3, 2, 1, 1, 1, null),
  car: ['', 'Car_1', 'Car_1', 'Car_1', 'Car_2', ''],
  batteryCapacity: nan(null, 40, 40, 40, 60, null),
  currentSoc: nan(null, 1, 20, 21, null, null),
  departureTime: nan(null, null, 5.7, 4, null, null),
  requiredSocDeparture: nan(null, null, 80, 130, null, null),
  estimatedArrivalTime: nan(null, 0, null, null, null, null),
  estimatedSocArrival: nan(null, 40, null, null, null, null),
};

function chargerData(more: Partial<ChargerData> = {}): ChargerData {
  return { ...evDistrict(24).buildings[0]!.chargers[0]!, ...cells, ...more };
}

function open(profile: Profile, more: Partial<ChargerData> = {}): ReturnType<typeof openCharger> {
  const district: District = { ...evDistrict(24), start: 0, end: 5 };
  return openCharger(chargerData(more), district, ['Car_1', 'Car_2'], profile);
}

describe('charger', () => {
  it('reads its file as CityLearn does: shares of 1, −1 and −0.1 for blanks, whole steps', () => {
    const charger = open(head);
    expect([...charger.plugged]).toEqual([-1, -1, 0, 0, 1, -1]);
    expect([...charger.incoming]).toEqual([-1, 0, -1, -1, -1, -1]);
    expect([...charger.departureTime]).toEqual([-1, -1, 5, 4, -1, -1]);
    expect([...charger.requiredSoc]).toEqual([-0.1, -0.1, 0.8, 1, -0.1, -0.1]);
    expect([...charger.arrivalSoc]).toEqual([-0.1, 0.4, -0.1, -0.1, -0.1, -0.1]);
    // A blank energy of a battery whose size is given counts as empty.
    expect([...charger.currentSoc]).toEqual([Number.NaN, 0.025, 0.5, 0.525, 0, Number.NaN]);
  });

  it('takes only the rows of the simulation range', () => {
    const district: District = { ...evDistrict(24), start: 2, end: 4 };
    expect([...openCharger(chargerData(), district, ['Car_1', 'Car_2'], head).plugged]).toEqual([0, 0, 1]);
    expect([...openCharger(chargerData(), district, ['Car_2'], head).plugged]).toEqual([-1, -1, 0]);
  });

  it('a car arrives with what was announced, else with what the file calls current; v3 the other way round', () => {
    expect(arrivalSoc(open(head), 2, 1)).toBe(0.4);
    expect(arrivalSoc(open(head), 2, -1)).toBe(0.5);
    expect(arrivalSoc(open(head), 4, 3)).toBe(0);
    expect(arrivalSoc(open(v3), 2, 1)).toBe(0.5);
    expect(arrivalSoc(open(v3, { batteryCapacity: nan(null, null, null, null, null, null) }), 2, 1)).toBe(0.4);
    expect(arrivalSoc(open(head, { batteryCapacity: nan(null, null, null, null, null, null) }), 4, 3)).toBeNaN();
  });

  it('interpolates its efficiency and holds it beyond the ends, as NumPy’s interp', () => {
    const curve = [
      [0.2, 0.8],
      [0.6, 0.9],
      [1, 0.7],
    ] as const;
    const charger = open(head, { chargeEfficiencyCurve: curve });
    // numpy.interp([0.1, 0.2, 0.4, 0.6, 0.7, 1.0, 1.2], [0.2, 0.6, 1], [0.8, 0.9, 0.7])
    const expected = [0.8, 0.8, 0.8500000000000001, 0.9, 0.85, 0.7, 0.7];
    expect([0.1, 0.2, 0.4, 0.6, 0.7, 1, 1.2].map((x) => chargerEfficiency(charger, x))).toEqual(expected);
    expect(chargerEfficiency(charger, -0.4)).toBe(0.95);
  });

  it('commands at least its minimum and at most its maximum power', () => {
    const more = { maxChargingPower: 11, minChargingPower: 1.4, maxDischargingPower: 7.2, minDischargingPower: 0.5 };
    const by = (profile: Profile, hours: number): number[] =>
      [0.01, 0.5, 1.5, -0.01, -0.5, -1.5].map((action) => commandedEnergy(open(profile, more), action, hours));
    expect(by(head, 1)).toEqual([1.4, 5.5, 11, -0.5, -3.6, -7.2]);
    expect(by(v3, 1)).toEqual([1.4, 5.5, 11, -0.5, -3.6, -7.2]);
    // A quarter of an hour: head compares kWh with kW, v3 does not.
    expect(by(head, 0.25)).toEqual([1.4, 1.4, 4.125, -0.5, -0.9, -2.7]);
    by(v3, 0.25).forEach((kwh, i) => expect(kwh).toBeCloseTo([0.35, 1.375, 2.75, -0.125, -0.9, -1.8][i]!, 12));
  });
});

/** A building of n chargers below limits. */
function limited(
  n: number,
  building: number | null,
  phases: readonly (readonly [number | null, readonly number[]])[],
): BuildingData {
  const [one] = evDistrict(24).buildings;
  return {
    ...one!,
    chargers: Array.from({ length: n }, (_, c) => chargerData({ id: `c${c}` })),
    chargingConstraints: {
      buildingLimitKw: building,
      phases: phases.map(([limitKw, members], p) => ({
        name: `p${p}`,
        limitKw,
        chargers: members.map((c) => `c${c}`),
      })),
    },
  };
}

describe('charging limits', () => {
  it('first the building, then its phases, by hand', () => {
    const limits = openChargingLimits(
      limited(3, 12, [
        [4, [0]],
        [6, [1, 2]],
      ]),
      'test',
    )!;
    const state = new Float64Array(limits.stateSize);
    const granted = new Float64Array(3);
    limitCharging(limits, state, 0, Float64Array.of(11, 11, 2), granted, 0.5);
    // 24 kW → 12: halves; phase 0 has 5.5 > 4, phase 1 6.5 > 6.
    expect([...granted].map((kw) => Number(kw.toFixed(12)))).toEqual([4, 5.076923076923, 0.923076923077]);
    expect(state[VIOLATION]).toBeCloseTo((12 + 1.5 + 0.5) * 0.5, 12);
    [2, 0, 0].forEach((kw, k) => expect(state[HEADROOM + k]).toBeCloseTo(kw, 12));
  });

  it('a limit of 0 stops everything, a missing one nothing', () => {
    const state = new Float64Array(3);
    const granted = new Float64Array(2);
    limitCharging(openChargingLimits(limited(2, 0, []), '')!, state, 0, Float64Array.of(3, 0), granted, 1);
    expect([...granted]).toEqual([0, 0]);
    expect(state[VIOLATION]).toBe(3);
    limitCharging(
      openChargingLimits(limited(2, null, [[null, [0]]]), '')!,
      state,
      0,
      Float64Array.of(3, 4),
      granted,
      1,
    );
    expect([...granted]).toEqual([3, 4]);
    expect([...state]).toEqual([0, Infinity, Infinity]);
  });

  it('grants no more than asked nor than any limit has, and counts what was asked beyond', () => {
    const kw = fc.double({ min: 0, max: 30, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(kw, { minLength: 4, maxLength: 4 }),
        fc.option(kw),
        fc.array(fc.tuple(fc.option(kw), fc.uniqueArray(fc.nat(3))), { maxLength: 3 }),
        (requests, building, phases) => {
          const limits = openChargingLimits(limited(4, building, phases), '')!;
          const state = new Float64Array(limits.stateSize);
          const granted = new Float64Array(4);
          limitCharging(limits, state, 0, Float64Array.from(requests), granted, 1);
          const asked = requests.reduce((sum, value) => sum + value, 0);
          const used = granted.reduce((sum, value) => sum + value, 0);
          granted.forEach((value, c) => expect(value).toBeLessThanOrEqual(requests[c]! * (1 + 1e-12)));
          expect(used).toBeLessThanOrEqual((building ?? Infinity) + 1e-9);
          for (const [limit, members] of phases)
            expect(members.reduce((sum, c) => sum + granted[c]!, 0)).toBeLessThanOrEqual((limit ?? Infinity) + 1e-9);
          expect(state[VIOLATION]).toBeGreaterThanOrEqual(0);
          // Nothing is taken away without being counted, and where nothing is counted everything is granted.
          expect(asked - used).toBeLessThanOrEqual(state[VIOLATION]! + 1e-9);
          if (state[VIOLATION] === 0) granted.forEach((value, c) => expect(value).toBe(requests[c]));
        },
      ),
    );
  });

  it('refuses a charger that the building does not have, naming the nearest', () => {
    const data = limited(2, 10, []);
    const constraints = { buildingLimitKw: 10, phases: [{ name: 'a', limitKw: 3, chargers: ['c7'] }] };
    expect(() => openChargingLimits({ ...data, chargingConstraints: constraints }, 'folder')).toThrow(UnknownNameError);
    expect(() => openChargingLimits({ ...data, chargingConstraints: constraints }, 'folder')).toThrow(
      /folder.*\/charging_constraints\/phases\/a.*'c7'.*Did you mean 'c0'/,
    );
  });
});

describe('electric vehicles', () => {
  it('sample what CityLearn samples, whatever the schema says beside the four attributes that it reads', () => {
    const district = evDistrict(24);
    const [first] = district.electricVehicles;
    const cars = openElectricVehicles(
      {
        ...district,
        electricVehicles: [{ ...first!, attributes: { ...first!.attributes, efficiency: 0.5, loss_coefficient: 0.3 } }],
      },
      head,
    );
    const { battery } = cars[0]!;
    expect(battery).toMatchObject({
      capacity: 40,
      nominalPower: 50,
      initialSoc: 0.25,
      depthOfDischarge: 0.85,
      efficiency: sampled2022.efficiency,
      lossCoefficient: sampled2022.loss,
      capacityLossCoefficient: sampled2022.capacityLoss,
    });
    expect([...battery.powerEfficiency.x].map((x, i) => [x, battery.powerEfficiency.y[i]])).toEqual(
      sampled2022.powerEfficiency,
    );
    expect([...battery.capacityPower.x].map((x, i) => [x, battery.capacityPower.y[i]])).toEqual(
      sampled2022.capacityPower,
    );
  });

  it('without an initial SoC: drawn at reset in head, by name in v3; null is the battery’s own default', () => {
    const district = evDistrict(24);
    expect(openElectricVehicles(district, head)[1]!.battery.initialSoc).toBeNaN();
    // RandomState(int(md5('2022:Car_2:initial_soc')[:8], 16)).uniform(0, 1) of NumPy 2.4
    expect(openElectricVehicles(district, v3)[1]!.battery.initialSoc).toBe(0.1885379413580376);
    const none = [{ name: 'x', attributes: { capacity: 1, nominal_power: 1, initial_soc: null } }];
    expect(openElectricVehicles({ ...district, electricVehicles: none }, head)[0]!.battery).toMatchObject({
      initialSoc: 0.9,
      depthOfDischarge: 0.1,
    });
  });

  it.each([
    [{ nominal_power: 5 }, /Car_1 has no capacity/],
    [{ capacity: -1, nominal_power: 5 }, /capacity of Car_1 is -1, expected a number in \[0, Infinity\]/],
    [{ capacity: 5, nominal_power: 5, initial_soc: 1.5 }, /initial_soc of Car_1 is 1.5/],
    [{ capacity: 5, nominal_power: [[0, 1]] as const }, /nominal_power of Car_1 is \[\[0,1\]\]/],
  ])('refuse %j', (attributes, message) => {
    const district = { ...evDistrict(24), electricVehicles: [{ name: 'Car_1', attributes }] };
    expect(() => openElectricVehicles(district, head)).toThrow(ConfigError);
    expect(() => openElectricVehicles(district, head)).toThrow(message);
  });
});

describe('layout', () => {
  it('has a place of its own for every field', () => {
    for (const data of evDistrict(24).buildings) {
      const fields = data.chargers.flatMap((_, c) => [
        ...(
          [
            'connected_state',
            'departure_time',
            'required_soc_departure',
            'soc',
            'battery_capacity',
            'incoming_state',
            'estimated_arrival_time',
            'estimated_soc_arrival',
          ] as const
        ).map((name) => chargerField(c, name)),
        chargerCommandField(data, c),
        chargerSocBeforeField(data, c),
        chargerConsumptionField(data, c),
      ]);
      if (fields.length > 0) {
        fields.push(buildingHeadroomField(data));
        data.chargingConstraints?.phases.forEach((_, p) => fields.push(phaseHeadroomField(data, p)));
      }
      expect(new Set(fields).size).toBe(fields.length);
      expect(fields.length).toBe(extraFields(data));
      for (const field of fields) {
        expect(field).toBeGreaterThanOrEqual(FIXED_FIELDS);
        expect(field).toBeLessThan(FIXED_FIELDS + extraFields(data));
      }
    }
  });
});

describe('fleet state', () => {
  const rows = 80;
  const stride = FIXED_FIELDS + 60;

  /** Everything that two days show, from words of its own or given ones. */
  function play(
    profile: Profile,
    seed: number,
    from = 0,
    given?: Float64Array,
  ): { readonly trace: readonly (readonly number[])[]; readonly words: readonly Float64Array[] } {
    const models = evModels(evDistrict(rows), profile);
    const fleet = openFleet(models)!;
    const state = given?.slice() ?? new Float64Array(fleet.stateSize);
    const ats = Int32Array.from(models, (_, i) => i * stride);
    const hours = new Float64Array(models.length * stride);
    if (given === undefined) fleet.reset(state, 0, hours, ats, 0, 0, seed, rows);
    const trace: number[][] = [];
    const words: Float64Array[] = [];
    for (let t = from; t < rows - 1; t++) {
      words.push(state.slice());
      const booked: number[] = [];
      models.forEach(({ actions }, b) => {
        const values = Float64Array.from(actions, (_, i) => Math.sin(t * 1.7 + b * 2.3 + i * 5.1));
        fleet.act(state, 0, b, values, 0, hours, ats[b]!, t, t);
        booked.push(...hours.subarray(ats[b]!, ats[b]! + FIXED_FIELDS + 60));
      });
      fleet.advance(state, 0, hours, ats, t + 1, t + 1);
      trace.push([...booked, ...hours, ...fleet.cars.map((_, car) => fleet.carSoc(state, 0, car))]);
    }
    return { trace, words };
  }

  it.each([head, repaired(head, ['idle-car-drained', 'washing-at-once']), v3])(
    'is all there is: a copy of the words goes on to the same bits, $name',
    (profile) => {
      const { trace, words } = play(profile, 3);
      expect(play(profile, 3).trace).toEqual(trace);
      for (const t of [1, 17, 40, rows - 2]) {
        expect(play(profile, 99, t, words[t]).trace).toEqual(trace.slice(t));
      }
      // Another seed lets the cars that are away drift elsewhere.
      expect(play(profile, 4).trace).not.toEqual(trace);
    },
  );

  it('lanes of the same buildings share a fleet; buildings without cars have none', () => {
    const models = evModels(evDistrict(rows), head);
    expect(openFleet(models)).toBe(openFleet([...models]));
    expect(openFleet(models.slice(0, 2))).not.toBe(openFleet(models));
    expect(openFleet(models.slice(3))).toBeNull();
    expect(openFleet([])).toBeNull();
  });

  it('a later episode of head reads the files from their beginning, one of v3 goes on in them', () => {
    const shown = (profile: Profile): number[] => {
      const models = evModels(evDistrict(rows), profile);
      const fleet = openFleet(models)!;
      const state = new Float64Array(fleet.stateSize);
      const ats = Int32Array.from(models, (_, i) => i * stride);
      const hours = new Float64Array(models.length * stride);
      const states: number[] = [];
      fleet.reset(state, 0, hours, ats, 0, 40, 1, 40);
      states.push(hours[chargerField(0, 'connected_state')]!);
      for (let t = 1; t < 39; t++) {
        fleet.advance(state, 0, hours, ats, t, 40 + t);
        states.push(hours[chargerField(0, 'connected_state')]!);
      }
      return states;
    };
    const { state } = evDistrict(rows).buildings[0]!.chargers[0]!;
    const plugged = (from: number): number[] => [...state.subarray(from, from + 39)].map((s) => (s === 1 ? 1 : 0));
    expect(shown(head)).toEqual(plugged(0));
    expect(shown(v3)).toEqual(plugged(40));
    expect(plugged(0)).not.toEqual(plugged(40));
  });

  it('chargers and machines without an action do nothing', () => {
    const models = evModels(evDistrict(rows), head).map((model) => ({ ...model, actions: [] }));
    const fleet = openFleet(models)!;
    const state = new Float64Array(fleet.stateSize);
    const ats = Int32Array.from(models, (_, i) => i * stride);
    const hours = new Float64Array(models.length * stride);
    fleet.reset(state, 0, hours, ats, 0, 0, 1, rows);
    for (let t = 0; t < rows - 1; t++) {
      models.forEach((_, b) => fleet.act(state, 0, b, new Float64Array(0), 0, hours, ats[b]!, t, t));
      for (const at of ats) {
        expect(hours[at + CHARGERS_CONSUMPTION]).toBe(0);
        expect(hours[at + WASHING_CONSUMPTION]).toBe(0);
      }
      fleet.advance(state, 0, hours, ats, t + 1, t + 1);
    }
  });
});
