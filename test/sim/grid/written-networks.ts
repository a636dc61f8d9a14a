/** A network in numbers: columns as in MATPOWER's tables, p.u. and MW whatever the file says. */
export interface Written {
  readonly baseMva: number;
  readonly bus: readonly (readonly number[])[];
  readonly gen: readonly (readonly number[])[];
  readonly branch: readonly (readonly number[])[];
}

/** Buses in a row whose numbers are anything. */
export const huge = [4_294_967_297, 3, 2_000_000_001, 17, 900_719_925, 1, 65_536, 12] as const;
const pad = (row: readonly number[], width: number): number[] => [
  ...row,
  ...Array.from({ length: width - row.length }, () => 0),
];

/** A mesh with all that transmission cases hold. */
export const mesh: Written = {
  baseMva: 50,
  bus: [
    // number, type, Pd, Qd, Gs, Bs, area, Vm, Va, baseKV, zone, Vmax, Vmin
    [huge[0], 3, 12, 4, 0, 0, 1, 1.02, 7.5, 0, 1, 1.1, 0.9],
    [huge[1], 1, 30, 11, 1.5, 9, 1, 1, 0, 220, 1, 1.1, 0.9],
    [huge[2], 2, 5, 2, 0, 0, 1, 0, 0, 220, 1, 1.1, 0.9],
    [huge[3], 1, 25, -6, 0, -4, 1, 1, 0, 220, 1, 1.1, 0.9],
    [huge[4], 1, -8, 0, 0, 0, 2, 1, 0, 110, 1, 1.1, 0.9],
    [huge[5], 2, 18, 6, 0, 0, 2, 1, 0, 110, 1, 1.1, 0.9],
    [huge[6], 4, 99, 99, 5, 5, 2, 1, 0, 110, 1, 1.1, 0.9],
    [huge[7], 1, 0, 0, 0, 0, 2, 1, 0, 110, 1, 1.1, 0.9],
  ],
  gen: [
    [huge[0], 3, 0, 50, -50, 1.02, 100, 1, 100, 0],
    [huge[2], 20, 0, 10, -10, 1.01, 100, 1, 60, 0],
    [huge[2], 11, 3, 30, -5, 1.01, 100, 1, 60, 0],
    // Out of service, with a set-point that nobody holds.
    [huge[2], 500, 300, 1, -1, 1.3, 100, 0, 60, 0],
    // At a bus of type 1: what the file says.
    [huge[3], 4, 1.5, 9, -9, 1.2, 100, 1, 20, 0],
    [huge[6], 40, 0, 9, -9, 1, 100, 1, 60, 0],
    // At a PV bus all of whose generators are off: a PQ bus.
    [huge[5], 7, 2, 9, -9, 1.04, 100, 0, 60, 0],
  ],
  branch: [
    // from, to, r, x, b, rateA, rateB, rateC, ratio, angle, status
    [huge[0], huge[1], 0.01, 0.08, 0.03, 100, 0, 0, 0, 0, 1],
    [huge[1], huge[2], 0.012, 0.09, 0.02, 0, 0, 0, 0, 0, 1],
    // Parallel circuits, one of them with a series capacitor's reactance, one out of service.
    [huge[1], huge[2], 0.012, 0.09, 0.02, 0, 0, 0, 0, 0, 1],
    [huge[2], huge[1], 0.02, -0.25, 0, 0, 0, 0, 0, 0, 1],
    [huge[1], huge[2], 0.012, 0.09, 0.02, 0, 0, 0, 0, 0, 0],
    // A transformer, a phase shifter in a loop with it, and one beside it that does both.
    [huge[2], huge[3], 0, 0.05, 0, 0, 0, 0, 0.975, 0, 1],
    [huge[0], huge[3], 0.001, 0.06, 0, 40, 0, 0, 1.02, -4, 1],
    [huge[3], huge[4], 0.002, 0.07, 0.01, 0, 0, 0, 0, 30, 1],
    [huge[4], huge[5], 0.03, 0.11, 0.04, 0, 0, 0, 0, 0, 1],
    [huge[3], huge[5], 0.02, 0.1, 0.04, 0, 0, 0, 1.05, 30, 1],
    // A resistance alone, to a bus with nothing.
    [huge[5], huge[7], 0.04, 0, 0, 0, 0, 0, 0, 0, 1],
    // To an isolated bus.
    [huge[5], huge[6], 0.02, 0.1, 0, 0, 0, 0, 0, 0, 1],
  ],
};

/** Four parts: with a reference, with a PV bus alone, dead with load, and alone. */
export const parts: Written = {
  baseMva: 100,
  bus: [
    [1, 3, 10, 2, 0, 0, 1, 1, -3, 0, 1, 1.1, 0.9],
    [2, 1, 40, 12, 0, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
    [3, 1, 22, 9, 0, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
    [4, 2, 0, 0, 0, 0, 1, 1, 11, 0, 1, 1.1, 0.9],
    [5, 2, 0, 0, 0, 0, 1, 1, 12, 0, 1, 1.1, 0.9],
    [6, 1, 6, 1, 0, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
    [7, 1, 8, 1, 0, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
    [8, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1.1, 0.9],
  ],
  gen: [
    [1, 0, 0, 99, -99, 1.01, 100, 1, 200, 0],
    [4, 5, 0, 99, -99, 1.02, 100, 1, 30, 0],
    [5, 9, 0, 99, -99, 1.03, 100, 1, 80, 0],
  ],
  branch: [
    [1, 2, 0.01, 0.1, 0.02, 0, 0, 0, 0, 0, 1],
    [3, 4, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 1],
    [4, 5, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 1],
    [3, 5, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 1],
    [6, 7, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 1],
    // Open: it would join the parts.
    [2, 3, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 0],
    [7, 8, 0.01, 0.1, 0, 0, 0, 0, 0, 0, 0],
  ],
};

/** A feeder in p.u. and MW; its file is in ohm and kW. */
export const feeder: Written = {
  baseMva: 50 / 3,
  bus: [...Array(6).keys()].map((i) => [
    101 + i,
    i === 0 ? 3 : 1,
    i === 0 ? 0 : 0.1 * i,
    i === 0 ? 0 : 0.04 * i,
    0,
    i === 3 ? 0.2 : 0,
    1,
    1,
    0,
    12.66,
    1,
    1.1,
    0.9,
  ]),
  gen: [[101, 0, 0, Infinity, -Infinity, 1.03, 100, 1, 10, 0]],
  branch: [0, 1, 2, 1, 4].map((from, k) => [
    101 + from,
    102 + k,
    0.012 + 0.002 * k,
    0.008 + 0.001 * k,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
  ]),
};

const rows = (table: readonly (readonly number[])[], end: string): string =>
  table
    .map((row) => `\t${row.map((x) => (x === Infinity ? 'Inf' : x === -Infinity ? '-Inf' : x)).join('\t')}${end}`)
    .join('\n');

export const meshText = `%{
 A block of remarks before the case: mpc.bus = [1 2 3];
%}
function [mpc] = mesh   % with a remark
%MESH  a network that holds all there is; mpc.baseMVA = 1;
define_constants;
mpc.version = '2'; mpc.baseMVA = 1e2/2;
%% bus data
mpc.bus = [	%% (MW and MVAr)
${rows(
  mesh.bus.map((row) => pad(row, 17)),
  ';\t% it\'s 100 % "fine"; [1 2 3]',
)}
];

mpc.gen = [ ...
${rows(
  mesh.gen.map((row) => pad(row, 25)),
  ' ; ...',
)}
];
mpc.branch = [${mesh.branch.map((row) => [...row, -360, 360, 0, 0, 0, 0].join(', ')).join(';\n')}];
mpc.gencost = [
	2	0	0	3	0.11	5	150;
	1	0	0	2	0	0	100	1.2e3;
];
mpc.areas = [1 3; 2 1];
mpc.bus_name = {
	'a % b'; 'it''s'; "c; d"; '[e'; '}'; 'f...'; '';
	'h'
};
mpc.gentype = {'ST'; 'HY'};
mpc.genfuel = {'coal'; 'hydro'};
mpc.dcline = [
	3	1	0	10	9	0	0	1	1	1	9	-9	9	-9	9	1	0;
];
mpc.if.map = [1 -2; 1 3];
mpc.userfcn = struct('name', {{}});
fixed = 0;
if fixed
    mpc.bus(find(mpc.bus(:, 2) == 3), 8) = 0;
end
return;
`;

export const feederText = `function mpc = feeder
mpc.version = '2';
mpc.baseMVA = 50/3;
mpc.bus = [  %% (Pd and Qd are specified in kW & kVAr here, converted to MW & MVAr below)
${rows(
  feeder.bus.map((row) => row.map((x, c) => (c === 2 || c === 3 ? x * 1e3 : x))),
  '',
)}
 ];
mpc.gen = [
${rows(feeder.gen, ';')}
];
mpc.branch = [  %% (r and x specified in ohms here, converted to p.u. below)
${rows(
  feeder.branch.map((row) => row.map((x, c) => (c === 2 || c === 3 ? (x * 12.66 ** 2) / (50 / 3) : x))),
  '',
)}
%	101	103	9	9	0	0	0	0	0	0	1	-360	360
];
[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV, ZONE, VMAX, VMIN, LAM_P, LAM_Q, MU_VMAX, MU_VMIN] = idx_bus;
[F_BUS, T_BUS, BR_R, BR_X, BR_B, RATE_A, RATE_B, RATE_C, ...
    TAP, SHIFT, BR_STATUS, PF, QF, PT, QT, MU_SF, MU_ST, ...
    ANGMIN, ANGMAX, MU_ANGMIN, MU_ANGMAX] = idx_brch;
Vbase = mpc.bus(1, BASE_KV)*1e3;      %% in Volts
Sbase=mpc.baseMVA * 1e6;              %% in VA
mpc.branch(:,[BR_R BR_X]) = mpc.branch( :, [BR_R, BR_X] ) / (Vbase^2/Sbase);

%% convert loads from kW to MW
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
`;

/** As a script, without a function, rows parted in all ways. */
export const partsText = `mpc.version = "2";
mpc.baseMVA = +100;
mpc.bus = [${parts.bus.map((row) => row.join(' ,')).join(' ;; ')}];
mpc.gen = [${parts.gen.map((row) => `${row.slice(0, 4).join(' ')} ... of two lines; not of one\n  ${row.slice(4).join(' ')}`).join('\n')}];
mpc.branch = [
${rows(parts.branch, '\n')}
];
`;

export const json = ({ baseMva, ...tables }: Written): string =>
  JSON.stringify(
    {
      baseMVA: baseMva,
      // Columns in another order, and the optional ones left out.
      busColumns: 'zone Vmin Vmax baseKV Va Vm Bs Gs Qd Pd type bus'.split(' '),
      bus: tables.bus.map((row) => [10, 12, 11, 9, 8, 7, 5, 4, 3, 2, 1, 0].map((c) => row[c])),
      genColumns: 'bus Pg Qg Qmax Qmin Vg mBase status Pmax'.split(' '),
      gen: tables.gen.map((row) => row.slice(0, 9)),
      branchColumns: 'from to r x b rateA rateB rateC ratio angle status'.split(' '),
      branch: tables.branch,
    },
    (_, value: unknown) => (value === Infinity ? 1e308 : value === -Infinity ? -1e308 : value),
  );
