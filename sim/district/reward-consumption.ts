import { NET } from './hour.ts';
import type { RewardClass, RewardKernel } from './reward-kernel.ts';

/*
 * Rewards of the net consumption alone, kWh. All are float64 in every release: Python's numbers, or NumPy's after a conversion.
 * Source: specs/citylearn.md 13.
 */

/** `−max(e, 0)^exponent` */
export const consumptionReward: RewardClass = {
  attributes: ['exponent'],
  open(attributes) {
    const exponent = attributes.exponent('exponent', 1);
    if (exponent === 1)
      return (hours, ats, _rows, out) => {
        for (let i = 0; i < ats.length; i++) out[i] = -Math.max(hours[ats[i]! + NET]!, 0);
      };
    return (hours, ats, _rows, out) => {
      for (let i = 0; i < ats.length; i++) out[i] = -(Math.max(hours[ats[i]! + NET]!, 0) ** exponent);
    };
  },
};

/** `min(−e, 0)`: v1's RewardFunction, and IndependentSACReward, whose source writes `v*-1**3` and so takes no cube. */
export const importReward: RewardClass = { attributes: [], open: () => importPunished };

const importPunished: RewardKernel = (hours, ats, _rows, out) => {
  for (let i = 0; i < ats.length; i++) out[i] = Math.min(-hours[ats[i]! + NET]!, 0);
};

/** `sign(−e)·0.01·e²·max(0, Σe)` over the buildings */
export function marlReward(net: number, district: number): number {
  return Math.sign(-net) * 0.01 * net ** 2 * (district > 0 ? district : 0);
}

export function districtNet(hours: Float64Array, ats: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < ats.length; i++) sum += hours[ats[i]! + NET]!;
  return sum;
}

export const marl: RewardClass = {
  attributes: [],
  readsDistrict: true,
  open: () => (hours, ats, _rows, out) => {
    const district = districtNet(hours, ats);
    for (let i = 0; i < ats.length; i++) out[i] = marlReward(hours[ats[i]! + NET]!, district);
  },
};
