import { assertLength, ConfigError } from '../../../core/errors.ts';
import { branchAdmittance, busAdmittance } from '../admittance.ts';
import type { GridCase } from '../grid-case.ts';
import { networkOf } from '../network.ts';
import type { PowerFlowSolution } from '../solution.ts';

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

export interface MachineRun {
  /** s */
  readonly t: Float64Array;
  /** [machines][samples] p.u. */
  readonly speed: readonly Float64Array[];
  /** Speed of the centre of inertia, Hz: the least, when, and at the end. */
  readonly nadir: number;
  readonly nadirTime: number;
  readonly settled: number;
  /** Seconds at which no voltages solve the network any more; null: never */
  readonly collapse: number | null;
}

/** Fixed-point iterations of constant-power loads after which there is no voltage. */
const mostIterations = 400;

/**
 * Machines and a network in the time domain, by Runge and Kutta's fourth order: `δ' = 2π f0 (w − 1)`, `M w' = Pm − Pe − D (w − 1)`; `V = A⁻¹ (E/jx'd − (S/V)*)` with A the bus admittance, machines
 * and constant impedances in it. A network without a solution is a collapse of voltage, and the end of the run.
 * @param solution the power flow to start from  @throws {ConfigError} of a network of several islands
 * Source: Sauer, Pai and Chow, "Power System Dynamics and Stability", ch. 7; specs/grid.md 4.5
 */
export function runMachines(
  grid: GridCase,
  solution: PowerFlowSolution,
  machines: readonly Machine[],
  options: {
    readonly f0: number;
    readonly loads: LoadModel;
    readonly steps: readonly MachineStep[];
    /** s; `h` is that of the integration, samples are taken at multiples of `sample` */
    readonly duration: number;
    readonly sample?: number;
    readonly h?: number;
  },
): MachineRun {
  const { f0, duration, sample = 0.05, h = 1 / 400 } = options;
  const network = new MachineNetwork(grid, solution, machines, options.loads);
  const m = machines.length;
  // δ, w, x1, x2 of every machine.
  let x = new Float64Array(4 * m);
  const mechanical = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    x[i] = network.angle[i]!;
    x[m + i] = 1;
  }
  network.solve(x);
  for (let i = 0; i < m; i++) {
    mechanical[i] = network.power[i]!;
    x[2 * m + i] = mechanical[i]!;
    x[3 * m + i] = mechanical[i]!;
  }
  const slope = (of: Float64Array, out: Float64Array): boolean => {
    if (!network.solve(of)) return false;
    machines.forEach(({ M, D, R, T1, T2, T3, Dt }, i) => {
      const w = of[m + i]! - 1;
      const [x1, x2] = [of[2 * m + i]!, of[3 * m + i]!];
      const pm = x2 + (T2 / T3) * (x1 - x2) - Dt * w;
      out[i] = 2 * Math.PI * f0 * w;
      out[m + i] = (pm - network.power[i]! - D * w) / M;
      out[2 * m + i] = (mechanical[i]! - w / R - x1) / T1;
      out[3 * m + i] = (x1 - x2) / T3;
    });
    return true;
  };

  const [k1, k2, k3, k4, trial, next] = Array.from({ length: 6 }, () => new Float64Array(4 * m)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const towards = (k: Float64Array, by: number): Float64Array => {
    for (let i = 0; i < x.length; i++) trial[i] = x[i]! + by * k[i]!;
    return trial;
  };
  const advance = (by: number): boolean => {
    if (!slope(x, k1)) return false;
    if (!slope(towards(k1, by / 2), k2)) return false;
    if (!slope(towards(k2, by / 2), k3)) return false;
    if (!slope(towards(k3, by), k4)) return false;
    for (let i = 0; i < x.length; i++) next[i] = x[i]! + (by / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!);
    x.set(next);
    return true;
  };

  const inertia = machines.reduce((sum, { M }) => sum + M, 0);
  const centre = (): number => f0 * (machines.reduce((sum, { M }, i) => sum + M * x[m + i]!, 0) / inertia);
  const samples = Math.floor(duration / sample + 1e-9) + 1;
  const t = Float64Array.from({ length: samples }, (_, k) => k * sample);
  const speed = machines.map(() => new Float64Array(samples).fill(Number.NaN));
  const pending = options.steps.toSorted((a, b) => a.t - b.t);
  let [now, nadir, nadirTime, collapse]: [number, number, number, number | null] = [0, f0, 0, null];
  for (let k = 0; k < samples && collapse === null; k++) {
    // As many equal steps as it takes to the sample, cut at the steps of load.
    while (now < t[k]! - 1e-12 && collapse === null) {
      while (pending.length > 0 && pending[0]!.t <= now + 1e-12) network.add(pending.shift()!);
      const until = Math.min(t[k]!, pending[0]?.t ?? Infinity, now + h * Math.max(1, Math.round((t[k]! - now) / h)));
      const count = Math.max(1, Math.ceil((until - now) / h - 1e-9));
      const by = (until - now) / count;
      for (let s = 0; s < count && collapse === null; s++) {
        if (!advance(by)) collapse = now;
        else now += by;
        const f = centre();
        if (f < nadir) [nadir, nadirTime] = [f, now];
      }
      if (collapse === null) now = until;
    }
    if (collapse === null) for (let i = 0; i < m; i++) speed[i]![k] = x[m + i]!;
  }
  return { t, speed, nadir, nadirTime, settled: centre(), collapse };
}

/** The algebra between the machines: voltages for given rotor angles. */
class MachineNetwork {
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
    const { n, machines, at, emf, vr, vi, inverse } = this;
    const [br, bi] = [new Float64Array(n), new Float64Array(n)];
    machines.forEach(({ xd }, g) => {
      // E/(j x) = (Im E − j Re E)/x
      br[at[g]!]! += (emf[g]! * Math.sin(state[g]!)) / xd;
      bi[at[g]!]! -= (emf[g]! * Math.cos(state[g]!)) / xd;
    });
    for (let iteration = 0; ; iteration++) {
      const [cr, ci] = [br.slice(), bi.slice()];
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

interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The inverse of a complex matrix, by Gauss and Jordan with partial pivoting. */
function inverted({ re, im }: Complex, n: number): Complex {
  const [ar, ai] = [re.slice(), im.slice()];
  const out: Complex = { re: new Float64Array(n * n), im: new Float64Array(n * n) };
  for (let i = 0; i < n; i++) out.re[i * n + i] = 1;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    const size = (r: number): number => Math.hypot(ar[r * n + c]!, ai[r * n + c]!);
    for (let r = c + 1; r < n; r++) if (size(r) > size(pivot)) pivot = r;
    for (const matrix of [ar, ai, out.re, out.im])
      for (let j = pivot === c ? n : 0; j < n; j++) {
        const kept = matrix[c * n + j]!;
        matrix[c * n + j] = matrix[pivot * n + j]!;
        matrix[pivot * n + j] = kept;
      }
    const [pr, pi] = [ar[c * n + c]!, ai[c * n + c]!];
    const p2 = pr * pr + pi * pi;
    for (const [mr, mi] of [
      [ar, ai],
      [out.re, out.im],
    ] as const)
      for (let j = 0; j < n; j++) {
        const [xr, xi] = [mr[c * n + j]!, mi[c * n + j]!];
        mr[c * n + j] = (xr * pr + xi * pi) / p2;
        mi[c * n + j] = (xi * pr - xr * pi) / p2;
      }
    for (let r = 0; r < n; r++) {
      const [fr, fi] = [ar[r * n + c]!, ai[r * n + c]!];
      if (r === c || (fr === 0 && fi === 0)) continue;
      for (const [mr, mi] of [
        [ar, ai],
        [out.re, out.im],
      ] as const)
        for (let j = 0; j < n; j++) {
          const [xr, xi] = [mr[c * n + j]!, mi[c * n + j]!];
          mr[r * n + j]! -= fr * xr - fi * xi;
          mi[r * n + j]! -= fr * xi + fi * xr;
        }
    }
  }
  return out;
}
