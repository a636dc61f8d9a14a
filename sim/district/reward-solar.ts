import { BATTERY_SOC, COOLING, DHW, HEATING, NET, TANK_SOC } from './hour.ts';
import type { BuildingModel } from './model.ts';
import type { RewardClass, RewardKernel } from './reward-kernel.ts';

/** Fields of the states of charge, in the order in which CityLearn adds them up. */
const socFields = [COOLING + TANK_SOC, HEATING + TANK_SOC, DHW + TANK_SOC, BATTERY_SOC] as const;

/** Offsets of the states of charge of the stores that a building has, by capacity: v1 gives the missing ones 1e-5 kWh, later releases 0. */
function storesOf({ devices, profile }: BuildingModel): Int32Array {
  const { coolingTank, heatingTank, dhwTank, battery } = devices;
  const smallest = profile.alignment === 'split' ? 1e-5 : 1e-6;
  return Int32Array.from(
    [coolingTank, heatingTank, dhwTank, battery].flatMap(({ capacity }, k) =>
      capacity > smallest ? [socFields[k]!] : [],
    ),
  );
}

/** `Σ −(1 + sign(e)·soc)·|e|` over the stores of each building, float64. Source: specs/citylearn.md 13. */
export function openSolarPenalty(metadata: readonly BuildingModel[]): RewardKernel {
  const stores = metadata.map(storesOf);
  return (hours, ats, _rows, out) => {
    for (let i = 0; i < ats.length; i++) {
      const at = ats[i]!;
      const net = hours[at + NET]!;
      const sign = Math.sign(net);
      const size = Math.abs(net);
      const own = stores[i]!;
      let reward = 0;
      for (let k = 0; k < own.length; k++) reward += -(1 + sign * hours[at + own[k]!]!) * size;
      out[i] = reward;
    }
  };
}

/** Punishes import with full stores, and export with empty ones. */
export const solarPenaltyReward: RewardClass = {
  attributes: [],
  open: (_attributes, _models, metadata) => openSolarPenalty(metadata),
};
