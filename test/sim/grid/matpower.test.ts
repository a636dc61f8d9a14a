import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchColumns, busColumns, genColumns, gridTable } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { GridCaseError } from '../../../sim/grid/grid-fault.ts';
import { parseGridJson, writeGridJson } from '../../../sim/grid/case-json.ts';
import { parseMatpower } from '../../../sim/grid/matpower.ts';

const bus = (rows: string): string => `mpc.bus = [\n${rows}\n];\n`;
const two = bus('1 3 0 0 0 0 1 1 0 12.66 1 1.1 0.9; % reference\n\t7\t1\t100\t60\t0 0 1 1 0 12.66 1 1.1 0.9');
const rest = `mpc.gen = [1 0 0 10 -10 1 100 1 10 0 0 0;];
mpc.branch = [1, 7, 0.0922, 0.0470, 0, 0, 0, 0, 0, 0, 1, -360, 360];
`;
const head = `function mpc = two
%TWO  two buses
mpc.version = '2';
mpc.baseMVA = 10;
`;
const constants = `[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV, ZONE, VMAX, VMIN, LAM_P, LAM_Q, MU_VMAX, MU_VMIN] = idx_bus;
[F_BUS, T_BUS, BR_R, BR_X, BR_B] = idx_brch;
`;
const read = (tail = '', text = head + two + rest): GridCase => parseMatpower(text + tail, 'two.m');
const refusal = (text: string): GridCaseError => {
  try {
    parseMatpower(text, 'two.m');
  } catch (error) {
    if (error instanceof GridCaseError) return error;
    throw error;
  }
  throw new Error('was read');
};

describe('a MATPOWER case file', () => {
  it('is read by its tables, whatever parts numbers and rows', () => {
    const grid = read();
    expect(grid.name).toBe('two');
    expect(grid.baseMva).toBe(10);
    expect([...grid.bus.bus]).toEqual([1, 7]);
    expect(grid.bus.Pd[1]).toBe(100);
    expect(grid.branch.x[0]).toBe(0.047);
    expect([...grid.bus.lines!]).toEqual([6, 7]);
  });

  it('has its units converted as its last statements say', () => {
    const grid = read(`${constants}Vbase = mpc.bus(1, BASE_KV) * 1e3;      %% in Volts
Sbase = mpc.baseMVA * 1e6;              %% in VA
mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / Sbase);
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
`);
    expect(grid.bus.Pd[1]).toBe(0.1);
    expect(grid.bus.Qd[1]).toBe(0.06);
    expect(grid.branch.r[0]).toBeCloseTo(0.0922 / (12_660 ** 2 / 10e6), 15);
  });

  it('converts a power factor in the order of the statements: Q first', () => {
    const grid = read(`${constants}pf = 0.85;
mpc.bus(:, QD) = mpc.bus(:, PD) * sin(acos(pf));
mpc.bus(:, PD) = mpc.bus(:, PD) * pf;
`);
    expect(grid.bus.Pd[1]).toBeCloseTo(85, 12);
    expect(grid.bus.Qd[1]).toBeCloseTo(100 * Math.sqrt(1 - 0.85 ** 2), 12);
  });

  it('goes on behind `...`, right behind a number too, and is called like its file without a function', () => {
    const text = `${two}${rest}`.replace('12.66 1 1.1 0.9; %', '12.66 1 1.1...\n 0.9; %');
    const grid = parseMatpower(`mpc.version = '2'; mpc.baseMVA = 1.e1;\n${text}`, 'folder/two.x.m');
    expect(grid.bus.Vmin[0]).toBe(0.9);
    expect([grid.name, grid.baseMva]).toEqual(['two.x', 10]);
    expect(read('', `${head.replace('mpc = two', '[mpc] = two')}${two}${rest}`).name).toBe('two');
  });

  it('leaves out a block of statements that are not obeyed, to its own end', () => {
    const grid = read(
      `fixed = 0;
if fixed
    k = find(   isinf(mpc.gen(:, QMIN)) & ...
                mpc.gen(end, 9) >= 1 | ~(1 ~= 2)  );
    for i = 1:2, mpc.gen(k, PMIN) = mpc.gen(k, PG); end
end
mpc.bus(:, 3) = mpc.bus(:, 3) / 2;
`,
      head.replace('= two', '= two()') + two + rest,
    );
    expect(grid.bus.Pd[1]).toBe(50);
  });

  it('leaves out a block whose variable is 0, and reads arithmetic, infinities, names and comments', () => {
    const grid = read(
      `fixed = 0;
if fixed
  mpc.bus(:, 3) = mpc.bus(:, 3) * 7;
end
mpc.bus_name = {'a; b'; 'c''d'};
mpc.gencost = [2 0 0 3 0.1 -5 150;];
%{
mpc.baseMVA = 1;
%}
`,
      head.replace('= 10', '= 50/3') + two + rest.replace('10 -10', 'Inf -Inf'),
    );
    expect(grid.baseMva).toBeCloseTo(50 / 3, 14);
    expect(grid.bus.Pd[1]).toBe(100);
    expect([grid.gen.Qmax[0], grid.gen.Qmin[0]]).toEqual([Infinity, -Infinity]);
    expect(grid.busNames).toEqual(['a; b', "c'd"]);
  });

  it.each([
    ['a statement of another kind', `${head}${two}${rest}system('rm -rf /')\n`, 11],
    ['a function of its own', `${head}${two}${rest}mpc.bus(:, 3) = mpc.bus(:, 3) * rand(2);\n`, 11],
    ['a table that is not there', `${head}${rest}mpc.bus(:, 3) = mpc.bus(:, 3) / 1e3;\n`, 7],
    ['a ragged row', head + bus('1 3 0 0 0 0 1 1 0 12.66 1 1.1 0.9\n2 1 0 0') + rest, 7],
    ['a narrow table', head + bus('1 3 0 0 0 0 1') + rest, 6],
    ['a difference in a table', head + bus('1 3 100-5 0 0 0 1 1 0 12.66 1 1.1 0.9') + rest, 6],
    ['a number with two points', head + bus('1 3 1.2.3 0 0 0 1 1 0 12.66 1 1.1') + rest, 6],
    ['a text in a table', head + bus("1 3 'x' 0 0 0 1 1 0 12.66 1 1.1 0.9") + rest, 6],
    ['an open table', head + two + 'mpc.gen = [1 0 0', 9],
    ['a block that depends on something else', `${head}${two}${rest}if nargin\nend\n`, 11],
    ['a version by its number', 'function mpc = old\nmpc.version = 1;\n', 2],
    ['a version by its text', "function mpc = old\nmpc.version = '1';\n", 2],
    ['a case of version 1', 'function [baseMVA, bus, gen, branch] = old\n', 1],
    ['DC lines', `${head}${two}${rest}mpc.dcline = [1 2 1];\n`, 11],
    ['a character of no case file', `${head}${two}${rest}mpc.x = $;\n`, 11],
  ])('is refused with its line: %s', (_, text, line) => {
    const error = refusal(text);
    expect(error.fault).toBe('E_FORMAT');
    expect(error.place).toMatchObject({ file: 'two.m', line });
  });

  it('ends where a conversion of an empty table is cut off', () => {
    const { fault } = refusal(`${head}mpc.bus = [];\n${rest}mpc.bus(:, 3) = mpc.bus(:, 3) / (1e3`);
    expect(fault).toBe('E_FORMAT');
  }, 5000);

  it('never crashes otherwise, whatever it holds', () => {
    const whole = `${head}${two}${rest}${constants}mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;\n`;
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(30), fc.string({ maxLength: 8 }), (at, length, put) => {
        const damaged = whole.slice(0, at) + put + whole.slice(at + length);
        try {
          parseMatpower(damaged, 'damaged.m');
        } catch (error) {
          expect(error).toBeInstanceOf(GridCaseError);
        }
      }),
    );
  });
});

describe('a case as JSON', () => {
  const cell = fc.oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constantFrom(Infinity, -Infinity, 0));
  const table = (columns: readonly string[]): fc.Arbitrary<number[][]> =>
    fc.array(fc.array(cell, { minLength: columns.length, maxLength: columns.length }), { minLength: 1, maxLength: 4 });

  it('is what it was after it was written and read', () => {
    fc.assert(
      fc.property(table(busColumns), table(genColumns), table(branchColumns), (b, g, l) => {
        const grid: GridCase = {
          name: 'x',
          baseMva: 100,
          bus: gridTable(busColumns, b),
          gen: gridTable(genColumns, g),
          branch: gridTable(branchColumns, l),
        };
        const { file, ...again } = parseGridJson(writeGridJson(grid), 'x.json');
        expect(file).toBe('x.json');
        const positive = JSON.stringify(grid, (_, v: unknown) => (Object.is(v, -0) ? 0 : v));
        expect(JSON.stringify(again)).toBe(positive);
      }),
    );
  });

  it.each([
    ['no JSON', '{', 'x.json: E_FORMAT: is no JSON'],
    ['a list', '[]', 'x.json: E_FORMAT: is no object'],
    ['no base', '{}', 'x.json /baseMVA'],
    ['no rows', '{"baseMVA": 1, "bus": 3}', 'x.json /bus: E_FORMAT: bus is 3'],
    ['no names', '{"baseMVA": 1, "bus": []}', 'x.json /busColumns'],
    ['a column too few', '{"baseMVA": 1, "bus": [], "busColumns": ["bus"]}', "has no column 'type'"],
    [
      'a short row',
      JSON.stringify({ baseMVA: 1, busColumns, bus: [[1]] }),
      'x.json /bus/0: E_FORMAT: 1 numbers, expected 13 numbers',
    ],
    [
      'a text for a number',
      JSON.stringify({ baseMVA: 1, busColumns, bus: [busColumns.map(() => 'a')] }),
      'x.json /bus/0/0: E_FORMAT: "a", expected a number',
    ],
  ])('is refused with its place: %s', (_, text, message) => {
    expect(() => parseGridJson(text, 'x.json')).toThrow(message);
  });
});
