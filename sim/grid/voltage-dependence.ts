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

/**
 * Inverters under volt-var, those of one bus side by side: each gives `command · rating`, confined to ±room, what its rating leaves beside the active power,
 * √(S² − P²). The command is the bus's, `curve(V)` at the solution.
 */
export interface InverterBank {
  readonly curve: VoltVarCurve;
  /** [u] buses, in the order of the solver, and [u + 1] where their inverters begin */
  readonly at: Int32Array;
  readonly first: Int32Array;
  /** [m] p.u., and [u] their sums */
  readonly rating: Float64Array;
  readonly total: Float64Array;
  /** [m, width] p.u. */
  readonly room: Float64Array;
  /** [u, width] command up to which nobody is confined */
  readonly ease: Float64Array;
  /** [u, width] at the solution, share of the ratings */
  readonly command: Float64Array;
}

/** What the inverters of bus u give in a lane at a command, p.u. */
export function given(
  { first, rating, total, room, ease }: InverterBank,
  u: number,
  width: number,
  lane: number,
  command: number,
): number {
  if (Math.abs(command) <= ease[u * width + lane]!) return command * total[u]!;
  let q = 0;
  for (let j = first[u]!; j < first[u + 1]!; j++) {
    const own = command * rating[j]!;
    const most = room[j * width + lane]!;
    q += own > most ? most : own < -most ? -most : own;
  }
  return q;
}

/** How much more they would give for more of a command, p.u.: the ratings of those that are not confined. */
export function yielding(
  { first, rating, total, room, ease }: InverterBank,
  u: number,
  width: number,
  lane: number,
  command: number,
): number {
  if (Math.abs(command) <= ease[u * width + lane]!) return total[u]!;
  let free = 0;
  for (let j = first[u]!; j < first[u + 1]!; j++)
    if (Math.abs(command) * rating[j]! < room[j * width + lane]!) free += rating[j]!;
  return free;
}

/** A dependence of nothing on the voltage, to be filled. */
export function voltageDependence(n: number, width: number, inverters: InverterBank | null = null): VoltageDependence {
  const none = (): Float64Array => new Float64Array(n * width);
  return { width, pCurrent: none(), qCurrent: none(), pImpedance: none(), qImpedance: none(), inverters };
}

/** Largest difference between what the inverters of a bus are told and what their curve says, p.u. of power: above it a control has not settled. */
export const settledWithin = 1e-7;
