import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtinGrid, builtinGrids } from '../../../sim/grid/builtin/index.ts';
import { parseGridJson } from '../../../sim/grid/case-json.ts';
import { cascade } from '../../../sim/grid/cascade/cascade.ts';
import { dcPowerFlow } from '../../../sim/grid/dc.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { branchOutages, loadability } from '../../../sim/grid/screening.ts';
import type { BranchOutage } from '../../../sim/grid/screening.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { golden, goldenCases, goldenGrid } from './golden.ts';

interface GoldenOutages {
  readonly cases: readonly { readonly case: string; readonly rows: readonly (readonly (number | null)[])[] }[];
}

interface GoldenStress {
  readonly loadability: readonly {
    readonly case: string;
    readonly lambdaNose_continuation: number;
    readonly minVmNearNose: number;
  }[];
}

interface GoldenCascades {
  readonly cases: readonly {
    readonly case: string;
    readonly rates: string;
    readonly rate: readonly number[] | null;
    readonly loadScaling: readonly {
      readonly scale: number;
      readonly rounds: readonly {
        readonly islands: number;
        readonly servedMW: number;
        readonly overloaded0based: readonly number[];
        readonly maxLoading: number | null;
      }[];
      readonly servedFraction: number;
    }[];
    readonly lineOut: readonly (readonly number[])[];
  }[];
}

function all(work: Generator<number, BranchOutage[]>): BranchOutage[] {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

const ships = ({ case: name }: { readonly case: string }): boolean => builtinGrids.includes(name);
const outages = sharedMissing ? [] : (golden('n-1') as GoldenOutages).cases.filter(ships);
const noses = sharedMissing
  ? []
  : (golden('stress') as GoldenStress).loadability.filter((each) => ships(each) || goldenCases.includes(each.case));
/** The IEEE reliability test system does not ship; its numbers stand beside the tests. */
const rts = 'case24_ieee_rts';
const networkNamed = (name: string): GridCase =>
  name === rts
    ? parseGridJson(readFileSync(join(import.meta.dirname, '..', '..', 'golden', `${rts}.json`), 'utf8'), `${rts}.json`)
    : builtinGrid(name);
const cascades = sharedMissing
  ? []
  : (golden('cascade-dc') as GoldenCascades).cases.filter((each) => ships(each) || each.case === rts);

skipWithoutShared('outages, noses and cascades against references');
describe.each(outages.map((each) => [each.case, each.rows] as const))('N-1 of %s', (name, rows) => {
  it('has the same voltages, losses and islands', () => {
    const got = all(branchOutages(builtinGrid(name)));
    expect(got.map(({ branch, parts, solution }) => [branch + 1, parts, solution === null ? 0 : 1])).toEqual(
      rows.map((row) => row.slice(0, 3)),
    );
    got.forEach(({ solution }, k) => {
      if (solution === null) return;
      expect(Math.abs(Math.min(...solution.vm) - rows[k]![3]!)).toBeLessThan(1e-8);
      expect(Math.abs(solution.lossMw - rows[k]![5]!)).toBeLessThan(1e-6);
    });
  });
});

describe.each(noses.map((each) => [each.case, each] as const))('the nose of %s', (name, wanted) => {
  it('is where continuation finds it', () => {
    const isFeeder = ['case33bw', 'case69', 'case85'].includes(name);
    const { lambda, vmin } = loadability(ships({ case: name }) ? builtinGrid(name) : goldenGrid(name), !isFeeder);
    expect(Math.abs(lambda! - wanted.lambdaNose_continuation)).toBeLessThan(1e-6);
    expect(vmin).toBeCloseTo(wanted.minVmNearNose, 2);
  });
});

describe.each(cascades.map((each) => [`${each.case}, rates ${each.rates}`, each] as const))(
  'DC cascades of %s',
  (_, reference) => {
    const grid = networkNamed(reference.case);
    const rate = reference.rate === null ? grid.branch.rateA : Float64Array.from(reference.rate);
    const dispatch = dcPowerFlow(grid).pGen;
    const scaled = (by: number): GridCase => withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => p * by) } });

    it('trip the same branches in each round when loads grow', () => {
      for (const wanted of reference.loadScaling) {
        const got = cascade(scaled(wanted.scale), { dispatch, rate });
        expect(got.rounds.map(({ tripped }) => tripped)).toEqual(wanted.rounds.map((r) => r.overloaded0based));
        expect(got.rounds.map(({ islands }) => islands)).toEqual(wanted.rounds.map((r) => r.islands));
        expect(got.servedFraction).toBeCloseTo(wanted.servedFraction, 9);
        got.rounds.forEach((round, k) => expect(round.servedMw).toBeCloseTo(wanted.rounds[k]!.servedMW, 6));
      }
    });

    it('trip as many when a branch goes out', () => {
      for (const [out, , lines, served] of reference.lineOut) {
        const status = grid.branch.status.map((own, row) => (row === out ? 0 : own));
        const got = cascade(withColumns(grid, { branch: { status } }), { dispatch, rate });
        expect(got.linesTripped).toBe(lines);
        expect(got.servedFraction).toBeCloseTo(served!, 8);
      }
    });
  },
);

describe('screening', () => {
  it('says that the loads as they are have no solution', () => {
    const grid = builtinGrid('case9');
    const heavy = withColumns(grid, { bus: { Pd: grid.bus.Pd.map((p) => 5 * p) } });
    expect(loadability(heavy, false)).toEqual({ lambda: null, vmin: null });
  });
});
