import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { runFrequency } from '../../../sim/grid/frequency/event-run.ts';
import type { FrequencyRun } from '../../../sim/grid/frequency/event-run.ts';
import { LinearSystem } from '../../../sim/grid/frequency/linear-system.ts';
import { loadFrequencyModel } from '../../../sim/grid/frequency/load-frequency.ts';
import type { ControlArea } from '../../../sim/grid/frequency/load-frequency.ts';
import type { LoadModel, Machine } from '../../../sim/grid/frequency/machine-network.ts';
import { runMachines } from '../../../sim/grid/frequency/multi-machine.ts';
import { noShedding, sheddingSchemes } from '../../../sim/grid/frequency/shedding.ts';
import { criticalGain } from '../../../sim/grid/frequency/stability.ts';
import { swingMatrix } from '../../../sim/grid/frequency/swing-network.ts';
import { powerToReach, stepResponse, systemStates } from '../../../sim/grid/frequency/system-response.ts';
import type { SystemParameters } from '../../../sim/grid/frequency/system-response.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { case39Swing } from './case39-swing.ts';
import { rounded, within } from './check.ts';
import type { Check, CheckGroup } from './check.ts';

const typical: SystemParameters = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };

/** Step responses, specs/grid.md 4.1. */
function stepResponses(): CheckGroup {
  const systems = [
    ['H 4', typical, 50, [-5.4158, 2.3688, -2.5, -6.25]],
    ['H 2', { ...typical, H: 2 }, 50, [-5.982, 1.4544, -2.5, -12.5]],
    ['H 6', { H: 6, D: 0, R: 0.08, Km: 0.85, FH: 0.25, TR: 10 }, 60, [-11.834, 5.3229, -5.647, -5]],
  ] as const;
  const checks = systems.flatMap(([name, parameters, f0, [nadir, time, settled, slope]]): Check[] => {
    const response = stepResponse(parameters, -1);
    return [
      within(`${name}: nadir of a step of 1 p.u., Hz`, f0 * response.nadir!, nadir, 2e-4),
      within(`${name}: its time, s`, response.nadirTime!, time, 2e-4),
      within(`${name}: settles at, Hz`, f0 * response.settled, settled, 2e-4),
      within(`${name}: first slope, Hz/s`, f0 * response.rocof, slope, 2e-4),
    ];
  });
  const power = powerToReach(typical, 50, 49);
  return {
    claim: 'Nadirs of one equivalent machine, and what load reaches the first stage of shedding',
    source: 'Anderson and Mirheydar (1990), specs/grid.md 4.1',
    checks: [
      ...checks,
      rounded('load that reaches 49.5 Hz, p.u.', powerToReach(typical, 50, 49.5), 0.0923, 4),
      rounded('load that reaches 49.0 Hz, p.u.', power, 0.1846, 4),
      within('homes of 5 kW for it, on 1 GW', (power * 1e6) / 5, 36_900, 2e-3),
      within('homes of 10 kW for it, on 1 GW', (power * 1e6) / 10, 18_500, 2e-3),
    ],
  };
}

const saadat: ControlArea = { M: 10, D: 0.8, R: 0.05, Tg: 0.2, Tt: 0.5, beta: 1, Ki: 0 };

function areaRun(areas: readonly ControlArea[], load: number, duration: number): FrequencyRun {
  const { system, areas: states } = loadFrequencyModel(areas);
  const place = { frequency: states[0]!.frequency, input: 0, unit: 60, sign: -1 } as const;
  return runFrequency(system, place, { duration, f0: 60, loads: [{ t: 0, power: load }] });
}

/** Load-frequency control, specs/grid.md 4.2. */
function loadFrequency(): CheckGroup {
  const primary = areaRun([saadat], 0.2, 60);
  const controlled = areaRun([{ ...saadat, Ki: 7 }], 0.2, 60);
  const droop = criticalGain((inverse) => loadFrequencyModel([{ ...saadat, R: 1 / Math.max(inverse, 1e-9) }]).a)!;
  return {
    claim: 'One area with and without AGC: nadirs, their times, the smallest stable droop',
    source: 'Saadat, examples 12.1 to 12.3, specs/grid.md 4.2',
    checks: [
      rounded('settles at, Hz', primary.settled - 60, -0.576923, 6),
      within('nadir, Hz (published: the lowest of samples)', primary.nadir - 60, -0.893086, 5e-5),
      rounded('its time, s', primary.nadirTime, 1.22, 2),
      within('nadir with AGC, Hz (of samples)', controlled.nadir - 60, -0.849915, 5e-5),
      rounded('its time, s', controlled.nadirTime, 1.12, 2),
      rounded('largest stable 1/R', droop, 73.9648, 4),
    ],
  };
}

const three: readonly ControlArea[] = [
  { M: 0.1667, D: 0.015, R: 3, Tg: 0.08, Tt: 0.4, beta: 0.015 + 1 / 3, Ki: 0.3 },
  { M: 0.2017, D: 0.014, R: 2.73, Tg: 0.06, Tt: 0.44, beta: 0.014 + 1 / 2.73, Ki: 0.2 },
  { M: 0.1247, D: 0.015, R: 2.82, Tg: 0.07, Tt: 0.3, beta: 0.015 + 1 / 2.82, Ki: 0.4 },
];
const tie = [
  [0, 0.2, 0.25],
  [0.2, 0, 0.12],
  [0.25, 0.12, 0],
].map((row) => row.map((T) => 2 * Math.PI * T));

/** Gains at which a load that answers to the frequency destabilises it, specs/grid.md 4.6. */
function dynamicAttacks(): CheckGroup {
  const single = (Ki: number, lag: number): number =>
    criticalGain(
      (gain) => loadFrequencyModel([{ ...saadat, Ki }], undefined, [{ sensor: 0, victim: 0, gain, lag }]).a,
    )!;
  const areas = (attacked: readonly number[]): number =>
    criticalGain(
      (gain) =>
        loadFrequencyModel(
          three,
          tie,
          attacked.map((at) => ({ sensor: at, victim: at, gain, lag: 0 })),
        ).a,
    )!;
  const network = criticalGain(
    (gain) => swingMatrix(builtinGrid('case39'), case39Swing, [{ sensor: 30, victim: 25, gain }]),
    {
      first: 1,
    },
  )!;
  const swing = network * 2 * Math.PI * 0.5 * 100;
  return {
    claim: 'Gains at which a dynamic load-altering attack destabilises: one area, three areas, the 39-bus network',
    source: 'specs/grid.md 4.6, after Amini, Pasqualetti and Mohsenian-Rad (2018)',
    checks: [
      rounded('one area, no AGC, no lag', single(0, 0), 13.201, 4),
      rounded('one area, no AGC, lag 0.1 s', single(0, 0.1), 16.3795, 4),
      rounded('one area, no AGC, lag 0.5 s: D + 1/R', single(0, 0.5), 20.8, 4),
      ...(
        [
          [0, 7.3409],
          [0.1, 8.1474],
          [0.5, 13.5401],
          [1, 19.7934],
        ] as const
      ).map(([lag, gain]) => rounded(`one area, AGC, lag ${lag} s`, single(7, lag), gain, 4)),
      rounded('three areas, in the first', areas([0]), 0.05028, 5),
      rounded('three areas, in the second', areas([1]), 0.08385, 5),
      rounded('three areas, in the third', areas([2]), 0.0248, 5),
      rounded('three areas, in all', areas([0, 1, 2]), 0.01655, 5),
      rounded('39 buses, sensor 30 and victim 25', network, 2.4005, 4),
      within('its swing at 0.5 Hz, MW: more than the 224 MW of that bus', swing, 754, 1e-3),
    ],
  };
}

/** Under-frequency load shedding, specs/grid.md 4.3. */
function shedding(): CheckGroup {
  const { a, b } = systemStates(typical);
  const run = (delay: number | null): FrequencyRun =>
    runFrequency(
      new LinearSystem(a, b),
      { frequency: 0, input: 0, unit: 50, sign: 1 },
      {
        duration: 10,
        f0: 50,
        loads: [{ t: 1, power: 0.7 }],
        shedding: delay === null ? noShedding : { ...sheddingSchemes['colib']!, delay },
      },
    );
  const stages = (of: FrequencyRun): number => of.events.filter(({ kind }) => kind === 'shed').length;
  const [none, at0, at100, at300] = [null, 0, 0.1, 0.3].map(run) as [
    FrequencyRun,
    FrequencyRun,
    FrequencyRun,
    FrequencyRun,
  ];
  return {
    claim: 'Under-frequency load shedding: stages, their times, nadirs, over-shedding by a late relay',
    source: 'CRESYM/colib “SFRM with UFLS”, specs/grid.md 4.3',
    checks: [
      rounded('nadir without shedding, Hz', none.nadir, 46.2089, 4),
      rounded('stages without delay', stages(at0), 4, 0),
      rounded('nadir without delay, Hz', at0.nadir, 48.2422, 4),
      rounded('at 10 s without delay, Hz', at0.settled, 49.2262, 4),
      rounded('stages after 0.1 s', stages(at100), 5, 0),
      rounded('nadir after 0.1 s, Hz', at100.nadir, 48.1951, 4),
      rounded('at 10 s after 0.1 s, Hz', at100.settled, 49.5162, 4),
      rounded('stages after 0.3 s', stages(at300), 6, 0),
      rounded('nadir after 0.3 s, Hz', at300.nadir, 47.8535, 4),
      rounded('at 10 s after 0.3 s, Hz', at300.settled, 49.8006, 4),
      ...at0.events
        .filter(({ kind }) => kind === 'shed')
        .map(({ t }, k) =>
          rounded(`stage ${k + 1} without delay, s`, t, [1.2543, 1.326, 1.427, 1.6016][k] ?? Number.NaN, 4),
        ),
    ],
  };
}

/** The nine-bus system by machines, specs/grid.md 4.5: 16 % more load at one bus, with 5 % of droop and no limits. */
function machines(): CheckGroup {
  const given = builtinGrid('case9');
  // ANDES has three other reactances: 5–6, 7–8 and 9–4.
  const reactances: Readonly<Record<number, number>> = { 2: 0.1738, 5: 0.0576, 8: 0.068 };
  const grid = withColumns(given, { branch: { x: given.branch.x.map((x, r) => reactances[r] ?? x) } });
  const solution = powerFlow(grid);
  if (!solution.ok) throw new Error('case9 has no solution');
  const units: readonly Machine[] = [
    [47.28, 0.0608, 0.02],
    [12.8, 0.1198, 0.025],
    [6.02, 0.1813, 1 / 30],
  ].map(([M, xd, R]) => ({ M: M!, D: 0, xd: xd!, R: R!, T1: 0.5, T2: 1, T3: 5, Dt: 0 }));
  // Bus 5 of Anderson and Fouad is MATPOWER's bus 9.
  const nadir = (loads: LoadModel, power: number): number =>
    runMachines(grid, solution, units, { f0: 60, loads, steps: [{ t: 1, bus: 9, power }], duration: 20 }).nadir;
  return {
    claim: 'Nadirs of the nine-bus system by machines, loads as impedances and as powers',
    source: 'ANDES 1.9.3, specs/grid.md 4.5',
    checks: [
      rounded('+10 MW, impedances, Hz', nadir('impedance', 0.1), 59.8765, 3),
      rounded('+10 MW, powers, Hz', nadir('power', 0.1), 59.8573, 3),
      rounded('+50 MW, impedances, Hz', nadir('impedance', 0.5), 59.4029, 3),
      rounded('+50 MW, powers, Hz', nadir('power', 0.5), 59.2831, 3),
    ],
  };
}

export function frequencyChecks(): CheckGroup[] {
  return [stepResponses(), loadFrequency(), dynamicAttacks(), shedding(), machines()];
}
