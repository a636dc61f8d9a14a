import { describe, expect, it } from 'vitest';
import { builtinGrid, builtinGrids } from '../../../sim/grid/builtin/index.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import type { PowerFlow, PowerFlowOptions } from '../../../sim/grid/power-flow.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { apart, golden } from './golden.ts';

interface Count {
  readonly converged: boolean;
  readonly iterations: number;
}

interface GoldenScaling {
  readonly scaling: readonly {
    readonly case: string;
    readonly lam: number;
    readonly nr: Count & {
      readonly minVm?: number;
      readonly lossMW?: number;
      readonly lossMVAr?: number;
      readonly Vm?: readonly number[];
      readonly Va_deg?: readonly number[];
    };
    readonly pqsum: Count;
    readonly fdxb: Count;
    readonly fdbx: Count;
  }[];
}

skipWithoutShared('stressed feeders against MATPOWER');
const scaling = sharedMissing
  ? []
  : (golden('stress') as GoldenScaling).scaling.filter((each) => builtinGrids.includes(each.case));

describe.each(scaling.map((each) => [`${each.case} at ${each.lam} times its loads`, each] as const))(
  '%s, solved by MATPOWER',
  (_, { case: name, lam, nr, pqsum, fdxb, fdbx }) => {
    const whole = builtinGrid(name);
    const { Pd, Qd } = whole.bus;
    const grid = withColumns(whole, { bus: { Pd: Pd.map((p) => p * lam), Qd: Qd.map((q) => q * lam) } });
    const solve = (options: PowerFlowOptions): PowerFlow => powerFlow(grid, options);
    /** Ours: what it took; a result without voltages where there is no solution. */
    const counted = (flow: PowerFlow): Count => {
      if (!flow.ok) expect(flow).not.toHaveProperty('vm');
      return { converged: flow.ok, iterations: flow.ok ? flow.islands[0]!.iterations : Number.NaN };
    };

    it('has the same voltages and losses in as many steps, or no solution', () => {
      const flow = solve({ tolerance: 1e-9 });
      expect(flow.ok).toBe(nr.converged);
      if (!flow.ok) return;
      expect(flow.islands[0]!.iterations).toBe(nr.iterations);
      expect(apart(flow.vm, nr.Vm!)).toBeLessThan(1e-8);
      expect(apart(flow.va, nr.Va_deg!)).toBeLessThan(1e-6);
      expect(Math.min(...flow.vm)).toBeCloseTo(nr.minVm!, 8);
      expect(flow.lossMw).toBeCloseTo(nr.lossMW!, 7);
      expect(flow.lossMvar).toBeCloseTo(nr.lossMVAr!, 7);
    });

    it('takes as many sweeps and half-steps, or has no solution by them either', () => {
      for (const [algorithm, wanted] of [
        ['sweep', pqsum],
        ['fdxb', fdxb],
        ['fdbx', fdbx],
      ] as const) {
        const got = counted(solve({ algorithm, maxIterations: 500 }));
        expect([algorithm, got.converged]).toEqual([algorithm, wanted.converged]);
        if (wanted.converged) expect([algorithm, got.iterations]).toEqual([algorithm, wanted.iterations]);
      }
    });
  },
);
