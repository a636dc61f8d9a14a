import { complex, add, conj, divide, multiply, subtract } from 'mathjs';
import type { Complex } from 'mathjs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultlineIn } from '../../support/faultline.ts';
import { feeder, feederText, huge, json, mesh, meshText, parts, partsText } from './written-networks.ts';
import type { Written } from './written-networks.ts';

/** What `faultline powerflow --json` prints, of it what is looked at. */
interface Printed {
  readonly converged: boolean;
  readonly lossMw: number;
  readonly unservedMw: number;
  readonly islands: readonly { readonly buses: readonly number[] }[];
  readonly buses: readonly { readonly bus: number; readonly vmPu: number | null; readonly vaDeg: number | null }[];
  readonly branches: readonly Readonly<Record<'pFromMw' | 'qFromMvar' | 'pToMw' | 'qToMvar', number>>[];
  readonly generators: readonly { readonly bus: number; readonly pMw: number; readonly qMvar: number }[];
  readonly findings: readonly { readonly code: string; readonly buses: readonly number[] }[];
}

const folder = mkdtempSync(join(tmpdir(), 'faultline-written-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function printed(file: string, text: string, ...args: string[]): Promise<Printed> {
  writeFileSync(join(folder, file), text);
  const { code, stdout, stderr } = await faultlineIn(folder, ['powerflow', file, '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Printed;
}

const times = (a: Complex, b: Complex): Complex => multiply(a, b) as unknown as Complex;
const over = (a: Complex | number, b: Complex): Complex => divide(a, b) as Complex;

/**
 * Powers into both ends of a branch from the voltages of its ends: an ideal transformer of ratio τ e^{jφ}, behind it half of the charging, the series impedance, the
 * other half. From currents through the elements one by one, in mathjs' complex numbers: no admittance matrix. p.u.
 */
function throughBranch(row: readonly number[], from: Complex, to: Complex): readonly [Complex, Complex] {
  const [, , r, x, b, , , , ratio, angle] = row as number[];
  const phi = (angle! * Math.PI) / 180;
  const turns = complex({ r: ratio === 0 ? 1 : ratio!, phi });
  const behind = over(from, turns);
  const series = over(subtract(behind, to) as Complex, complex(r!, x!));
  const charging = complex(0, b! / 2);
  const into = add(series, times(charging, behind)) as Complex;
  // What an ideal transformer takes it gives: V I* on both sides.
  const iFrom = over(into, conj(turns));
  const iTo = subtract(times(charging, to), series) as Complex;
  return [times(from, conj(iFrom)), times(to, conj(iTo))];
}

/** The largest power that is missing at a bus with a voltage, and the largest difference to a printed flow, MVA. */
function imbalance({ baseMva, bus, gen, branch }: Written, flow: Printed): number {
  const voltage = new Map<number, Complex>();
  const left = new Map<number, Complex>();
  let worst = 0;
  const put = (at: number, s: Complex): void => void left.set(at, add(left.get(at) ?? complex(0, 0), s) as Complex);
  for (const { bus: id, vmPu, vaDeg } of flow.buses)
    if (vmPu !== null) voltage.set(id, complex({ r: vmPu, phi: (vaDeg! * Math.PI) / 180 }));
  for (const [id, , p, q, gs, bs] of bus as number[][]) {
    const v = voltage.get(id!);
    if (v === undefined) continue;
    const v2 = v.re ** 2 + v.im ** 2;
    put(id!, complex(-(p! + gs! * v2), -(q! - bs! * v2)));
  }
  gen.forEach(([id], g) => {
    const { bus: at, pMw, qMvar } = flow.generators[g]!;
    expect(at).toBe(id);
    if (voltage.has(at)) put(at, complex(pMw, qMvar));
    else expect([pMw, qMvar]).toEqual([0, 0]);
  });
  const isolated = new Set(bus.filter((row) => row[1] === 4).map((row) => row[0]));
  branch.forEach((row, r) => {
    const [f, t] = [voltage.get(row[0]!), voltage.get(row[1]!)];
    const { pFromMw, qFromMvar, pToMw, qToMvar } = flow.branches[r]!;
    const isIn = row[10]! > 0 && !isolated.has(row[0]) && !isolated.has(row[1]) && f !== undefined && t !== undefined;
    if (!isIn) {
      expect([pFromMw, qFromMvar, pToMw, qToMvar].map((each) => each || 0)).toEqual([0, 0, 0, 0]);
      return;
    }
    const [sf, st] = throughBranch(row, f, t).map((s) => times(s, complex(baseMva, 0))) as [Complex, Complex];
    put(row[0]!, times(sf, complex(-1, 0)));
    put(row[1]!, times(st, complex(-1, 0)));
    worst = Math.max(worst, Math.abs(sf.re - pFromMw), Math.abs(sf.im - qFromMvar));
    worst = Math.max(worst, Math.abs(st.re - pToMw), Math.abs(st.im - qToMvar));
  });
  return Math.max(worst, ...[...left.values()].map(({ re, im }) => Math.max(Math.abs(re), Math.abs(im))));
}

describe('a case that is written by hand, through the command line', () => {
  const flows = new Map<string, Printed>();
  const cases = { mesh: [mesh, meshText], parts: [parts, partsText], feeder: [feeder, feederText] } as const;
  beforeAll(async () => {
    for (const [name, [written, text]] of Object.entries(cases)) {
      flows.set(
        `${name}.m`,
        await printed(`${name}.m`, text.replaceAll('\n', '\r\n'), '--start', 'flat', '--tolerance', '1e-11'),
      );
      flows.set(
        `${name}.json`,
        await printed(`${name}.json`, json(written), '--start', 'flat', '--tolerance', '1e-11'),
      );
    }
  });

  it.each(
    Object.entries(cases).flatMap(([name, [written]]) => [
      [`${name}.m`, written] as const,
      [`${name}.json`, written] as const,
    ]),
  )('is in balance at every bus and over every branch, element by element: %s', (file, written) => {
    const flow = flows.get(file)!;
    expect(flow.converged).toBe(true);
    expect(imbalance(written, flow)).toBeLessThan(1e-7);
    const given = flow.generators.reduce((sum, { pMw }) => sum + pMw, 0);
    const alive = new Map(flow.buses.map(({ bus, vmPu }) => [bus, vmPu] as const));
    const taken = written.bus.reduce((sum, [id, , p, , gs]) => {
      const v = alive.get(id!);
      return v === null ? sum : sum + p! + gs! * v! ** 2;
    }, 0);
    expect(given - taken).toBeCloseTo(flow.lossMw, 7);
  });

  it('is the same from MATPOWER’s format and from JSON', () => {
    for (const name of Object.keys(cases)) {
      const [m, j] = [flows.get(`${name}.m`)!, flows.get(`${name}.json`)!];
      m.buses.forEach(({ vmPu, vaDeg }, i) => {
        if (vmPu === null) expect(j.buses[i]!.vmPu).toBeNull();
        else {
          expect(j.buses[i]!.vmPu).toBeCloseTo(vmPu, 11);
          expect(j.buses[i]!.vaDeg).toBeCloseTo(vaDeg!, 9);
        }
      });
    }
  });

  it('holds what is held, gives what is planned, and leaves out what is out', () => {
    const flow = flows.get('mesh.m')!;
    const of = (bus: number): Printed['buses'][number] => flow.buses.find((each) => each.bus === bus)!;
    expect(of(huge[0]).vmPu).toBe(1.02);
    expect(of(huge[0]).vaDeg).toBeCloseTo(7.5, 12);
    expect(of(huge[2]).vmPu).toBe(1.01);
    expect(of(huge[5]).vmPu).not.toBe(1.04);
    expect(of(huge[6])).toMatchObject({ vmPu: null, vaDeg: null });
    const [, second, third, off, planned, isolated, pv] = flow.generators;
    expect([second!.pMw, third!.pMw, off!.pMw, planned!.pMw, planned!.qMvar]).toEqual([20, 11, 0, 4, 1.5]);
    expect([isolated!.pMw, pv!.pMw, pv!.qMvar]).toEqual([0, 0, 0]);
    // Generators at one bus stand at the same part of their ranges.
    expect((second!.qMvar + 10) / 20).toBeCloseTo((third!.qMvar + 5) / 35, 9);
    expect(flow.findings.map(({ code }) => code)).toEqual(['W_START']);
  });

  it('is solved part by part, and says what has no source', () => {
    const flow = flows.get('parts.m')!;
    expect(flow.islands.map(({ buses }) => buses)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    // The largest generator of the part is its reference.
    expect(flow.buses[4]!.vmPu).toBe(1.03);
    expect(flow.buses[4]!.vaDeg).toBeCloseTo(12, 12);
    expect(flow.generators[1]!.pMw).toBe(5);
    expect(flow.unservedMw).toBe(14);
    expect(flow.findings.map(({ code, buses }) => [code, buses])).toEqual([
      ['W_REF_PROMOTED', [5]],
      ['E_ISLAND_NO_SOURCE', [6, 7]],
      ['W_ISOLATED_BUS', [8]],
    ]);
  });

  it('is swept as Newton solves it', async () => {
    const sweep = await printed('feeder.m', feederText, '--algorithm', 'sweep', '--tolerance', '1e-13');
    expect(imbalance(feeder, sweep)).toBeLessThan(1e-7);
    sweep.buses.forEach(({ vmPu }, i) => expect(vmPu).toBeCloseTo(flows.get('feeder.m')!.buses[i]!.vmPu!, 9));
  });

  it('has its reference promoted where the one it names has no generator in service', async () => {
    const without = meshText.replace(
      `\t${huge[0]}\t3\t0\t50\t-50\t1.02\t100\t1\t`,
      `\t${huge[0]}\t3\t0\t50\t-50\t1.02\t100\t0\t`,
    );
    expect(without).not.toBe(meshText);
    const flow = await printed('unled.m', without, '--tolerance', '1e-11');
    expect(flow.findings.map(({ code, buses }) => [code, buses])).toContainEqual(['W_REF_PROMOTED', [huge[2]]]);
    expect(imbalance(mesh, flow)).toBeLessThan(1e-7);
  });
});
