/** KPIs by name; null where a KPI has no meaning (a zero denominator). */
export type Kpis = Readonly<Record<string, number | null>>;

/** Adversarial regret per KPI: `KPI(attacked) − KPI(clean)`. Source: arXiv 2407.05182, section on evaluation. */
export function regret(attacked: Kpis, clean: Kpis): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(attacked).map(([name, value]) => {
      const reference = clean[name];
      return [name, value === null || reference === null || reference === undefined ? null : value - reference];
    }),
  );
}

/** By how many times: `KPI(attacked) / KPI(clean)`; null where either is null or the clean one is 0. */
export function ratios(attacked: Kpis, clean: Kpis): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(attacked).map(([name, value]) => {
      const reference = clean[name] ?? 0;
      return [name, value === null || reference === 0 ? null : value / reference];
    }),
  );
}
