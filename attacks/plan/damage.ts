/** What an attacker wants much of over the hours of a plan. */
export interface Damage {
  /** Whether an hour's share depends on the hour before. */
  readonly looksBack: boolean;
  /**
   * The damage after one more hour.
   * @param so the damage so far  @param net kWh from the grid in the hour  @param before in the hour before  @param price $/kWh  @param carbon kgCO2/kWh
   */
  add(so: number, net: number, before: number, price: number, carbon: number): number;
}

/** Damages by name, each as its KPI counts it. Source: specs/bifurcation.md 3.3. */
export const damages = {
  /** `Σ max(net, 0)` kWh */
  consumption: { looksBack: false, add: (so, net) => so + Math.max(net, 0) },
  /** `Σ |netₜ − netₜ₋₁|` kWh */
  ramping: { looksBack: true, add: (so, net, before) => so + Math.abs(net - before) },
  /** `Σ price · max(net, 0)` $ */
  cost: { looksBack: false, add: (so, net, _before, price) => so + price * Math.max(net, 0) },
  /** `Σ carbon · max(net, 0)` kgCO2 */
  carbon: { looksBack: false, add: (so, net, _before, _price, carbon) => so + carbon * Math.max(net, 0) },
  /** `max net` kWh, at least 0 */
  peak: { looksBack: false, add: (so, net) => Math.max(so, net) },
} satisfies Record<string, Damage>;

export type DamageName = keyof typeof damages;
