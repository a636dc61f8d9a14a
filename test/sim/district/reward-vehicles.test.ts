import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ElectricVehicleData } from '../../../sim/data/dataset.ts';
import {
  chargerCommandField,
  chargerField,
  chargerSocBeforeField,
  extraFields,
} from '../../../sim/district/fleet-layout.ts';
import { CHARGING_VIOLATION, FIXED_FIELDS, NET } from '../../../sim/district/hour.ts';
import type { BuildingModel } from '../../../sim/district/model.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { openReward } from '../../../sim/district/reward.ts';
import { evDistrict, evModels } from '../../support/ev-district.ts';

const district = evDistrict(48);
const models = evModels(district, profiles.head);
const stride = FIXED_FIELDS + Math.max(...models.map(({ data }) => extraFields(data)));
const ats = Int32Array.from(models, (_, i) => i * stride);

/** What a charger shows; null: no car. */
interface Shown {
  readonly command: number;
  readonly car: null | {
    readonly capacity: number;
    readonly depth: number;
    readonly before: number;
    readonly soc: number;
    readonly required: number;
    readonly departure: number;
  };
}

interface Scene {
  readonly nets: readonly number[];
  readonly violations: readonly number[];
  /** Charger after charger, building after building. */
  readonly shown: readonly Shown[];
}

function reward(
  scene: Scene,
  attributes: Record<string, unknown> = {},
  of: readonly BuildingModel[] = models,
): number[] {
  const hours = new Float64Array(of.length * stride);
  let next = 0;
  of.forEach(({ data }, i) => {
    const at = i * stride;
    hours[at + NET] = scene.nets[i]!;
    hours[at + CHARGING_VIOLATION] = scene.violations[i]!;
    for (let c = 0; c < data.chargers.length; c++) {
      const { command, car } = scene.shown[next++]!;
      hours[at + chargerCommandField(data, c)] = command;
      hours[at + chargerField(c, 'connected_state')] = car === null ? 0 : 1;
      hours[at + chargerField(c, 'departure_time')] = car?.departure ?? -1;
      hours[at + chargerField(c, 'required_soc_departure')] = car?.required ?? -0.1;
      hours[at + chargerField(c, 'soc')] = car?.soc ?? -0.1;
      hours[at + chargerField(c, 'battery_capacity')] = car?.capacity ?? -1;
      hours[at + chargerSocBeforeField(data, c)] = car?.before ?? -0.1;
    }
  });
  const out = new Float64Array(of.length);
  openReward({ type: 'Electric_Vehicles_Reward_Function', attributes }, of)(hours, ats, new Int32Array(of.length), out);
  return [...out];
}

/** The table of specs/citylearn.md 13 as it stands there: named parts, scaled and summed. */
function defined(scene: Scene): number[] {
  const district = scene.nets.reduce((sum, net) => sum + net, 0);
  let next = 0;
  return models.map(({ data }, i) => {
    const net = scene.nets[i]!;
    const marl = Math.sign(-net) * 0.01 * net * net * Math.max(0, district);
    let total = 0;
    for (const charger of data.chargers) {
      const { command: last, car } = scene.shown[next++]!;
      if (car === null) continue;
      const { capacity, depth, before, soc, required, departure: h } = car;
      const delta = soc - required;
      const k = delta * capacity;
      const mc = charger.maxChargingPower * h;
      const md = charger.maxDischargingPower * h;
      const parts: Record<string, number> = {};
      const stored = before * capacity + last;
      if (stored > capacity || stored < (1 - depth) * capacity) parts['battery_limits'] = -2;
      if (k > mc) parts['soc_impossible'] = -10;
      if (h === 0 && delta > -0.25 && delta <= -0.1) parts['soc_under'] = 2 * -5;
      if (h === 0 && delta <= -0.25) parts['soc_under'] = 25;
      if (h === 0 && delta > -0.1 && delta <= 0.1) parts['close_soc'] = 10;
      if (Math.abs(k) <= Math.max(mc, md)) parts['close_soc'] = (parts['close_soc'] ?? 0) + 10 / (h + 0.1);
      if (net < 0 && last !== 0) parts['extra_self_production'] = last > 0 ? 5 : -2.5;
      if (net > 0 && last !== 0) parts['self_ev_consumption'] = last < 0 ? 5 : -2.5;
      total += Object.values(parts).reduce((sum, part) => sum + part, 0) / (1 + Math.abs(marl));
    }
    return total - Math.max(scene.violations[i]!, 0);
  });
}

const vehicles: readonly { readonly capacity: number; readonly depth: number }[] = district.electricVehicles.map(
  ({ attributes }: ElectricVehicleData) => ({
    capacity: attributes['capacity'] as number,
    depth: attributes['depth_of_discharge'] as number,
  }),
);
const unit = fc.integer({ min: 0, max: 20 }).map((n) => n / 20);
const shown = fc.record({
  command: fc.constantFrom(-7.2, -3, 0, 1.4, 11),
  car: fc.option(
    fc
      .record({
        vehicle: fc.constantFrom(...vehicles),
        before: unit,
        soc: unit,
        required: fc.oneof(unit, fc.constant(-0.1)),
        departure: fc.constantFrom(0, 0, 1, 5, -1),
      })
      .map(({ vehicle, ...rest }) => ({ ...vehicle, ...rest })),
  ),
});
const scenes = fc.record({
  nets: fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 4, maxLength: 4 }),
  violations: fc.array(fc.constantFrom(0, 0, 1.5), { minLength: 4, maxLength: 4 }),
  shown: fc.array(shown, { minLength: 4, maxLength: 4 }),
});

describe('the electric vehicles’ reward', () => {
  it('is its definition', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const expected = defined(scene);
        reward(scene).forEach((got, i) => expect(got).toBeCloseTo(expected[i]!, 10));
      }),
      { numRuns: 500 },
    );
  });

  const still: Scene = {
    nets: [0, 0, 0, 0],
    violations: [0, 0, 2, 3],
    shown: Array.from({ length: 4 }, () => ({ command: 11, car: null })),
  };

  it('without cars is what the limits were exceeded by, times its coefficient', () => {
    expect(reward(still)).toEqual([0, 0, -2, -3]);
    expect(reward(still, { charging_constraint_penalty_coefficient: 0.5 })).toEqual([0, 0, -1, -1.5]);
  });

  it('takes weights; those left out keep theirs', () => {
    const car = { capacity: 40, depth: 0.85, before: 0.5, soc: 0.5, required: 0.9, departure: 0 };
    const scene: Scene = { ...still, shown: [{ command: 0, car }, ...still.shown.slice(1)] };
    expect(reward(scene)[0]).toBe(25);
    expect(reward(scene, { weights: { soc_under: 3 } })[0]).toBe(9);
    expect(reward(scene, { weights: { close_soc: 3 } })[0]).toBe(25);
  });

  it('tells cars of one capacity by the charger’s file, where their depths of discharge differ', () => {
    const twins = district.electricVehicles.map((one, i) => ({
      ...one,
      attributes: { ...one.attributes, capacity: 40, depth_of_discharge: i === 0 ? 0.5 : 0.9 },
    }));
    const first = district.buildings[0]!.chargers[0]!;
    const withCar = (car: string): readonly BuildingModel[] =>
      models.map((model, i): BuildingModel => {
        const data = i === 0 ? { ...model.data, chargers: [{ ...first, car: first.car.map(() => car) }] } : model.data;
        return { ...model, data, district: { ...district, electricVehicles: twins } };
      });
    const car = { capacity: 40, depth: 0, before: 0.3, soc: 0.3, required: 0.9, departure: 5 };
    const scene: Scene = { ...still, shown: [{ command: 0, car }, ...still.shown.slice(1)] };
    const limits = { weights: { soc_impossible: 0, close_soc: 0 } };
    expect(reward(scene, limits, withCar('Car_1'))[0]).toBe(-2);
    expect(reward(scene, limits, withCar('Car_2'))[0]).toBe(0);
  });
});
