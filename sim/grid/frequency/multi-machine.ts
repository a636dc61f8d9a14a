import type { GridCase } from '../grid-case.ts';
import type { PowerFlowSolution } from '../solution.ts';
import { MachineNetwork } from './machine-network.ts';
import type { LoadModel, Machine, MachineStep } from './machine-network.ts';

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
