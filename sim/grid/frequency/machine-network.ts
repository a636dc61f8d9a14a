import { assertLength, ConfigError } from '../../../core/errors.ts';
import { branchAdmittance, busAdmittance } from '../admittance.ts';
import type { GridCase } from '../grid-case.ts';
import { networkOf } from '../network.ts';
import type { PowerFlowSolution } from '../solution.ts';
import { inverted } from './complex-inverse.ts';
import type { Complex } from './complex-inverse.ts';

/** A machine behind its transient reactance, with a TGOV1 governor; on the system's base. One for each generator in service, in the order of their rows. */
export interface Machine {
  /** M = 2H, s; damping and transient reactance, p.u. */
  readonly M: number;
  readonly D: number;
  readonly xd: number;
  /** Droop, p.u.; Infinity: no governor */
  readonly R: number;
  readonly T1: number;
  readonly T2: number;
  readonly T3: number;
  readonly Dt: number;
}

/** What loads do when their voltage sinks: a constant impedance draws with its square, a constant power draws more current. */
export type LoadModel = 'impedance' | 'power';

export interface MachineStep {
  /** s */
  readonly t: number;
  /** External number */
  readonly bus: number;
  /** p.u.; of constant impedance at 1 p.u. of voltage */
  readonly power: number;
}

/** Fixed-point iterations of constant-power loads after which there is no voltage. */
const mostIterations = 400;

/** The algebra between the machines: voltages for given rotor angles. */
export class MachineNetwork {
  /** [machines] rad, of E; p.u., what each gives */
  readonly angle: Float64Array;
  readonly power: Float64Array;
  private readonly n: number;
  private readonly machines: readonly Machine[];
  private readonly at: Int32Array;
  private readonly emf: Float64Array;
  private readonly model: LoadModel;
  private readonly rowOf: Map<number, number>;
  /** [n, n] complex: A and its inverse */
  private readonly a: Complex;
  private inverse: Complex;
  private readonly pLoad: Float64Array;
  private readonly qLoad: Float64Array;
  private readonly vr: Float64Array;
  private readonly vi: Float64Array;
  /** [n] currents of the machines, and with those of the loads */
  private readonly br: Float64Array;
  private readonly bi: Float64Array;
  private readonly cr: Float64Array;
  private readonly ci: Float64Array;

  constructor(grid: GridCase, solution: PowerFlowSolution, machines: readonly Machine[], model: LoadModel) {
    const { islands } = networkOf(grid);
    if (islands.length !== 1)
      throw new ConfigError(`${grid.name} has ${islands.length} islands, expected one for machines`);
    const island = islands[0]!;
    assertLength(machines, island.gens.length, 'machines', 'runMachines');
    const n = island.buses.length;
    const { bus, baseMva } = grid;
    this.n = n;
    this.machines = machines;
    this.model = model;
    this.at = island.genBus;
    this.rowOf = new Map(Array.from(island.buses, (row, i) => [bus.bus[row]!, i]));
    const vm = Float64Array.from(island.buses, (row) => solution.vm[row]!);
    const va = Float64Array.from(island.buses, (row) => (solution.va[row]! * Math.PI) / 180);
    this.vr = vm.map((v, i) => v * Math.cos(va[i]!));
    this.vi = vm.map((v, i) => v * Math.sin(va[i]!));
    this.pLoad = Float64Array.from(island.buses, (row) => bus.Pd[row]! / baseMva);
    this.qLoad = Float64Array.from(island.buses, (row) => bus.Qd[row]! / baseMva);
    const y = busAdmittance(grid, island, branchAdmittance(grid, island));
    this.a = { re: new Float64Array(n * n), im: new Float64Array(n * n) };
    for (let i = 0; i < n; i++)
      for (let k = y.rowStart[i]!; k < y.rowStart[i + 1]!; k++) {
        this.a.re[i * n + y.column[k]!] = y.g[k]!;
        this.a.im[i * n + y.column[k]!] = y.b[k]!;
      }
    this.emf = new Float64Array(machines.length);
    this.angle = new Float64Array(machines.length);
    this.power = new Float64Array(machines.length);
    [this.br, this.bi, this.cr, this.ci] = [
      new Float64Array(n),
      new Float64Array(n),
      new Float64Array(n),
      new Float64Array(n),
    ];
    machines.forEach(({ xd }, g) => {
      const i = this.at[g]!;
      this.a.im[i * n + i]! -= 1 / xd;
      // E = V + j x'd (S/V)*
      const row = island.gens[g]!;
      const [p, q] = [solution.pGen[row]! / baseMva, solution.qGen[row]! / baseMva];
      const v2 = vm[i]! ** 2;
      const [ir, ii] = [(p * this.vr[i]! + q * this.vi[i]!) / v2, (p * this.vi[i]! - q * this.vr[i]!) / v2];
      const [er, ei] = [this.vr[i]! - xd * ii, this.vi[i]! + xd * ir];
      this.emf[g] = Math.hypot(er, ei);
      this.angle[g] = Math.atan2(ei, er);
    });
    if (model === 'impedance')
      for (let i = 0; i < n; i++) {
        const v2 = vm[i]! ** 2;
        this.a.re[i * n + i]! += this.pLoad[i]! / v2;
        this.a.im[i * n + i]! -= this.qLoad[i]! / v2;
      }
    this.inverse = inverted(this.a, n);
  }

  /** Adds a load. @throws {ConfigError} of a bus that is not there */
  add({ bus, power }: MachineStep): void {
    const i = this.rowOf.get(bus);
    if (i === undefined) throw new ConfigError(`a step of load at bus ${bus}, which is not there`);
    if (this.model === 'power') this.pLoad[i]! += power;
    else {
      this.a.re[i * this.n + i]! += power;
      this.inverse = inverted(this.a, this.n);
    }
  }

  /** Voltages and electrical powers for the angles in a state. @returns whether there are any */
  solve(state: Float64Array): boolean {
    const { n, machines, at, emf, vr, vi, br, bi, cr, ci, inverse } = this;
    br.fill(0);
    bi.fill(0);
    machines.forEach(({ xd }, g) => {
      // E/(j x) = (Im E − j Re E)/x
      br[at[g]!]! += (emf[g]! * Math.sin(state[g]!)) / xd;
      bi[at[g]!]! -= (emf[g]! * Math.cos(state[g]!)) / xd;
    });
    for (let iteration = 0; ; iteration++) {
      cr.set(br);
      ci.set(bi);
      if (this.model === 'power')
        for (let i = 0; i < n; i++) {
          const v2 = vr[i]! ** 2 + vi[i]! ** 2;
          cr[i]! -= (this.pLoad[i]! * vr[i]! + this.qLoad[i]! * vi[i]!) / v2;
          ci[i]! -= (this.pLoad[i]! * vi[i]! - this.qLoad[i]! * vr[i]!) / v2;
        }
      let moved = 0;
      for (let i = 0; i < n; i++) {
        let [re, im] = [0, 0];
        for (let j = 0; j < n; j++) {
          const [gr, gi] = [inverse.re[i * n + j]!, inverse.im[i * n + j]!];
          re += gr * cr[j]! - gi * ci[j]!;
          im += gr * ci[j]! + gi * cr[j]!;
        }
        moved = Math.max(moved, Math.abs(re - vr[i]!), Math.abs(im - vi[i]!));
        vr[i] = re;
        vi[i] = im;
      }
      if (this.model === 'impedance' || moved < 1e-10) break;
      if (!(moved < 10) || iteration === mostIterations) return false;
    }
    machines.forEach(({ xd }, g) => {
      const i = at[g]!;
      // Pe = Re(E ((E − V)/jx)*) = |E| (Vr sin δ − Vi cos δ)/x
      this.power[g] = (emf[g]! * (vr[i]! * Math.sin(state[g]!) - vi[i]! * Math.cos(state[g]!))) / xd;
    });
    return true;
  }
}
