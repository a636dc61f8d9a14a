import type { Switchyard } from './switchyard.ts';

/** Least thermal limit of a branch, MVA. */
const leastLimit = 12;
/** Grid2Op's rule: above `hard` at once, above 1 for more than `patience` steps in a row; then out for `recovery` steps. */
export const trip = { hard: 2, patience: 2, recovery: 10 } as const;

/** MVA: what each branch carries in the case itself, times the margin. */
export function thermalLimits(yard: Switchyard, margin: number): Float64Array {
  const { bus, branch, gen } = yard.grid;
  yard.solve(new Float64Array(yard.elements), branch.status, bus.Pd, bus.Qd, gen.Pg);
  return yard.mva.map((mva) => Math.max(leastLimit, margin * mva));
}

/** Branches whose outage in the case itself leaves time to act: nothing is cut off, and nothing trips at once. */
export function survivable(yard: Switchyard, limits: Float64Array): readonly number[] {
  const { bus, branch, gen } = yard.grid;
  const whole = new Float64Array(yard.elements);
  return Array.from(branch.status.keys()).filter((l) => {
    const without = branch.status.map((own, k) => (k === l ? 0 : own));
    return (
      yard.solve(whole, without, bus.Pd, bus.Qd, gen.Pg) && yard.mva.every((mva, k) => mva <= trip.hard * limits[k]!)
    );
  });
}
