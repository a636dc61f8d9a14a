import { describe, expect, it } from 'vitest';
import { gae } from '../../../agents/return/gae.ts';
import { RewardScale } from '../../../agents/return/reward-scale.ts';

describe('gae', () => {
  it('matches a hand-made rollout of 3 steps in 2 lanes, one of which ends', () => {
    // Lane 0 runs on; lane 1 is cut by the clock after its second step, whose final observation is worth 4.
    const reward = Float32Array.of(1, 0, 2, 1, 3, 5);
    const value = Float32Array.of(0.5, 1, 1.5, 2, 2.5, 3);
    const nextValue = Float32Array.of(1.5, 2, 2.5, 4, 10, 0);
    const ended = Uint8Array.of(0, 0, 0, 1, 0, 1);
    const advantage = new Float32Array(6);
    const target = new Float32Array(6);
    gae(3, 2, reward, value, nextValue, ended, 0.5, 0.5, advantage, target);
    // Lane 0: δ = 1.25, 1.75, 5.5; Â = δ + Â'/4. Lane 1: δ = 0, 1, 2, and the end at step 1 stops the sum.
    expect([...advantage]).toEqual([1.25 + 0.25 * 3.125, 0.25, 3.125, 1, 5.5, 2]);
    expect([...target]).toEqual([2.53125, 1.25, 4.625, 3, 8, 5]);
  });

  it('with λ = 1 sums the discounted rewards', () => {
    const reward = Float32Array.of(1, 1, 1);
    const advantage = new Float32Array(3);
    const zero = new Float32Array(3);
    gae(3, 1, reward, zero, zero, Uint8Array.of(0, 0, 1), 0.5, 1, advantage, new Float32Array(3));
    expect([...advantage]).toEqual([1.75, 1.5, 1]);
  });
});

describe('RewardScale', () => {
  it('brings the deviation of the discounted return to 1', () => {
    const scale = new RewardScale(1, 0.5);
    const rewards = [3, -1, 4, 1, -5, 9, 2, -6];
    const returns: number[] = [];
    for (const [i, reward] of rewards.entries()) {
      returns.push(0.5 * (i === 4 ? 0 : (returns.at(-1) ?? 0)) + reward);
      scale.observe(Float64Array.of(reward), Uint8Array.of(0), Uint8Array.of(i === 3 ? 1 : 0));
    }
    const mean = returns.reduce((a, b) => a + b) / returns.length;
    const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / returns.length;
    expect(scale.factor).toBeCloseTo(1 / Math.sqrt(variance), 6);
  });

  it('continues from what it saved', () => {
    const [one, other] = [new RewardScale(2, 0.9), new RewardScale(2, 0.9)];
    const none = new Uint8Array(2);
    for (const reward of [1, 2, 5]) one.observe(Float64Array.of(reward, -reward), none, none);
    other.restore(one.save());
    for (const scale of [one, other]) scale.observe(Float64Array.of(7, 8), none, none);
    expect(other.factor).toBe(one.factor);
  });
});
