import type { Rng } from '../../../core/rng.ts';

/** A network drawn at random, as the text of a MATPOWER case. */
export interface Synthetic {
  readonly text: string;
  readonly buses: number;
  readonly branches: number;
}

const row = (cells: readonly (number | string)[]): string => `\t${cells.join('\t')};`;

/**
 * A meshed transmission network: a ring road of the buses in a grid with diagonals, lines and transformers, phase shifters, series capacitors (x < 0), parallel circuits, rates of 0, several generators a bus, shunts,
 * isolated buses, generators and branches out of service, infinite limits, numbers with gaps; tables that no power flow reads.
 */
export function meshedText(n: number, rng: Rng, newline = '\n'): Synthetic {
  const side = Math.ceil(Math.sqrt(n));
  const number = (i: number): number => 10 + 3 * i;
  const isolated = new Set([7, n - 3]);
  const bus: string[] = [];
  const gen: string[] = [];
  const branch: string[] = [];
  const names: string[] = [];
  for (let i = 0; i < n; i++) {
    const hasGen = i % 6 === 0 && !isolated.has(i);
    const type = isolated.has(i) ? 4 : i === 0 ? 3 : hasGen ? 2 : 1;
    const load = hasGen ? 0 : 4 + 4 * rng.uniform();
    const vm = 1 + 0.02 * rng.uniform();
    bus.push(
      row([
        number(i),
        type,
        load.toFixed(3),
        (0.3 * load).toFixed(3),
        i % 50 === 3 ? 0.4 : 0,
        i % 9 === 4 ? 6 : 0,
        1 + (i % 3),
        vm.toFixed(5),
        0,
        i % 4 === 0 ? 0 : 220,
        1,
        1.1,
        0.9,
      ]),
    );
    names.push(`\t'BUS ${number(i)} % "n°${i}"; it''s';`);
    if (!hasGen) continue;
    const vg = (1.01 + 0.02 * ((i / 6) % 2)).toFixed(4);
    const units = 1 + (i % 3 === 0 ? 1 : 0);
    for (let u = 0; u < units; u++)
      gen.push(
        row([
          number(i),
          (30 / units).toFixed(4),
          0,
          u === 0 ? 'Inf' : 40,
          u === 0 ? '-Inf' : -40,
          vg,
          100,
          1,
          u === 0 ? 'Inf' : 80,
          0,
          ...Array.from({ length: 11 }, () => 0),
        ]),
      );
    gen.push(row([number(i), 500, 0, 1, -1, 1.2, 100, 0, 80, 0, ...Array.from({ length: 11 }, () => 0)]));
  }
  let count = 0;
  const connect = (f: number, t: number): void => {
    const kind = count++ % 97;
    const transformer = kind % 8 === 1;
    const x = (transformer ? 0.03 : 0.004) + 0.006 * rng.uniform();
    branch.push(
      row([
        number(f),
        number(t),
        transformer ? 0 : (0.15 * x).toExponential(4),
        (kind === 41 ? -4 * x : x).toExponential(4),
        transformer ? 0 : (0.02 * rng.uniform()).toFixed(5),
        kind % 5 === 0 ? 0 : 400,
        0,
        0,
        transformer ? (0.99 + 0.02 * rng.uniform()).toFixed(4) : 0,
        kind === 17 ? -0.05 : 0,
        kind === 60 ? 0 : 1,
        -360,
        360,
      ]),
    );
    if (kind === 30) branch.push(branch.at(-1)!);
  };
  for (let i = 0; i < n; i++) {
    if (i % side !== side - 1 && i + 1 < n) connect(i, i + 1);
    if (i + side < n) connect(i, i + side);
    if (i % 11 === 5 && i + side + 1 < n) connect(i + side + 1, i);
  }
  const lines = [
    'function mpc = meshed',
    '%MESHED  drawn at random',
    "mpc.version = '2';",
    '',
    '%%-----  Power Flow Data  -----%%',
    'mpc.baseMVA = 100;',
    '%\tbus_i\ttype\tPd\tQd\tGs\tBs\tarea\tVm\tVa\tbaseKV\tzone\tVmax\tVmin',
    'mpc.bus = [ %% (demand in MW)',
    ...bus.map((each, i) => (i % 13 === 0 ? `${each} % a remark; 1 2 3` : each)),
    '];',
    'mpc.gen = [',
    ...gen,
    '];',
    'mpc.branch = [',
    ...branch,
    '];',
    'mpc.gencost = [',
    ...gen.map((_, g) => (g % 2 === 0 ? row([2, 0, 0, 3, 0.01, 20, 0]) : row([1, 0, 0, 2, 0, 0, 100]))),
    '];',
    'mpc.areas = [1 10; 2 13;];',
    'mpc.bus_name = {',
    ...names,
    '};',
    "mpc.gentype = {\n'UN';\n'ST'};".replaceAll('\n', newline),
    "mpc.genfuel = {'coal'; 'unknown'};",
    'mpc.dcline = [];',
    '',
  ];
  return { text: lines.join(newline), buses: n, branches: branch.length };
}

/** A radial feeder in ohm and kW as the distribution cases are, with the statements behind the tables that make p.u. and MW of them. */
export function radialText(n: number, rng: Rng, newline = '\n'): Synthetic {
  const bus = Array.from({ length: n }, (_, i) => {
    const kw = i === 0 ? 0 : ((3000 / n) * (0.5 + rng.uniform())).toFixed(4);
    return `  ${i + 1}, ${i === 0 ? 3 : 1}, ${kw}, ${i === 0 ? 0 : (0.4 * Number(kw)).toFixed(4)}, 0, 0, 1, 1, 0, 12.66, 1, 1, ...\t continued\n     0.9`.replaceAll(
      '\n',
      newline,
    );
  });
  const branch = Array.from({ length: n - 1 }, (_, k) => {
    const parent = k < 30 ? k : Math.max(0, k - 1 - Math.floor(20 * rng.uniform()));
    const r = (8 / Math.sqrt(n)) * 0.02 * (0.5 + rng.uniform());
    return `\t${parent + 1}\t${k + 2}\t${r.toFixed(6)}\t${(0.7 * r).toFixed(6)}\t0\t0\t0\t0\t0\t0\t1\t-360\t360`;
  });
  const lines = [
    'function mpc = radial',
    "mpc.version = '2';",
    'mpc.baseMVA = 50/3;',
    'mpc.bus = [  %% (Pd and Qd are specified in kW & kVAr here, converted to MW & MVAr below)',
    ...bus,
    ' ];',
    'mpc.gen = [',
    '\t1\t0\t0\t10\t-10\t1\t100\t1\t10\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0;',
    '];\t\t\t',
    'mpc.branch = [  %% (r and x specified in ohms here, converted to p.u. below)',
    ...branch,
    '];',
    '[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...',
    '    VA, BASE_KV, ZONE, VMAX, VMIN, LAM_P, LAM_Q, MU_VMAX, MU_VMIN] = idx_bus;',
    '[F_BUS, T_BUS, BR_R, BR_X, BR_B, RATE_A, RATE_B, RATE_C, ...',
    '    TAP, SHIFT, BR_STATUS, PF, QF, PT, QT, MU_SF, MU_ST, ...',
    '    ANGMIN, ANGMAX, MU_ANGMIN, MU_ANGMAX] = idx_brch;',
    'Vbase = mpc.bus(1, BASE_KV) * 1e3;      %% in Volts',
    'Sbase = mpc.baseMVA * 1e6;              %% in VA',
    'mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / Sbase);',
    'mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;',
    '',
  ];
  return { text: lines.join(newline), buses: n, branches: n - 1 };
}
