import type { Machine } from '../../../sim/grid/frequency/machine-network.ts';
import { branchColumns, busColumns, genColumns, gridTable } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';

/** Runs of the nine-bus system by ANDES. */
export interface GoldenMachines {
  readonly runs: readonly {
    readonly id: string;
    readonly loadModel: string;
    readonly step: { readonly bus: number; readonly t: number; readonly dP_pu: number };
    readonly params: {
      readonly M: readonly number[];
      readonly D: number;
      readonly xd1: readonly number[];
      readonly R_sys: readonly number[];
      readonly T1: number;
      readonly T2: number;
      readonly T3: number;
      readonly Dt: number;
    };
    readonly network: {
      readonly pq: { readonly bus: readonly number[]; readonly p0: readonly number[]; readonly q0: readonly number[] };
      readonly Vgen: readonly number[];
      readonly Pgen: readonly number[];
      readonly line: readonly (readonly number[])[];
      readonly V0: readonly number[];
      readonly Eprime: readonly number[];
    };
    readonly t: readonly number[];
    readonly omega: readonly (readonly number[])[];
    readonly nadirHz: number;
  }[];
}

/** The nine buses as Anderson and Fouad number them. */
export function wscc9(network: GoldenMachines['runs'][number]['network']): GridCase {
  const { pq, Vgen, Pgen, line } = network;
  const load = (bus: number, of: readonly number[]): number => 100 * (of[pq.bus.indexOf(bus)] ?? 0);
  return {
    name: 'wscc9',
    baseMva: 100,
    bus: gridTable(
      busColumns,
      Array.from({ length: 9 }, (_, i) => [
        i + 1,
        i === 0 ? 3 : i < 3 ? 2 : 1,
        load(i + 1, pq.p0),
        load(i + 1, pq.q0),
        0,
        0,
        1,
        1,
        0,
        230,
        1,
        1.1,
        0.9,
      ]),
    ),
    gen: gridTable(
      genColumns,
      Vgen.map((v, g) => [g + 1, 100 * Pgen[g]!, 0, Infinity, -Infinity, v, 100, 1, 500, 0]),
    ),
    branch: gridTable(
      branchColumns,
      line.map(([f, t, r, x, b, tap]) => [f!, t!, r!, x!, b!, 0, 0, 0, tap === 1 ? 0 : tap!, 0, 1, -360, 360]),
    ),
  };
}

/** Its machines, with TGOV1 governors. */
export function wscc9Machines(params: GoldenMachines['runs'][number]['params']): Machine[] {
  return params.M.map((M, g) => ({
    M,
    D: params.D,
    xd: params.xd1[g]!,
    R: params.R_sys[g]!,
    T1: params.T1,
    T2: params.T2,
    T3: params.T3,
    Dt: params.Dt,
  }));
}
