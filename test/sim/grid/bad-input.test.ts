import { describe, expect, it } from 'vitest';
import { GridCaseError } from '../../../sim/grid/grid-fault.ts';
import { parseGridJson } from '../../../sim/grid/case-json.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { sharedMissing, skipWithoutShared } from '../../support/shared.ts';
import { apart, golden } from './golden.ts';

interface BadInput {
  readonly id: string;
  readonly what: string;
  readonly matpower: {
    readonly success: number | null;
    /** Number, type, p.u., degrees. */
    readonly busTypeVmVa?: readonly (readonly number[])[];
  };
}

/** Our answer to each: the fault that refuses it, or the finding that comes with its solution. Source: specs/grid.md 1.6 */
const answers: Readonly<Record<string, string>> = {
  isolated_pq_bus_with_load: 'E_ISLAND_NO_SOURCE',
  isolated_pq_bus_no_load: 'W_ISOLATED_BUS',
  bridge_out_gen_island: 'E_ISLAND_NO_LOAD',
  feeder_section_dead: 'E_ISLAND_NO_SOURCE',
  no_ref_bus: 'W_REF_PROMOTED',
  ref_gen_off: 'W_REF_PROMOTED',
  two_ref_buses: 'E_TWO_REFS',
  zero_impedance_branch: 'E_ZERO_IMPEDANCE',
  branch_to_unknown_bus: 'E_UNKNOWN_BUS',
  gen_at_unknown_bus: 'E_UNKNOWN_BUS',
  duplicate_bus_number: 'E_DUPLICATE_BUS',
  nan_load: 'E_NOT_FINITE',
  zero_start_voltage: 'W_START',
  all_gens_off: 'E_NO_SOURCE',
  overload_x5: 'no solution',
};

/** Solved by MATPOWER as one network, though a part of it is none of it. */
const solvedOtherwise = new Set(['isolated_pq_bus_no_load', 'bridge_out_gen_island', 'two_ref_buses']);

skipWithoutShared('bad inputs');
describe.skipIf(sharedMissing)('an input that breaks solvers', () => {
  const file = sharedMissing
    ? undefined
    : (golden('bad-inputs') as Record<string, unknown> & { cases: readonly BadInput[] });
  const columns = {
    busColumns: file?.['busColumns'],
    genColumns: file?.['genColumns'],
    branchColumns: file?.['branchColumns'],
  };
  it.each((file?.cases ?? []).map((each) => [each.id, each] as const))('%s', (id, input) => {
    const grid = (): ReturnType<typeof parseGridJson> =>
      parseGridJson(JSON.stringify({ ...columns, ...input }), `${id}.json`);
    const answer = answers[id];
    const run = (): string[] => {
      const result = powerFlow(grid());
      return result.ok ? result.findings.map(({ code }) => code) : ['no solution'];
    };
    let got: string[];
    try {
      got = run();
    } catch (error) {
      if (!(error instanceof GridCaseError)) throw error;
      expect(error.message).toContain(`${id}.json`);
      got = [error.fault];
    }
    if (answer === undefined) expect(got).toEqual([]);
    else expect(got).toContain(answer);

    const wanted = input.matpower.busTypeVmVa;
    if (wanted === undefined || solvedOtherwise.has(id)) return;
    const result = powerFlow(grid(), { tolerance: 1e-10 });
    if (!result.ok) throw new Error(`${id} has no solution`);
    const alive = wanted.map((_, row) => row).filter((row) => !Number.isNaN(result.vm[row]!));
    expect(alive.length).toBe(wanted.filter((row) => row[1] !== 4).length);
    expect(
      apart(
        alive.map((row) => result.vm[row]!),
        alive.map((row) => wanted[row]![2]!),
      ),
    ).toBeLessThan(2.5e-9); // MATPOWER stopped at a residual of 1e-8
  });

  it('two references hold both where that is allowed', () => {
    const input = file!.cases.find(({ id }) => id === 'two_ref_buses')!;
    const grid = parseGridJson(JSON.stringify({ ...columns, ...input }), 'two.json');
    const result = powerFlow(grid, { allowMultiRef: true, tolerance: 1e-10 });
    if (!result.ok) throw new Error(result.reason);
    expect(
      apart(
        result.vm,
        input.matpower.busTypeVmVa!.map((row) => row[2]!),
      ),
    ).toBeLessThan(2.5e-9); // MATPOWER stopped at a residual of 1e-8
  });

  it('a dead section is told with what is not served, and the rest is solved', () => {
    const input = file!.cases.find(({ id }) => id === 'feeder_section_dead')!;
    const grid = parseGridJson(JSON.stringify({ ...columns, ...input }), 'dead.json');
    const result = powerFlow(grid);
    if (!result.ok) throw new Error(result.reason);
    expect(result.unservedMw).toBeCloseTo(1.075, 9);
    expect(result.findings.find(({ code }) => code === 'E_ISLAND_NO_SOURCE')!.buses).toEqual(
      Array.from({ length: 12 }, (_, k) => 7 + k),
    );
    expect(result.vm.filter(Number.isNaN).length).toBe(12);
  });
});
