import { voltVar } from './volt-var.ts';
import type { VoltVarCurve } from './volt-var.ts';

/**
 * What depends on the voltage in a batch of power flows, beside constant powers: the parts of ZIP loads in proportion to V and V²,
 * `P(V) = P + P_i V + P_z V²`, and inverters that give reactive power by a curve. Buses are in the order of the solver. Source: specs/grid.md 2.8
 */
export interface VoltageDependence {
  readonly width: number;
  /** [n, width] p.u. at 1 p.u. */
  readonly pCurrent: Float64Array;
  readonly qCurrent: Float64Array;
  readonly pImpedance: Float64Array;
  readonly qImpedance: Float64Array;
  readonly inverters: InverterBank | null;
}

/** Inverters under volt-var: `q = curve(V) · rating`, confined to ±room, what the rating leaves beside the active power: √(S² − P²). */
export interface InverterBank {
  readonly curve: VoltVarCurve;
  /** [m] bus of each, in the order of the solver */
  readonly at: Int32Array;
  /** [m] p.u. */
  readonly rating: Float64Array;
  /** [m, width] p.u. */
  readonly room: Float64Array;
  /** [m, width] what is given at the solution, p.u. */
  readonly q: Float64Array;
}

/** What inverter j of a lane means to give at a voltage, p.u. */
export function wanted({ curve, rating, room }: InverterBank, j: number, at: number, v: number): number {
  const q = voltVar(curve, v) * rating[j]!;
  const most = room[at]!;
  return q > most ? most : q < -most ? -most : q;
}

/** A dependence of nothing on the voltage, to be filled. */
export function voltageDependence(n: number, width: number, inverters: InverterBank | null = null): VoltageDependence {
  const none = (): Float64Array => new Float64Array(n * width);
  return { width, pCurrent: none(), qCurrent: none(), pImpedance: none(), qImpedance: none(), inverters };
}

/** Largest difference between what an inverter gives and what its curve says, p.u.: above it a control has not settled. */
export const settledWithin = 1e-7;
