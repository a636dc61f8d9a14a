import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GridResult, RunEvent } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { parseScenario, scenarioFrom } from '../../core/scenario.ts';
import { commandQueue } from '../../evaluation/control.ts';
import { buildingBond } from '../../evaluation/district.ts';
import { mergeOutcomes } from '../../evaluation/merge.ts';
import type { Outcome } from '../../evaluation/merge.ts';
import { cut, wholePanel } from '../../evaluation/part.ts';
import type { Part } from '../../evaluation/part.ts';
import { columnOf } from '../../evaluation/report/column.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { runEvents } from '../../evaluation/run.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import type { Workspace } from '../../evaluation/workspace.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { case14 } from '../../sim/grid/builtin/case14.ts';
import { stepResponse } from '../../sim/grid/frequency/system-response.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const source = memoryWorkspace();
const districts = new Map<string, ReturnType<typeof source.dataset>>();
/** Districts are made once: they are only read. */
const memory: Workspace = {
  ...source,
  dataset(name, buildings) {
    const known = districts.get(buildings.join()) ?? source.dataset(name, buildings);
    districts.set(buildings.join(), known);
    return known;
  },
};
const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };

async function evaluate(scenario: Scenario, part?: Part, workspace: Workspace = memory): Promise<Outcome> {
  const events: RunEvent[] = [];
  const options = { clock, commands: commandQueue(), versions: {}, codeHash: 'test', part };
  for await (const event of runEvents(scenario, workspace, options)) events.push(event);
  const [started, last] = [events[0]!, events.at(-1)!];
  if (started.type !== 'started' || last.type !== 'finished') throw new Error(`run ended with ${last.type}`);
  const frames = events.flatMap((event) => (event.type === 'frame' ? [event.frame] : []));
  return { result: last.result, schema: started.schema, frames };
}

const value = {
  seed: 4,
  district: { steps: 40, buildings: ['Building_1', 'Building_4'] },
  victim: { policy: 'small-sac' },
  attacks: [{ name: 'pgd', config: { steps: 4, restarts: 1 } }, { name: 'random-noise' }],
  live: { frameSteps: 16 },
  grid: {
    placement: [
      { building: 'Building_1', bus: 18, count: 150 },
      { building: 'Building_4', bus: 33, count: 80 },
      { building: 'Building_4', bus: 18, count: 20 },
    ],
    background: { scale: 0.6, profile: [1, 0.5] },
    zip: { p: [0.5, 0.2, 0.3], q: [0, 0, 1] },
    inverter: { kva: 7 },
    taps: [{ branch: [6, 7] }],
    capacitors: [{ bus: 30, mvar: 0.3 }],
    limits: { branch_mva: 3 },
    frequency: { system_mw: 2000, feeders: 300 },
    protection: { rule: 'instant' },
    shares: { parts: 10, tolerance: 0.01 },
  },
};
const scenario = scenarioFrom(value, 'test', schema);
let whole: Outcome;
let grid: GridResult;
beforeAll(async () => {
  whole = await evaluate(scenario);
  grid = whole.result.grid!;
});
const column = (name: string): Float32Array => columnOf(whole.schema, whole.frames, name)!;

describe('a run with a network', () => {
  it('solves it for the clean twins and under each attack', () => {
    expect(grid.networks.map(({ lane }) => lane)).toEqual(['grid/clean', 'grid/pgd', 'grid/random-noise']);
    expect([grid.case, grid.buses, grid.homes, grid.method]).toEqual(['case33bw', 33, 250, 'sweep']);
    for (const { lane, kpis } of grid.networks) {
      expect(kpis['unsolved_minutes']).toBe(0);
      expect(kpis['vmin']).toBeCloseTo(Math.min(...column(`${lane}/vmin`)), 6);
      expect(kpis['vmax']).toBeCloseTo(Math.max(...column(`${lane}/vmax`)), 6);
      expect(kpis['max_loading']).toBeCloseTo(Math.max(...column(`${lane}/max_loading`)), 5);
      expect(kpis['losses']).toBeCloseTo(
        column(`${lane}/losses`).reduce((sum, mw) => sum + mw, 0),
        4,
      );
      expect(kpis['nose_margin']).toBeGreaterThan(0.5);
    }
  });

  it('follows the frequency of a system with 300 such feeders', () => {
    for (const { lane, kpis, extremes, regret } of grid.networks) {
      const changes = [...column(`${lane}/slack`)].map((mw, t, all) => (t === 0 ? 0 : mw - all[t - 1]!));
      const rise = Math.max(...changes);
      const parameters = { H: 4, D: 1, R: 0.05, Km: 0.95, FH: 0.3, TR: 8 };
      const { nadir, settled } = stepResponse(parameters, (-300 * rise) / 2000);
      const unshed = 50 * (1 + Math.min(nadir!, settled));
      if (kpis['ufls_steps'] === 0) expect(kpis['frequency_nadir']).toBeCloseTo(unshed, 3);
      else expect(kpis['frequency_nadir']).toBeGreaterThan(unshed);
      expect(extremes['frequency']).toEqual({ step: changes.indexOf(rise) });
      if (regret !== undefined)
        expect(regret['frequency_nadir']!.delta).toBeCloseTo(
          kpis['frequency_nadir']! - grid.networks[0]!.kpis['frequency_nadir']!,
          12,
        );
    }
    expect(grid.units['frequency_rocof']).toBe('Hz/s');
    const odd = { ...value, grid: { ...value.grid, frequency: { f0: 60, shedding: 'ce' } } };
    return expect(evaluate(scenarioFrom(odd, 'test', schema))).rejects.toThrow(
      /\/grid\/frequency\/shedding.*no stage of a system of 60 Hz/,
    );
  });

  it('asks its relays what they do in the step that loads it most', async () => {
    const topology = whole.schema.grid!;
    for (const { kpis, extremes, cascade } of grid.networks) {
      expect(cascade!.step).toBe(extremes['loading']!['step']);
      expect(kpis['cascade_lines_tripped']).toBe(cascade!.linesTripped);
      const trips = cascade!.events.filter(({ what }) => what === 'line-trip');
      expect(cascade!.linesTripped).toBe(trips.length);
      expect(trips.length > 0).toBe(kpis['max_loading']! > 1);
      // A branch that is out parts a radial feeder once more; what is served is at buses of the part with the reference.
      const { parts, trippedAt, servedAt } = cascade!;
      expect(trippedAt.filter((t) => t !== null)).toHaveLength(trips.length);
      expect(parts).toHaveLength(trips.length + 1);
      expect(parts.flat().toSorted((a, b) => a - b)).toEqual(topology.buses.toSorted((a, b) => a - b));
      expect(servedAt.reduce((sum, mw) => sum + mw, 0)).toBeCloseTo(cascade!.servedMw, 9);
      for (const { index, branch, t } of trips) {
        expect(topology.branches[index!]).toEqual(branch);
        expect(trippedAt[index!]).toBe(t);
        expect(parts.some((part) => part.includes(branch![0]) && part.includes(branch![1]))).toBe(false);
      }
      if (trips.length === 0) continue;
      // The branch at the head of the feeder: all behind it is dark.
      const { loading } = extremes;
      expect(trips[0]).toMatchObject({ t: 0, why: 'instant', branch: [loading!['from'], loading!['to']] });
      expect([cascade!.ended, cascade!.servedMw]).toEqual(['blackout', 0]);
      const lost = cascade!.events.reduce((sum, event) => sum + event.mwLost, 0);
      expect(lost).toBeCloseTo(cascade!.demandMw, 6);
      expect(kpis['cascade_energy_not_served']).toBeCloseTo(lost, 6);
    }
    expect(grid.networks.map(({ cascade }) => cascade!.linesTripped > 0)).toContain(true);
    const strong = { ...value, grid: { ...value.grid, limits: { branch_mva: 100 } } };
    const { networks } = (await evaluate(scenarioFrom(strong, 'test', schema))).result.grid!;
    for (const { cascade } of networks)
      expect([cascade!.ended, cascade!.events, cascade!.servedFraction]).toEqual(['stable', [], 1]);
  });

  it('says how many of the homes an attack needs', async () => {
    const [clean, ...attacked] = grid.networks;
    expect(clean!.kpis['overload_share_needed']).toBeNull();
    expect(grid.units['under_voltage_share_needed']).toBe('share');
    for (const { kpis } of attacked) {
      // Nobody is needed where the clean twin does it, and nothing is enough where all of them do not. In between it is not monotone.
      const under = kpis['under_voltage_share_needed']!;
      if (clean!.kpis['vmin']! < 0.95) expect(under).toBe(0);
      else if (kpis['vmin']! < 0.95) expect(under).toBeGreaterThan(0);
      if (clean!.kpis['vmax']! <= 1.05 && kpis['vmax']! > 1.05)
        expect(kpis['over_voltage_share_needed']).toBeGreaterThan(0);
      const overload = kpis['overload_share_needed'];
      if (clean!.kpis['max_loading']! > 1) expect(overload).toBe(0);
      else if (kpis['max_loading']! > 1) expect(overload).toBeGreaterThan(0);
    }
    // A band, and a limit, between the clean twin and an attack: some share of the homes is enough, and all of them are.
    const { kpis } = attacked.reduce((low, each) => (each.kpis['vmin']! < low.kpis['vmin']! ? each : low));
    const between = (a: number | null, b: number | null): number => (a! + b!) / 2;
    expect(kpis['vmin']).toBeLessThan(clean!.kpis['vmin']!);
    const edge = between(kpis['vmin']!, clean!.kpis['vmin']!);
    const narrow = { ...value, grid: { ...value.grid, limits: { voltage: [edge, 1.5], branch_mva: 3 } } };
    const { networks } = (await evaluate(scenarioFrom(narrow, 'test', schema))).result.grid!;
    const again = networks.find(({ attack }) => attack === attacked.find((each) => each.kpis === kpis)!.attack)!;
    const share = again.kpis['under_voltage_share_needed']!;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.95);
    expect(again.kpis['over_voltage_share_needed']).toBeNull();
  });

  it('takes from it what the buildings take, home by home', () => {
    for (const label of ['clean', 'pgd']) {
      const [one, four] = [column(`Building_1/${label}/net`), column(`Building_4/${label}/net`)];
      column(`grid/${label}/homes`).forEach((mw, t) =>
        expect(mw).toBeCloseTo((150 * one[t]! + 100 * four[t]!) / 1000, 5),
      );
    }
  });

  it('records voltages by bus, whose least is the least, and says how they hang together', () => {
    const { buses, branches, reference, band } = whole.schema.grid!;
    expect([buses.length, branches.length, reference, ...band]).toEqual([33, 32, 1, 0.95, 1.05]);
    const volts = buses.map((bus) => column(`grid/pgd/v.${bus}`));
    column('grid/pgd/vmin').forEach((v, t) => expect(Math.min(...volts.map((of) => of[t]!))).toBe(v));
    expect(new Set(column('grid/clean/v.1'))).toEqual(new Set([1]));
  });

  it('tells how much worse each attack is, by difference and ratio', () => {
    const [clean, pgd] = [grid.networks[0]!, grid.networks[1]!];
    expect(clean.regret).toBeUndefined();
    expect(pgd.kpis['losses']).not.toBe(clean.kpis['losses']);
    for (const [kpi, { delta, ratio }] of Object.entries(pgd.regret!)) {
      const [own, twin] = [pgd.kpis[kpi]!, clean.kpis[kpi]!];
      if (own !== null && twin !== null) expect(delta).toBe(own - twin);
      expect(ratio).toBe(own === null || twin === null || twin === 0 ? null : own / twin);
    }
  });

  it('is reported with a table and a chart', () => {
    const html = reportHtml(whole.result, whole.schema, whole.frames);
    expect(html).toContain('The network case33bw');
    expect(html).toContain('<td>nose_margin</td><td>share</td>');
    expect(html).toMatch(/branches tripped, \d+ % of the load served<ul><li>0 s: line-trip at branch \d+–\d+<\/li>/);
    expect(html).toMatch(/lowest frequency \d\d\.\d+ Hz, after step \d+/);
    expect(html).toContain('lowest voltage of case33bw');
    expect(reportHtml({ ...whole.result, grid: undefined as never }, null, [])).not.toContain('The network');
  });

  it('is the same in parts, of which its buildings are in each', async () => {
    const bond = await buildingBond(scenario, memory);
    expect(bond).toContain('one network');
    const parts: Outcome[] = [];
    for (const part of cut(wholePanel(scenario), bond, 2)) parts.push(await evaluate(scenario, part));
    const merged = mergeOutcomes(scenario, parts.toReversed());
    expect(merged.result.grid).toEqual(grid);
    expect(merged.result.hashes).toEqual(whole.result.hashes);
    expect(merged.schema).toEqual(whole.schema);
    for (const { name } of whole.schema.channels)
      expect(columnOf(merged.schema, merged.frames, name)).toEqual(column(name));
    await expect(evaluate(scenario, { attacks: [0], buildings: [1] })).rejects.toThrow('/grid');
  });
});

describe('a network in a scenario', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-grid-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const short = (own: object): Scenario =>
    scenarioFrom({ ...value, district: { ...value.district, steps: 2 }, grid: own }, 'test', schema);
  const files = fileWorkspace({ roots: [folder], modelsDir: 'models' });
  const read = { ...memory, grid: (name: string) => files.grid(name) };

  it('may be a file, meshed, and is then part of what the data is', async () => {
    const file = join(folder, 'own.m');
    writeFileSync(file, case14);
    const { result } = await evaluate(short({ case: file, homes: 2000, background: { scale: 1 } }), undefined, read);
    expect([result.grid!.method, result.grid!.buses]).toEqual(['newton', 14]);
    const other = await evaluate(short({}), undefined, read);
    expect(other.result.hashes.data).not.toBe(result.hashes.data);
    await expect(evaluate(short({ case: join(folder, 'none.m') }), undefined, read)).rejects.toThrow('no file');
    await expect(evaluate(short({ case: '/etc/none.json' }), undefined, read)).rejects.toThrow('outside the folders');
  });

  it.each([
    ['/grid/case', { case: 'case33wb' }, /case33bw/],
    ['/grid/placement/0/building', { placement: [{ building: 'Building_2', bus: 3, count: 1 }] }, /Building_2/],
    ['/grid/placement/0/bus', { placement: [{ building: 'Building_1', bus: 99, count: 1 }] }, /no bus 99/],
    ['/grid', { taps: [{ branch: [7, 6] }] }, /branch 7–6/],
    ['/grid', { capacitors: [{ bus: 77, mvar: 1 }] }, /bus 77/],
    [
      '/grid/inverter/points',
      {
        inverter: {
          points: [
            [1, 0],
            [1.1, 0.2],
          ],
        },
      },
      /does not rise/,
    ],
  ])('is refused at %s', async (path, own, message) => {
    const refused = evaluate(short(own));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ place: { path } });
  });

  it.each([
    ['test:2:3 /grid/zip', 'grid:\n  zip: { p: [0.5, 0, 0] }', /another sum than 1/],
    ['/grid/limits/voltage', 'grid:\n  limits: { voltage: [1.05, 0.95] }', /not below/],
    ['/grid/power_factor', 'grid:\n  power_factor: 1.2', /1\.2/],
    ['/grid/power_factr', 'grid:\n  power_factr: 1', /did you mean 'power_factor'/],
    ['/grid/capacitors/0/off', 'grid:\n  capacitors: [{ bus: 3, mvar: 1, on: 1, off: 0.9 }]', /not above/],
  ])('is refused at %s of the text', (path, text, message) => {
    const parse = (): Scenario => parseScenario(text, 'test', schema);
    expect(parse).toThrow(message);
    expect(parse).toThrow(path.split(' ').at(-1)!);
  });
});
