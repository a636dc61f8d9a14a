/** Reward of one building for one hour. @param net kWh at the new hour  @param soc at the new hour  @param capacity kWh */
export type Reward = (net: number, soc: number, capacity: number) => number;

/** CityLearn's reward functions, by name. Source: specs/citylearn.md 13. */
export const rewards = {
  /** `min(−net, 0)`: consumption is punished, export earns nothing. */
  RewardFunction: (net) => Math.min(-net, 0),
  /** `−(1 + sign(net)·soc)·|net|` for the one store there is: exporting with a full battery is free, importing with one is not. */
  SolarPenaltyReward: (net, soc, capacity) => (capacity > 1e-6 ? -(1 + Math.sign(net) * soc) * Math.abs(net) : 0),
} satisfies Record<string, Reward>;

export type RewardName = keyof typeof rewards;
