import { describe, expect, it } from 'vitest';
import type { ChargerData, WashingMachineData } from '../../../sim/data/dataset.ts';
import { centralObservation } from '../../../sim/district/central.ts';
import { CHARGING_VIOLATION, FIXED_FIELDS, NET } from '../../../sim/district/hour.ts';
import { observationPlan } from '../../../sim/district/observation.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { bareModel, emptyHour, noBattery } from '../../support/bare-model.ts';

const rows = 4;
const none = new Float64Array(rows);

function charger(id: string): ChargerData {
  return {
    id,
    maxChargingPower: 7,
    minChargingPower: 0,
    maxDischargingPower: 3,
    minDischargingPower: 0,
    efficiency: 1,
    chargeEfficiencyCurve: null,
    dischargeEfficiencyCurve: null,
    state: none,
    car: ['', '', '', ''],
    batteryCapacity: none,
    currentSoc: none,
    departureTime: none,
    requiredSocDeparture: none,
    estimatedArrivalTime: none,
    estimatedSocArrival: none,
  };
}

const washing: WashingMachineData = {
  name: 'washing_machine_1',
  dayType: none,
  hour: none,
  start: Float64Array.of(NaN, 3, 3, NaN),
  end: Float64Array.of(NaN, 5, 5, NaN),
  profile: [[], [1], [1], []],
};

/** In the order of the published EV schemas. */
const schema = [
  ['hour', true],
  ['net_electricity_consumption', false],
  ['electric_vehicle_charger_connected_state', true],
  ['connected_electric_vehicle_at_charger_battery_capacity', true],
  ['connected_electric_vehicle_at_charger_departure_time', true],
  ['connected_electric_vehicle_at_charger_required_soc_departure', true],
  ['connected_electric_vehicle_at_charger_soc', true],
  ['electric_vehicle_charger_incoming_state', true],
  ['incoming_electric_vehicle_at_charger_estimated_arrival_time', true],
  ['incoming_electric_vehicle_at_charger_estimated_soc_arrival', true],
  ['washing_machine_start_time_step', false],
  ['washing_machine_end_time_step', false],
] as const;

function building(options: {
  readonly hidden?: readonly string[];
  readonly constraints?: NonNullable<ReturnType<typeof bareModel>['data']['chargingConstraints']>;
}): ReturnType<typeof bareModel> {
  return bareModel(profiles.head, {
    rows,
    columns: { hour: Float64Array.of(1, 2, 3, 4) },
    observations: schema.map(([name, shared]) => ({ name, active: true, shared })),
    devices: { battery: { ...noBattery, nominalPower: 5 } },
    data: {
      chargers: [charger('a'), charger('b')],
      washingMachines: [washing],
      inactiveObservations: options.hidden ?? [],
      chargingConstraints: options.constraints ?? null,
    },
  });
}

describe('observations of chargers and washing machines', () => {
  it('follow the schema’s, charger by charger, in CityLearn’s order', () => {
    const { names, low, high, shared } = observationPlan(building({}), 'fixed');
    expect(names).toEqual([
      'hour',
      'net_electricity_consumption',
      ...['a', 'b'].flatMap((id) => [
        `electric_vehicle_charger_${id}_connected_state`,
        `connected_electric_vehicle_at_charger_${id}_departure_time`,
        `connected_electric_vehicle_at_charger_${id}_required_soc_departure`,
        `connected_electric_vehicle_at_charger_${id}_soc`,
        `connected_electric_vehicle_at_charger_${id}_battery_capacity`,
        `electric_vehicle_charger_${id}_incoming_state`,
        `incoming_electric_vehicle_at_charger_${id}_estimated_arrival_time`,
        `incoming_electric_vehicle_at_charger_${id}_estimated_soc_arrival`,
      ]),
      'washing_machine_1_start_time_step',
      'washing_machine_1_end_time_step',
    ]);
    expect([...low.subarray(2, 10)]).toEqual([0, -1, -0.1, -0.1, -1, 0, -1, -0.1]);
    expect([...high.subarray(2, 10)]).toEqual([1, 24, 1, 1, 100, 1, 24, 1]);
    expect([...low.subarray(18)]).toEqual([-1, -1]);
    expect(shared).toEqual([true, ...Array.from({ length: 19 }, () => false)]);
  });

  it('read their fields, charger after charger, and the washing machine’s file', () => {
    const model = building({ hidden: ['hour', 'incoming_electric_vehicle_at_charger_estimated_soc_arrival'] });
    const plan = observationPlan(model, 'fixed');
    const hours = emptyHour(model).map((_, i) => i / 100);
    const raw = new Float64Array(plan.names.length);
    const at = (field: number): number => hours[FIXED_FIELDS + field]!;
    plan.read(hours, 0, 1, raw, 0);
    expect([...raw]).toEqual([hours[NET], ...[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14].map(at), 3, 5]);
    plan.read(hours, 0, 3, raw, 0);
    expect([...raw.subarray(-2)]).toEqual([-1, -1]);
    const out = new Float32Array(plan.features.length);
    plan.write(hours, 0, 3, out, 0);
    expect(out[2]).toBe(Math.fround((at(1) + 1) / 25));
    expect([...out.subarray(-2)]).toEqual([0, 0]);
  });

  it('charging limits: headrooms where there is a limit, the violation, and on demand the phases', () => {
    const constraints = {
      buildingLimitKw: 12,
      phases: [
        { name: 'L2', limitKw: null, chargers: ['b'] },
        { name: 'L1', limitKw: 4, chargers: [] },
      ],
    };
    const model = building({ constraints });
    const plan = observationPlan(model, 'fixed');
    expect(plan.names.slice(2, 5)).toEqual([
      'charging_building_headroom_kw',
      'charging_phase_L1_headroom_kw',
      'charging_constraint_violation_kwh',
    ]);
    expect(plan.names[5]).toBe('electric_vehicle_charger_a_connected_state');
    expect([...plan.low.subarray(2, 5)]).toEqual([12, 4, 0]);
    expect([...plan.high.subarray(2, 5)]).toEqual([12, 4, 2 * (7 + 3) + 5]);
    const hours = emptyHour(model);
    const first = FIXED_FIELDS + 16;
    hours.set([9, 77, 3], first);
    hours[CHARGING_VIOLATION] = 0.5;
    const raw = new Float64Array(plan.names.length);
    plan.read(hours, 0, 0, raw, 0);
    expect([...raw.subarray(2, 5)]).toEqual([9, 3, 0.5]);

    const observations = { headroom: false, violation: false, phaseEncoding: true };
    const encoded = observationPlan(building({ constraints: { ...constraints, observations } }), 'fixed');
    expect(encoded.names.slice(2, 9)).toEqual([
      'charging_phase_one_hot_a_L1',
      'charging_phase_one_hot_a_L2',
      'charging_phase_one_hot_a_unassigned',
      'charging_phase_one_hot_b_L1',
      'charging_phase_one_hot_b_L2',
      'charging_phase_one_hot_b_unassigned',
      'electric_vehicle_charger_a_connected_state',
    ]);
    encoded.read(hours, 0, 0, raw, 0);
    expect([...raw.subarray(2, 8)]).toEqual([0, 0, 1, 0, 1, 0]);
  });
});

describe('central agents', () => {
  const plan = (...hidden: string[]): ReturnType<typeof observationPlan> =>
    observationPlan(building({ hidden: [...schema.slice(2).map(([name]) => name), ...hidden] }), 'fixed');
  const names = (entries: readonly { readonly name: string }[]): string[] => entries.map(({ name }) => name);

  it('are shown what buildings share once, where it first occurs', () => {
    const three = [plan('hour'), plan(), plan()];
    const { raw, normalised } = centralObservation(three, profiles.head);
    expect(names(raw)).toEqual([
      '0.net_electricity_consumption',
      'hour',
      '1.net_electricity_consumption',
      '2.net_electricity_consumption',
    ]);
    expect(raw.map(({ building: at, index }) => [at, index])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [2, 1],
    ]);
    expect(names(normalised)).toEqual([
      '0.net_electricity_consumption',
      'hour_cos',
      'hour_sin',
      '1.net_electricity_consumption',
      '2.net_electricity_consumption',
    ]);
    expect(normalised.map(({ building: at, index }) => [at, index])).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 2],
      [2, 2],
    ]);
  });

  it('v1 looks for it in the first building only', () => {
    expect(names(centralObservation([plan('hour'), plan()], profiles.v1).raw)).toEqual([
      '0.net_electricity_consumption',
      '1.net_electricity_consumption',
    ]);
  });
});
