import { describe, expect, it } from 'vitest';
import { controllers } from '../../../agents/index.ts';
import type { ControllerName } from '../../../agents/index.ts';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Box, Feature } from '../../../core/space.ts';
import { toNormalised } from '../../../core/space.ts';

const features: Feature[] = [
  { name: 'hour_cos', unit: '1', low: 0, high: 1 },
  { name: 'hour_sin', unit: '1', low: 0, high: 1 },
  { name: 'non_shiftable_load', unit: 'kWh', low: 0, high: 6.8 },
  { name: 'solar_generation', unit: 'kWh', low: 0, high: 880 },
  { name: 'electrical_storage_soc', unit: '1', low: 0, high: 1 },
];
const observation: Box = { kind: 'box', features };
const action: Box = { kind: 'box', features: [{ name: 'battery', unit: '1', low: -0.78125, high: 0.78125 }] };

/** Observation at an hour of day 0 … 23 (CityLearn's hour 24 is 0), in physical units. */
function seen(hour: number, load = 1, pv = 0, soc = 0.5): number[] {
  const angle = (2 * Math.PI * (hour === 0 ? 24 : hour)) / 24;
  return [
    (Math.cos(angle) + 1) / 2,
    (Math.sin(angle) + 1) / 2,
    toNormalised(features[2]!, load),
    toNormalised(features[3]!, pv),
    soc,
  ];
}

function decisions(name: ControllerName, rows: readonly number[][], config: unknown = {}, seed = 0): number[] {
  const controller = controllers[name].make(config)(observation, action, rng(seed));
  const out = new Float64Array(rows.length);
  controller.decide(Float32Array.from(rows.flat()), rows.length, out);
  return [...out];
}

const day = Array.from({ length: 24 }, (_, hour) => seen(hour));

describe('rule-based controllers over a day', () => {
  it('rule-based charges from 9 to 12 and discharges from 16 to 22', () => {
    const expected = day.map((_, h) => (h >= 9 && h <= 12 ? 0.11 : h >= 16 && h <= 22 ? -0.067 : 0));
    expect(decisions('rule-based', day)).toEqual(expected);
  });

  it('basic-battery charges from 6 to 14 and discharges else', () => {
    expect(decisions('basic-battery', day)).toEqual(day.map((_, h) => (h >= 6 && h <= 14 ? 0.11 : -0.067)));
  });

  it('bang-bang alternates, full charge first at hour 24', () => {
    expect(decisions('bang-bang', day)).toEqual(day.map((_, h) => (h % 2 === 0 ? 0.78125 : -0.78125)));
  });

  it('idle does nothing', () => {
    expect(decisions('idle', day)).toEqual(day.map(() => 0));
  });

  it('self-consumption stores the surplus, covers the deficit, and never asks for more than there is', () => {
    const rows = [seen(12, 1, 2.6, 0.2), seen(20, 1.28, 0, 0.5), seen(20, 6.4, 0, 0.3), seen(12, 0, 400, 0)];
    const [surplus, deficit, empty, full] = decisions('self-consumption', rows);
    expect(surplus).toBeCloseTo(1.6 / 6.4, 5);
    expect(deficit).toBeCloseTo(-0.2, 6);
    expect(empty).toBeCloseTo(-0.3, 6);
    expect(full).toBe(0.78125);
    expect(decisions('self-consumption', rows, { gain: 0.5 })[0]).toBeCloseTo(0.8 / 6.4, 5);
  });

  it('random stays in the box, repeats with its seed, and gives a row the same draws in any batch', () => {
    const draws = decisions('random', day);
    expect(draws.every((a) => a >= -0.78125 && a <= 0.78125)).toBe(true);
    expect(new Set(draws).size).toBe(24);
    expect(decisions('random', day)).toEqual(draws);
    expect(decisions('random', day, {}, 1)).not.toEqual(draws);
    expect(decisions('random', day.slice(0, 3))).toEqual(draws.slice(0, 3));
  });
});

describe('misuse', () => {
  it('names the feature that the environment does not show', () => {
    const blind: Box = { kind: 'box', features: features.slice(1) };
    for (const name of ['rule-based', 'basic-battery', 'bang-bang'] as const)
      expect(() => controllers[name].make({})(blind, action, rng(0))).toThrow(
        new ConfigError(
          `${name}: needs the feature 'hour_cos', the environment shows ${blind.features.map((f) => f.name).join(', ')}`,
        ),
      );
  });

  it('refuses options it does not know', () => {
    for (const definition of Object.values(controllers)) expect(() => definition.make({ sped: 1 })).toThrow();
  });
});
