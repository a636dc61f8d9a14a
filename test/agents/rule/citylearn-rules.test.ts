import { describe, expect, it } from 'vitest';
import { controllers } from '../../../agents/index.ts';
import type { ControllerName } from '../../../agents/index.ts';
import { rng } from '../../../core/rng.ts';
import type { Box, Feature } from '../../../core/space.ts';
import { goldenColumns, goldenDistrict, goldenRun } from '../../support/golden-run.ts';
import { sharedMissing } from '../../support/shared.ts';
import { observationPlan } from '../../../sim/district/observation.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { profiles } from '../../../sim/district/profile.ts';

const hourFeatures: Feature[] = ['hour_cos', 'hour_sin'].map((name) => ({ name, unit: '1', low: -1, high: 1 }));
const observation: Box = { kind: 'box', features: hourFeatures };

function box(...names: readonly string[]): Box {
  return { kind: 'box', features: names.map((name) => ({ name, unit: '1', low: -0.01, high: 0.01 })) };
}

/** Hours 1 … 24 as an agent sees them. */
const day = Float32Array.from({ length: 24 }, (_, i) => i + 1).reduce<number[]>((seen, hour) => {
  const angle = (2 * Math.PI * hour) / 24;
  return [...seen, (Math.cos(angle) + 1) / 2, (Math.sin(angle) + 1) / 2];
}, []);

/** [action][hour − 1] */
function commands(name: ControllerName, actions: readonly string[], config: unknown = {}): number[][] {
  const controller = controllers[name].make(config)(observation, box(...actions), rng(0));
  const out = new Float64Array(24 * actions.length);
  controller.decide(Float32Array.from(day), 24, out);
  return actions.map((_, j) => Array.from({ length: 24 }, (_hour, i) => out[i * actions.length + j]!));
}

/** By the hour, as specs/citylearn.md 15 has it. */
const byHour = (of: (hour: number) => number): number[] => Array.from({ length: 24 }, (_, i) => of(i + 1));
const basic = byHour((h) => (h >= 9 && h <= 21 ? -0.08 : 0.091));
const coolingOrHeating = byHour((h) => (h < 7 ? 0.4 : h < 21 ? -0.4 : 0.8));

describe('CityLearn’s rule-based controllers, hour by hour', () => {
  it('BasicRBC', () => {
    const actions = ['cooling_storage', 'electrical_storage', 'cooling_device', 'heating_device'];
    expect(commands('BasicRBC', [...actions, 'cooling_or_heating_device', 'electric_vehicle_storage_x'])).toEqual([
      basic,
      basic,
      byHour((h) => (h >= 9 && h <= 21 ? 0.8 : 0.4)),
      byHour((h) => (h >= 9 && h <= 21 ? 0.4 : 0.8)),
      coolingOrHeating,
      basic,
    ]);
  });

  it('OptimizedRBC', () => {
    const pick = (...values: readonly [number, number, number, number, number]): number[] =>
      byHour((h) => values[h <= 6 ? 0 : h <= 15 ? 1 : h <= 18 ? 2 : h <= 22 ? 3 : 4]);
    expect(commands('OptimizedRBC', ['dhw_storage', 'cooling_device', 'heating_device'])).toEqual([
      pick(0.05532, -0.02, -0.044, -0.024, 0.034),
      pick(0.2, 0.7, 0.6, 0.8, 0.4),
      pick(0.8, 0.3, 0.4, 0.6, 0.7),
    ]);
  });

  it('BasicBatteryRBC', () => {
    const pick = (day: number, night: number): number[] => byHour((h) => (h >= 6 && h <= 14 ? day : night));
    expect(commands('BasicBatteryRBC', ['electrical_storage', 'cooling_device', 'heating_device'])).toEqual([
      pick(0.11, -0.067),
      pick(0.7, 0.3),
      pick(0.3, 0.7),
    ]);
  });

  it('BasicElectricVehicleRBC', () => {
    const vehicle = byHour((h) => (h < 7 ? 0.4 : h < 10 ? 1 : h < 15 ? -1 : h < 20 ? -0.6 : 0.8));
    const actions = ['electrical_storage', 'electric_vehicle_storage_charger_1_1', 'washing_machine_1', 'dhw_storage'];
    const ones = byHour(() => 1);
    expect(commands('BasicElectricVehicleRBC', actions)).toEqual([basic, vehicle, ones, ones]);
  });

  it('HourRBC, for all actions or each', () => {
    const map = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [String(i + 1), (i + 1) / 10]));
    const still = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [String(i + 1), 0]));
    const ramp = byHour((h) => h / 10);
    expect(commands('HourRBC', ['a', 'b'], { action_map: map })).toEqual([ramp, ramp]);
    expect(commands('HourRBC', ['a', 'b'], { action_map: { b: map, a: still, c: still } })).toEqual([
      byHour(() => 0),
      ramp,
    ]);
    const [drawn] = commands('HourRBC', ['a']);
    expect(new Set(drawn).size).toBe(24);
  });
});

describe('misuse', () => {
  it('names an action without a schedule', () => {
    expect(() => commands('BasicRBC', ['electrical_storage', 'washing_machine_1'])).toThrow(
      "BasicRBC: has no schedule for the action 'washing_machine_1' (actions: electrical_storage, washing_machine_1)",
    );
    expect(() => commands('BasicElectricVehicleRBC', ['cooling_storage'])).toThrow(/'cooling_storage'/);
  });

  it('needs the hour', () => {
    for (const name of ['BasicRBC', 'OptimizedRBC', 'BasicBatteryRBC', 'BasicElectricVehicleRBC'] as const)
      expect(() =>
        controllers[name].make({})({ kind: 'box', features: [] }, box('electrical_storage'), rng(0)),
      ).toThrow(`${name}: needs the feature 'hour_cos'`);
  });

  it.each([
    [{}, 'lacks hour 1, 2, 3'],
    [{ 1: 0.1 }, 'the map of all actions lacks hour 2'],
    [{ 1: 0.1, 25: 1 }, "the map of all actions has '25': 1, expected hours 1 … 24"],
    [{ 1: 0.1, a: { 1: 1 } }, 'has \'a\': {"1":1}'],
    [{ a: { 1: 1 } }, "the map of 'a' lacks hour 2"],
    [{ a: { 1: 1 }, b: 3 }, "the map of 'a' lacks hour 2"],
  ])('HourRBC %j', (map, message) => {
    expect(() => controllers.HourRBC.make({ action_map: map })).toThrow(message);
  });
});

const runs = sharedMissing
  ? []
  : ([
      ['v1.8.0', 'citylearn_challenge_2022_phase_1', 'v1', 'BasicBatteryRBC'],
      ['v2.3.1', 'citylearn_challenge_2022_phase_1', 'v2.3', 'BasicBatteryRBC'],
      ['v2.3.1', 'citylearn_challenge_2023_phase_1', 'v2.3', 'BasicRBC'],
    ] as const);

describe.skipIf(sharedMissing).each(runs)(
  'actions of CityLearn %s on %s (needs ../shared)',
  (release, dataset, profile, rule) => {
    it(`are those of ${rule}`, async () => {
      const run = goldenRun(release, dataset, 'rbc');
      const district = await goldenDistrict(run);
      const expected = goldenColumns(run, 'actions')!;
      let compared = 0;
      district.buildings.forEach((data, i) => {
        const model = openModel(data, district, profiles[profile]);
        const plan = observationPlan(model, 'fixed');
        const { actions } = model;
        const controller = controllers[rule].make({})(
          { kind: 'box', features: plan.features },
          { kind: 'box', features: actions },
          rng(0),
        );
        const seen = new Float32Array(plan.features.length);
        const out = new Float64Array(actions.length);
        const hours = new Float64Array(200);
        for (let k = 0; k < run.meta.T - 1; k++) {
          plan.write(hours, 0, k, seen, 0);
          controller.decide(seen, 1, out);
          actions.forEach(({ name }, j) => {
            if (out[j] !== expected[`${i}.${name}`]![k])
              expect(out[j], `${i}.${name} ${k}`).toBe(expected[`${i}.${name}`]![k]);
            compared++;
          });
        }
      });
      expect(compared).toBeGreaterThan(6000);
    }, 60_000);
  },
);
