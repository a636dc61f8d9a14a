import { assertLength, ConfigError } from '../../../core/errors.ts';
import type { GridCase } from '../grid-case.ts';
import { busRows } from '../check-case.ts';

/** Machines with a proportional and integral governor and damping each, loads that damp: p.u. of power by rad and rad/s. */
export interface SwingParameters {
  /** External numbers; all other buses are loads. */
  readonly generators: readonly number[];
  /** [generators] */
  readonly M: readonly number[];
  readonly KP: readonly number[];
  readonly KI: readonly number[];
  readonly DG: readonly number[];
  /** [loads, in the order of their rows] */
  readonly DL: readonly number[];
}

/** A load that answers to a machine's speed: `P_v = −K w_s`. */
export interface SwingAttack {
  /** External numbers. */
  readonly sensor: number;
  readonly victim: number;
  /** p.u. by rad/s */
  readonly gain: number;
}

/**
 * The linear, structure-preserving swing equations of a network as `x' = A x` with x = (δ of the machines, their w, θ of the loads):
 * `δ' = w`, `M w' = −(K_I + L_GG) δ − L_GL θ − (K_P + D_G) w`, `D_L θ' = −L_LG δ − L_LL θ − P_L`, L the Laplacian of 1/(x τ). @returns [n, n] by rows
 * Source: Amini, Pasqualetti and Mohsenian-Rad (2018), "Dynamic load altering attacks against power system stability"; specs/grid.md 4.6
 */
export function swingMatrix(
  grid: GridCase,
  parameters: SwingParameters,
  attacks: readonly SwingAttack[] = [],
): number[][] {
  const { bus, branch } = grid;
  const rows = busRows(grid);
  const { generators, M, KP, KI, DG, DL } = parameters;
  const isGenerator = new Set(generators);
  const loads = Array.from(bus.bus).filter((number) => !isGenerator.has(number));
  for (const [name, values] of Object.entries({ M, KP, KI, DG }))
    assertLength(values, generators.length, name, 'swingMatrix');
  assertLength(DL, loads.length, 'DL', 'swingMatrix');
  const g = generators.length;
  const n = 2 * g + loads.length;
  /** Column of each bus's angle. */
  const angle = new Map<number, number>([
    ...generators.map((number, i) => [number, i] as const),
    ...loads.map((number, i) => [number, 2 * g + i] as const),
  ]);
  const column = (number: number, of: string): number => {
    const found = angle.get(number);
    if (found === undefined || !rows.has(number)) throw new ConfigError(`${of} is bus ${number}, which is not there`);
    return found;
  };
  const a = Array.from({ length: n }, () => Array.from({ length: n }, () => 0));
  /** Adds to what an angle's power is balanced by: of a machine its speed, of a load its angle. */
  const pull = (at: number, by: number, amount: number): void => {
    const i = column(at, 'a branch’s end');
    if (i < g) a[g + i]![by]! += amount / M[i]!;
    else a[i]![by]! += amount / DL[i - 2 * g]!;
  };
  for (let k = 0; k < branch.rows; k++) {
    if (!(branch.status[k]! > 0)) continue;
    const b = 1 / (branch.x[k]! * (branch.ratio[k] === 0 ? 1 : branch.ratio[k]!));
    const [f, t] = [branch.from[k]!, branch.to[k]!];
    pull(f, column(f, 'a branch’s end'), -b);
    pull(f, column(t, 'a branch’s end'), b);
    pull(t, column(t, 'a branch’s end'), -b);
    pull(t, column(f, 'a branch’s end'), b);
  }
  for (let i = 0; i < g; i++) {
    a[i]![g + i] = 1;
    a[g + i]![i]! -= KI[i]! / M[i]!;
    a[g + i]![g + i]! -= (KP[i]! + DG[i]!) / M[i]!;
  }
  for (const { sensor, victim, gain } of attacks) {
    const s = column(sensor, 'the sensor');
    if (s >= g) throw new ConfigError(`the sensor is bus ${sensor}, expected a machine’s`);
    const v = column(victim, 'the victim');
    if (v < g) throw new ConfigError(`the victim is bus ${victim}, expected a load’s`);
    a[v]![g + s]! += gain / DL[v - 2 * g]!;
  }
  return a;
}
