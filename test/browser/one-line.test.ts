import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GridTopology } from '../../core/telemetry.ts';
import { oneLine } from '../../server/console/live/one-line-layout.ts';
import type { OneLine } from '../../server/console/live/one-line-layout.ts';
import { voltageColour } from '../../server/console/live/voltage-colour.ts';
import { builtinGrid } from '../../sim/grid/builtin/index.ts';

const topology = (
  buses: readonly number[],
  branches: readonly (readonly [number, number])[],
  reference: number,
): GridTopology => ({ name: 'test', buses, branches, reference, band: [0.95, 1.05] });

function feeder(name: string): GridTopology {
  const { bus, branch } = builtinGrid(name);
  const rows = [...branch.from.keys()].filter((row) => branch.status[row]! > 0);
  return topology(
    [...bus.bus],
    rows.map((row) => [branch.from[row]!, branch.to[row]!] as const),
    bus.bus[bus.type.indexOf(3)]!,
  );
}

/** Every bus has a place of its own, and no way down runs through another one. */
function expectClear({ buses, branches }: OneLine): void {
  const taken = new Set(buses.map(({ column, row }) => `${column},${row}`));
  expect(taken.size).toBe(buses.length);
  for (const [from, to] of branches.slice(0, buses.length - 1)) {
    const [a, b] = [buses[from]!, buses[to]!].sort((one, other) => one.column - other.column);
    expect(b!.column - a!.column).toBe(1);
    const [top, bottom] = [Math.min(a!.row, b!.row), Math.max(a!.row, b!.row)];
    for (let row = top + 1; row <= bottom; row++)
      if (row !== a!.row) expect(taken.has(`${a!.column},${row}`)).toBe(false);
  }
}

describe('a one-line diagram', () => {
  it('has the trunk of the 33-bus feeder in one row, and its laterals below', () => {
    const drawn = oneLine(feeder('case33bw'));
    const rowOf = new Map(drawn.buses.map(({ bus, row }) => [bus, row]));
    expect(Array.from({ length: 18 }, (_, k) => rowOf.get(k + 1))).toEqual(Array.from({ length: 18 }, () => 0));
    expect([drawn.columns, drawn.buses.length, drawn.branches.length]).toEqual([18, 33, 32]);
    expect(drawn.rows).toBeLessThanOrEqual(4);
    expect(new Set([19, 20, 21, 22].map((bus) => rowOf.get(bus))).size).toBe(1);
    expectClear(drawn);
  });

  it('of any tree has each bus as far from the reference as it is, and nothing across', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 60 }), (draws) => {
        const parents = draws.map((draw, k) => draw % (k + 1));
        const branches = parents.map((up, k) => [up + 10, k + 11] as const);
        const drawn = oneLine(topology([10, ...branches.map(([, to]) => to)], branches, 10));
        const depth = [0];
        for (const up of parents) depth.push(depth[up]! + 1);
        for (const { bus, column } of drawn.buses) expect(column).toBe(depth[bus - 10]);
        expectClear(drawn);
      }),
    );
  });

  it('draws what closes loops last, and leaves out what nothing reaches', () => {
    const drawn = oneLine(topology([1, 2, 3, 4, 5], [[2, 3], [1, 2], [3, 1], [4, 5]], 1)); // prettier-ignore
    expect(drawn.buses.map(({ bus }) => bus)).toEqual([1, 2, 3]);
    expect(drawn.branches.at(-1)!.map((at) => drawn.buses[at]!.bus)).toEqual([2, 3]);
    expectClear(oneLine(feeder('case69')));
    expect(oneLine(feeder('case14')).branches.length).toBe(20);
  });
});

describe('the colour of a voltage', () => {
  const band = [0.95, 1.05] as const;
  const rgb = (v: number): number[] => voltageColour(v, band, 'light')!.match(/\d+/g)!.map(Number);
  it('is nominal at 1, turns to orange below and to blue above, and is none without a voltage', () => {
    expect(rgb(1)).toEqual([206, 212, 218]);
    expect(rgb(0.9)).toEqual([200, 62, 0]);
    expect(rgb(1.2)).toEqual([16, 96, 180]);
    expect(rgb(0.95)).toEqual([203, 137, 109]);
    const blues = [1, 0.99, 0.97, 0.95, 0.94, 0.93, 0.92].map((v) => rgb(v)[2]!);
    expect(blues).toEqual(blues.toSorted((a, b) => b - a));
    expect(voltageColour(Number.NaN, band, 'dark')).toBeUndefined();
  });
});
