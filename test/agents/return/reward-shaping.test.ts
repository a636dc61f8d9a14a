import { describe, expect, it } from 'vitest';
import { RewardShaping } from '../../../agents/return/reward-shaping.ts';
import type { StepBatch } from '../../../core/environment.ts';
import type { Box } from '../../../core/space.ts';

const space: Box = {
  kind: 'box',
  features: [
    { name: 'non_shiftable_load', unit: 'kWh', low: 0, high: 4 },
    { name: 'solar_generation', unit: 'kWh', low: 0, high: 8 },
    { name: 'electrical_storage_soc', unit: '1', low: 0, high: 1 },
  ],
};

function batch(next: number[], reward: number, ended: { terminated?: boolean; truncated?: boolean } = {}): StepBatch {
  const over = ended.terminated === true || ended.truncated === true;
  return {
    observation: Float32Array.from(over ? [0.9, 0.9, 0.9] : next),
    finalObservation: Float32Array.from(over ? next : [0.9, 0.9, 0.9]),
    reward: Float64Array.of(reward),
    terminated: Uint8Array.of(ended.terminated === true ? 1 : 0),
    truncated: Uint8Array.of(ended.truncated === true ? 1 : 0),
  };
}

function shaped(options: { idleBaseline: boolean; storedEnergyValue: number }, step: StepBatch, box = space): number {
  const out = new Float64Array(1);
  new RewardShaping(box, { ...options, gamma: 0.5 }).apply(Float32Array.of(0, 0, 0.25), step, out);
  return out[0]!;
}

describe('RewardShaping', () => {
  it('adds what the hour would have cost without a battery, and nothing in surplus', () => {
    const options = { idleBaseline: true, storedEnergyValue: 0 };
    expect(shaped(options, batch([0.5, 0.125, 0], -3))).toBe(-3 + (2 - 1));
    expect(shaped(options, batch([0.5, 0.5, 0], -3))).toBe(-3);
  });

  it('adds γΦ(after) − Φ(before); after the physics ended an episode there is no Φ', () => {
    const options = { idleBaseline: false, storedEnergyValue: 8 };
    expect(shaped(options, batch([0, 0, 0.75], -1))).toBe(-1 + 0.5 * 6 - 2);
    expect(shaped(options, batch([0, 0, 0.75], -1, { truncated: true }))).toBe(-1 + 0.5 * 6 - 2);
    expect(shaped(options, batch([0, 0, 0.75], -1, { terminated: true }))).toBe(-1 - 2);
  });

  it('telescopes: over an episode only the ends of the potential are left', () => {
    const shaping = new RewardShaping(space, { idleBaseline: false, storedEnergyValue: 3, gamma: 0.9 });
    const socs = [0.125, 0.5, 0.25, 1, 0.375];
    let sum = 0;
    const out = new Float64Array(1);
    for (let t = 0; t + 1 < socs.length; t++) {
      shaping.apply(Float32Array.of(0, 0, socs[t]!), batch([0, 0, socs[t + 1]!], 0), out);
      sum += 0.9 ** t * out[0]!;
    }
    expect(sum).toBeCloseTo(0.9 ** 4 * 3 * 0.375 - 3 * 0.125, 12);
  });

  it('leaves the reward alone where the environment shows no battery', () => {
    const other: Box = { kind: 'box', features: space.features.map((f) => ({ ...f, name: `other ${f.name}` })) };
    expect(shaped({ idleBaseline: true, storedEnergyValue: 8 }, batch([1, 0, 1], -3), other)).toBe(-3);
  });
});
