import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { builtinGrid } from '../../../sim/grid/builtin/index.ts';
import { withColumns } from '../../../sim/grid/grid-case.ts';
import type { GridCase } from '../../../sim/grid/grid-case.ts';
import { powerFlow } from '../../../sim/grid/power-flow.ts';
import { spreadHomes } from '../../../sim/grid/placed/homes.ts';
import { placeDistrict, placedByNewton } from '../../../sim/grid/placed/placement.ts';
import type { DistrictPlacement, PlacedDistrict, ZipParts } from '../../../sim/grid/placed/placement.ts';
import { PlacedLanes } from '../../../sim/grid/placed/placed-lanes.ts';
import type { GridRecord } from '../../../sim/grid/placed/record.ts';
import { mixedSeries, seriesOf, solvePlaced } from '../../../sim/grid/placed/solve-placed.ts';
import type { DistrictSeries, SolveOptions } from '../../../sim/grid/placed/solve-placed.ts';
import { powerFlowSeries } from '../../../sim/grid/series.ts';
import { given } from '../../../sim/grid/voltage-dependence.ts';
import { voltVar, voltVarCurve, voltVarDefaults } from '../../../sim/grid/volt-var.ts';

function finished<Result>(work: Generator<number, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value as Result;
  }
}

function solve(
  grid: GridCase,
  placement: DistrictPlacement,
  series: DistrictSeries,
  options?: SolveOptions,
  by: (placed: PlacedDistrict) => PlacedDistrict = (placed) => placed,
): GridRecord {
  return finished(solvePlaced(by(placeDistrict(grid, placement, buildings)), [series], options))[0]!;
}

const buildings = 3;

/** Some hours of homes that take up to 4 kW, with sun and batteries between −5 and 5 kW. */
function drawn(draw: Rng, steps: number, hours = 1, sun = 5): DistrictSeries {
  const column = (low: number, high: number): Float64Array =>
    Float64Array.from({ length: steps }, () => hours * (low + draw.uniform() * (high - low)));
  const inverter = Array.from({ length: buildings }, () => column(-sun, sun));
  const load = Array.from({ length: buildings }, () => column(0, 4));
  const net = load.map((kwh, b) => kwh.map((each, t) => each + inverter[b]![t]!));
  return seriesOf(net, inverter, hours);
}

function zipOf(draw: Rng): ZipParts {
  const [a, b] = [draw.uniform(), draw.uniform()].sort((x, y) => x - y) as [number, number];
  return [a, b - a, 1 - b];
}

const seeds = fc.nat(1e6);
const feeder = builtinGrid('case33bw');
const homes = spreadHomes(feeder, 800, buildings);

describe('homes on a feeder', () => {
  it('are dealt by the loads of the buses, to the last home', () => {
    expect(homes.reduce((sum, { count }) => sum + count, 0)).toBe(800);
    const at = (bus: number): number =>
      homes.filter((each) => each.bus === bus).reduce((sum, { count }) => sum + count, 0);
    const load = feeder.bus.Pd.reduce((sum, p) => sum + p, 0);
    feeder.bus.bus.forEach((bus, row) =>
      expect(Math.abs(at(bus) - (800 * feeder.bus.Pd[row]!) / load)).toBeLessThan(1),
    );
    const of = (building: number): number =>
      homes.filter((each) => each.building === building).reduce((sum, { count }) => sum + count, 0);
    expect(Math.max(of(0), of(1), of(2)) - Math.min(of(0), of(1), of(2))).toBeLessThanOrEqual(1);
  });

  it('take from the network what they take in the district, exactly', () => {
    // Numbers of few binary places: no rounding anywhere, so that nothing hides in it.
    const net = [Float64Array.of(1000, -2000, 500), Float64Array.of(3000, 250, 0), Float64Array.of(0, 0, 4000)];
    const none = net.map(() => new Float64Array(3));
    const record = solve(
      feeder,
      {
        homes: [
          { building: 0, bus: 4, count: 2 },
          { building: 1, bus: 18, count: 1 },
          { building: 2, bus: 4, count: 0.5 },
        ],
        background: { scale: 0 },
      },
      seriesOf(net, none, 0.5),
    );
    expect([...record.controlledMw]).toEqual([10, -7.5, 6]);
    fc.assert(
      fc.property(seeds, (seed) => {
        const draw = rng(seed);
        const series = drawn(draw, 6, 0.25);
        const scale = draw.uniform();
        const got = solve(feeder, { homes, background: { scale } }, series);
        const [read, of] = [new Float64Array(buildings), new Float64Array(buildings)];
        let kwh = 0;
        for (let step = 0; step < 6; step++) {
          series.read(step, read, of);
          kwh += homes.reduce((sum, { building, count }) => sum + count * read[building]!, 0);
          // All that the reference gives is loads and losses.
          expect(Math.abs(got.slackMw[step]! - got.lossMw[step]! - got.demandMw[step]!)).toBeLessThan(1e-12);
          const others = got.demandMw[step]! - got.controlledMw[step]!;
          expect(others).toBeCloseTo(scale * feeder.bus.Pd.reduce((sum, p) => sum + p, 0), 12);
        }
        const mwh = got.controlledMw.reduce((sum, p) => sum + p * 0.25, 0);
        expect(Math.abs(mwh - kwh / 1000)).toBeLessThan(1e-12);
      }),
      { numRuns: 20 },
    );
  });

  it('at constant power are what a series of power flows is, to the bit', () => {
    const series = drawn(rng(3), 40);
    const own = solve(feeder, { homes, background: { scale: 0.5, profile: [1, 0.5, 1.25] } }, series);
    const [net, inverter] = [new Float64Array(buildings), new Float64Array(buildings)];
    const tangent = Math.sqrt(1 - 0.95 * 0.95) / 0.95;
    const loads = {
      steps: 40,
      fill: (step: number, p: Float64Array, q: Float64Array, offset: number, stride: number): void => {
        series.read(step, net, inverter);
        const by = [1, 0.5, 1.25][step % 3]!;
        for (let row = 0; row < 33; row++) {
          p[offset + row * stride] = feeder.bus.Pd[row]! * 0.5 * by;
          q[offset + row * stride] = feeder.bus.Qd[row]! * 0.5 * by;
        }
        for (const { building, bus, count } of homes) {
          p[offset + (bus - 1) * stride]! += net[building]! * (count / 1000);
          q[offset + (bus - 1) * stride]! += (net[building]! - inverter[building]!) * (count / 1000) * tangent;
        }
      },
    };
    const plain = finished(powerFlowSeries(feeder, loads));
    const constant = { p: [1, 0, 0], q: [1, 0, 0] } as const;
    const limit = solve(feeder, { homes, background: { scale: 0.5, profile: [1, 0.5, 1.25] }, zip: constant }, series);
    for (const key of ['vmin', 'vmax', 'vminBus', 'lossMw', 'lossMvar', 'slackMw', 'slackMvar', 'converged'] as const) {
      expect(own[key]).toEqual(plain[key]);
      expect(limit[key]).toEqual(plain[key]);
    }
  });

  it('are the same in lanes of any width, with whatever controls', () => {
    const controls: DistrictPlacement = {
      homes,
      zip: { p: [0.3, 0.3, 0.4], q: [0, 0.5, 0.5] },
      inverter: { ratingKva: 6, curve: voltVarCurve(voltVarDefaults['ieee1547-b']) },
      ratingMva: 4,
    };
    const moving: DistrictPlacement = {
      ...controls,
      tapChangers: [{ from: 6, to: 7, target: 1, band: 0.02, step: 0.00625, least: -16, most: 16, delay: 1, start: 0 }],
      capacitors: [{ bus: 30, mvar: 0.6, on: 0.94, off: 1.01, delay: 2, start: false }],
    };
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 5 }), fc.boolean(), (seed, width, moves) => {
        const draw = rng(seed);
        const scenarios = Array.from({ length: 3 }, () => drawn(draw, 7));
        const placed = placeDistrict(feeder, moves ? moving : controls, buildings);
        const together = finished(solvePlaced(placed, scenarios, { width }));
        scenarios.forEach((each, s) =>
          expect(together[s]).toEqual(finished(solvePlaced(placed, [each], { width: 1 }))[0]),
        );
      }),
      { numRuns: 12 },
    );
  });

  it('without a solution leave a step empty, and the next one as it is', () => {
    const net = Array.from({ length: buildings }, () => Float64Array.of(1, 90, 1));
    const seen: boolean[] = [];
    const got = solve(
      feeder,
      { homes },
      seriesOf(
        net,
        net.map(() => new Float64Array(3)),
        1,
      ),
      {
        visit: (_scenario, _step, { solved, vm }) => seen.push(solved && !Number.isNaN(vm[17]!)),
      },
    );
    expect([...got.converged]).toEqual([1, 0, 1]);
    expect(got.vmin[1]).toBeNaN();
    expect(got.demandMw[1]).toBeGreaterThan(50);
    expect(got.vmin[2]).toBe(got.vmin[0]);
    expect(seen).toEqual([true, false, true]);
  });

  it('mixed by a share are between those that are clean and those that are attacked', () => {
    const [clean, attacked] = [drawn(rng(1), 2), drawn(rng(2), 2)];
    const at = (share: number): number =>
      solve(feeder, { homes }, mixedSeries(clean, attacked, share, buildings)).controlledMw[1]!;
    expect(at(0)).toBe(solve(feeder, { homes }, clean).controlledMw[1]);
    expect(at(0.25)).toBeCloseTo(0.75 * at(0) + 0.25 * at(1), 12);
  });
});

describe('loads by the voltage', () => {
  it.each(['case33bw', 'case69'])('of %s are the same by sweep and by Newton', (name) => {
    const grid = builtinGrid(name);
    fc.assert(
      fc.property(seeds, (seed) => {
        const draw = rng(seed);
        const zip = { p: zipOf(draw), q: zipOf(draw) };
        const placement = { homes: spreadHomes(grid, 500, buildings), zip, ratingMva: 5 };
        const series = drawn(draw, 3);
        const volts: Float64Array[] = [];
        const keep: SolveOptions = { visit: (_s, _t, { vm }) => volts.push(vm.slice()) };
        const sweep = solve(grid, placement, series, keep);
        const newton = solve(grid, placement, series, keep, placedByNewton);
        for (let step = 0; step < 3; step++) {
          expect(sweep.converged[step]).toBe(1);
          volts[step]!.forEach((v, row) => expect(Math.abs(v - volts[3 + step]![row]!)).toBeLessThan(1e-8));
          for (const key of ['lossMw', 'lossMvar', 'slackMw', 'slackMvar', 'loading'] as const)
            expect(Math.abs(sweep[key][step]! - newton[key][step]!)).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('balance at every bus of a meshed network, beside constant loads of the same size', () => {
    // What ZIP loads take at the solution, given as constant powers, must leave the solution where it is.
    const grid = builtinGrid('case14');
    const [p, q]: [ZipParts, ZipParts] = [
      [0.2, 0.3, 0.5],
      [0.1, 0.6, 0.3],
    ];
    const series = seriesOf([Float64Array.of(2)], [Float64Array.of(-1)], 1);
    const at = [{ building: 0, bus: 9, count: 4000 }];
    let vm = new Float64Array(0);
    const got = finished(
      solvePlaced(placeDistrict(grid, { homes: at, zip: { p, q } }, 1), [series], {
        visit: (_s, _t, solved) => (vm = solved.vm.slice()),
      }),
    )[0]!;
    const factor = ([power, current, impedance]: ZipParts, v: number): number =>
      power + current * v + impedance * v * v;
    const load = (row: number): number => (grid.bus.bus[row] === 9 ? (3 * 4000) / 1000 : 0);
    const tangent = Math.tan(Math.acos(0.95));
    const single = powerFlow(
      withColumns(grid, {
        bus: {
          Pd: grid.bus.Pd.map((each, row) => (each + load(row)) * factor(p, vm[row]!) - (load(row) > 0 ? 4 : 0)),
          Qd: grid.bus.Qd.map((each, row) => (each + load(row) * tangent) * factor(q, vm[row]!)),
        },
      }),
      { tolerance: 1e-10 },
    );
    if (!single.ok) throw new Error(single.reason);
    vm.forEach((v, row) => expect(Math.abs(v - single.vm[row]!)).toBeLessThan(1e-8));
    expect(got.lossMw[0]).toBeCloseTo(single.lossMw, 6);
    expect(got.slackMw[0]).toBeCloseTo(single.pGen[0]!, 6);
    expect(got.slackMvar[0]).toBeCloseTo(single.qGen[0]!, 6);
  });
});

describe('inverters', () => {
  const curve = voltVarCurve(voltVarDefaults['ieee1547-b']);

  it.each(['sweep', 'newton'] as const)('are on their curves, within their ratings, by %s', (solver) => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(3, 8, 20), (seed, ratingKva) => {
        const draw = rng(seed);
        const swept = placeDistrict(
          feeder,
          { homes, inverter: { ratingKva, curve }, background: { scale: 0.5 } },
          buildings,
        );
        const placed = solver === 'newton' ? placedByNewton(swept) : swept;
        const lanes = new PlacedLanes(placed, 1);
        const [net, inverter] = [new Float64Array(buildings), new Float64Array(buildings)];
        drawn(draw, 1, 1, 7).read(0, net, inverter);
        lanes.load(0, 0, 1, net, inverter);
        lanes.solve();
        expect([lanes.flow.solved[0], lanes.flow.unsettled[0]]).toEqual([1, 0]);
        const bank = lanes.flow.dependence!.inverters!;
        // The reactive power of each bus: what its homes mean to give at its voltage, kVAr of 10 MVA.
        bank.at.forEach((slot, u) => {
          const v = lanes.flow.vm[slot]!;
          const bus = feeder.bus.bus[placed.rowAt[slot]!];
          const meant = homes.reduce((sum, { building, bus: own, count }) => {
            const room = Math.sqrt(Math.max(0, ratingKva ** 2 - inverter[building]! ** 2));
            return own === bus ? sum + count * Math.min(room, Math.max(-room, voltVar(curve, v) * ratingKva)) : sum;
          }, 0);
          expect(Math.abs(given(bank, u, 1, 0, bank.command[u]!) * 10_000 - meant)).toBeLessThan(2e-3);
        });
        // And what is given goes into the network: the reference gives the rest.
        const taken = homes.reduce(
          (sum, { building, count }) => sum + ((net[building]! - inverter[building]!) * count * placed.tangent) / 1000,
          0.5 * feeder.bus.Qd.reduce((sum, q) => sum + q, 0),
        );
        const all = bank.at.reduce((sum, _, u) => sum + 10 * given(bank, u, 1, 0, bank.command[u]!), 0);
        expect(lanes.flow.slackMvar[0]! - lanes.flow.lossMvar[0]!).toBeCloseTo(taken - all, 6);
      }),
      { numRuns: 12 },
    );
  });

  it('of steep curves on a weak feeder still settle, and hold the voltage nearer to 1', () => {
    const steep = voltVarCurve([
      [0.99, 1],
      [1.01, -1],
    ]);
    const net = Array.from({ length: buildings }, () => Float64Array.of(-6));
    const series = seriesOf(net, net, 1);
    const without = solve(feeder, { homes, background: { scale: 0.1 } }, series);
    const with_ = solve(
      feeder,
      { homes, background: { scale: 0.1 }, inverter: { ratingKva: 8, curve: steep } },
      series,
    );
    expect(without.vmax[0]).toBeGreaterThan(1.05);
    expect([...with_.converged, ...with_.unsettled]).toEqual([1, 0]);
    expect(with_.vmax[0]).toBeLessThan(without.vmax[0]! - 0.02);
  });

  it('have curves that fall', () => {
    expect(voltVar(curve, 0.5)).toBe(0.44);
    expect(voltVar(curve, 0.95)).toBeCloseTo(0.22, 12);
    expect(voltVar(curve, 1)).toBeCloseTo(0, 15);
    expect(voltVar(curve, 1.05)).toBeCloseTo(-0.22, 12);
    expect(voltVar(curve, 2)).toBe(-0.44);
    expect(() => voltVarCurve([[1, 0]])).toThrow('at least 2');
    expect(() =>
      voltVarCurve([
        [0.9, 0],
        [1, 0.2],
      ]),
    ).toThrow('does not rise');
    expect(() =>
      voltVarCurve([
        [1, 0],
        [0.9, 0],
      ]),
    ).toThrow('rising voltage');
  });
});

describe('taps and capacitors', () => {
  const tap = { from: 6, to: 7, target: 1, band: 0.02, step: 0.00625, least: -16, most: 16, delay: 1, start: 0 };
  const flat = (steps: number, kwh: number): DistrictSeries => {
    const net = Array.from({ length: buildings }, () => new Float64Array(steps).fill(kwh));
    return seriesOf(
      net,
      net.map(() => new Float64Array(steps)),
      1,
    );
  };

  it('go one position a step until the voltage is in its band, and stay', () => {
    const volts: number[] = [];
    const got = solve(feeder, { homes, background: { scale: 0.5 }, tapChangers: [tap] }, flat(20, 1), {
      visit: (_s, _t, { vm }) => volts.push(vm[6]!),
    });
    const last = got.taps[19]!;
    expect(last).toBeGreaterThan(0);
    expect([...got.taps]).toEqual(Array.from({ length: 20 }, (_, step) => Math.min(step, last)));
    expect(Math.abs(volts[19]! - 1)).toBeLessThanOrEqual(0.01);
    expect(Math.abs(volts[last - 1]! - 1)).toBeGreaterThan(0.01);
  });

  it('wait, and end at their last position', () => {
    const got = solve(
      feeder,
      { homes, tapChangers: [{ ...tap, delay: 3, most: 2 }], background: { scale: 1 } },
      flat(12, 1),
    );
    expect([...got.taps].slice(0, 6)).toEqual([0, 0, 0, 1, 2, 2]);
    expect(got.taps[11]).toBe(2);
  });

  it('are the same by sweep and by Newton at every position', () => {
    const placement: DistrictPlacement = {
      homes,
      tapChangers: [{ ...tap, step: 0.0125 }],
      capacitors: [{ bus: 30, mvar: 0.6, on: 0.95, off: 1.05, delay: 1, start: false }],
      ratingMva: 5,
    };
    const sweep = solve(feeder, placement, flat(8, 1));
    const newton = solve(feeder, placement, flat(8, 1), {}, placedByNewton);
    expect(newton.taps).toEqual(sweep.taps);
    expect(newton.capacitors).toEqual(sweep.capacitors);
    for (const key of ['vmin', 'vmax', 'lossMw', 'lossMvar', 'slackMw', 'slackMvar', 'loading'] as const)
      sweep[key].forEach((x, step) => expect(Math.abs(x - newton[key][step]!)).toBeLessThan(1e-6));
    expect(sweep.taps[7]).toBeGreaterThan(1);
  });

  it('switch in below, out above, and not in the dead band', () => {
    const kwh = [3, 3, 3, 0.5, 0.5, -4, -4, -4];
    const net = Array.from({ length: buildings }, () => Float64Array.from(kwh));
    const got = solve(
      feeder,
      {
        homes,
        background: { scale: 0.5 },
        capacitors: [{ bus: 30, mvar: 0.3, on: 0.94, off: 1, delay: 2, start: false }],
      },
      seriesOf(
        net,
        net.map(() => new Float64Array(8)),
        1,
      ),
    );
    expect([...got.capacitors]).toEqual([0, 0, 1, 1, 1, 1, 1, 0]);
    // Capacitors give reactive power, which lifts the voltage and is not the reference's to give.
    expect(got.vmin[2]).toBeGreaterThan(got.vmin[1]!);
    expect(got.slackMvar[2]).toBeLessThan(got.slackMvar[1]! - 0.2);
  });
});

describe('a placement', () => {
  it.each([
    ['bus', { homes: [{ building: 0, bus: 99, count: 1 }] }, 'homes at bus 99: case33bw has none'],
    ['building', { homes: [{ building: 3, bus: 2, count: 1 }] }, 'homes of building 3, expected 0 to 2'],
    ['parts', { homes, zip: { p: [0.5, 0, 0], q: [1, 0, 0] } }, 'another sum than 1'],
    ['power factor', { homes, powerFactor: 0 }, 'power factor is 0'],
    [
      'branch',
      {
        homes,
        tapChangers: [{ from: 1, to: 9, target: 1, band: 0.02, step: 0.01, least: -1, most: 1, delay: 0, start: 0 }],
      },
      'branch 1–9',
    ],
    [
      'side',
      {
        homes,
        tapChangers: [{ from: 8, to: 21, target: 1, band: 0.02, step: 0.01, least: -1, most: 1, delay: 0, start: 0 }],
      },
      '8–21',
    ],
  ] as const)('of a wrong %s is refused', (_what, placement, message) => {
    expect(() => placeDistrict(feeder, placement as DistrictPlacement, buildings)).toThrow(message);
  });

  it('on a network of two islands, or without load to spread by, is refused', () => {
    const none = new Float64Array(33);
    expect(() => spreadHomes(withColumns(feeder, { bus: { Pd: none } }), 10, 1)).toThrow('no load to spread');
  });
});
