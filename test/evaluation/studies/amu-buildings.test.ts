import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import { adapt, buildingCell } from '../../../evaluation/studies/amu/building-cell.ts';
import { buildingRows, drawShots } from '../../../evaluation/studies/amu/building-rows.ts';
import type { BuildingRows } from '../../../evaluation/studies/amu/building-rows.ts';
import { recordYear } from '../../../evaluation/studies/amu/building-year.ts';
import { groundOf } from '../../../evaluation/studies/amu/ground.ts';
import type { ShotFigures } from '../../../evaluation/studies/amu/shot-figures.ts';
import { equations, incidentTypes } from '../../../evaluation/studies/amu/incident-types.ts';
import { Measured } from '../../../evaluation/studies/amu/measured.ts';
import { ruleBook, rulePrototypes } from '../../../evaluation/studies/amu/rule-book.ts';
import { tamper } from '../../../evaluation/studies/amu/tampering.ts';
import { WindowEncoder } from '../../../evaluation/studies/amu/window-encoder.ts';
import { daysFor } from '../../../core/detector-days.ts';
import { installation } from '../../../server/installation.ts';
import { fileWorkspace } from '../../../server/workspace.ts';
import { expectSameHeap } from '../../support/leak.ts';

const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
const types = incidentTypes.slice(0, 3);
const year = (epsilon: number, steps: number, stealthy = false) =>
  recordYear(
    workspace,
    {
      dataset: 'builtin',
      building: 'Building_8',
      policy: 'ppo-builtin',
      seed: 1,
      steps,
      types,
      difficulty: { epsilon, stealthy },
    },
    () => undefined,
  );

describe('a recorded building', () => {
  it('shows its controller the truth, and under each kind of incident what lies within ε of it', async () => {
    const { lanes, features, steps, stepsPerDay } = await year(0.02, 48);
    expect([lanes.length, steps, stepsPerDay]).toEqual([4, 48, 24]);
    const [untouched, ...attacked] = lanes;
    const data = features.flatMap(({ name }, j) => (/temperature|irradiance|pricing/.test(name) ? [j] : []));
    const calendar = features.findIndex(({ name }) => name === 'hour_cos');
    for (const { observation } of attacked) {
      let moved = 0;
      for (let t = 0; t < steps; t++) {
        const at = t * features.length;
        for (const j of data) {
          const away = Math.abs(observation[at + j]! - untouched!.observation[at + j]!);
          expect(away).toBeLessThan(0.02 + 1e-5);
          moved = Math.max(moved, away);
        }
        expect(observation[at + calendar]).toBe(untouched!.observation[at + calendar]);
      }
      expect(moved > 0.01).toBe(attacked.indexOf(attacked.find((one) => one.observation === observation)!) !== 2);
    }
  });

  it('is judged by rules that see what each kind of incident violates, and nothing where it keeps every rule', async () => {
    const open = await year(0.05, 24 * 40);
    const test = daysFor('test', 40);
    const mean = (of: ReturnType<typeof ruleBook>, lane: number): number[] =>
      equations.map((_, e) => test.reduce((sum, day) => sum + of(lane, day)[e]!, 0) / test.length);
    const seen = ruleBook(open);
    const prototypes = rulePrototypes(types);
    const near = (a: readonly number[], lane: number): number =>
      a.reduce((sum, value, e) => sum + value * prototypes[lane * equations.length + e]!, 0);
    for (let lane = 0; lane < 4; lane++) {
      const signature = mean(seen, lane);
      expect(signature.every((value) => value >= -1 && value <= 1)).toBe(true);
      for (let other = 0; other < 4; other++)
        if (other !== lane) expect(near(signature, lane)).toBeGreaterThan(near(signature, other));
    }
    const keeping = ruleBook(await year(0.02, 24 * 40, true));
    for (const e of [0, 1]) expect(mean(keeping, 1)[e]).toBeLessThan(0);
  });
});

describe('the window encoder', () => {
  const features: Feature[] = ['hour_cos', 'a', 'b', 'c'].map((name) => ({ name, unit: '1', low: 0, high: 1 }));
  /** Smooth days. */
  const clean = Float32Array.from(
    { length: 24 * 40 * 4 },
    (_, i) => 0.5 + 0.3 * Math.sin((Math.floor(i / 4) * Math.PI) / 12 + (i % 4)),
  );

  it('is taught by tampering that leaves the calendar alone, keeps limits and says what it touched', () => {
    const x = clean.slice(0, 96);
    const touched = new Uint8Array(4);
    const random = rng(1);
    let some = 0;
    for (let trial = 0; trial < 50; trial++) {
      x.set(clean.subarray(0, 96));
      tamper(x, 4, [1, 2, 3], touched, random);
      expect(touched[0]).toBe(0);
      for (let j = 0; j < 4; j++) {
        const same = Array.from({ length: 24 }, (_, t) => x[t * 4 + j] === clean[t * 4 + j]).every(Boolean);
        expect(same).toBe(touched[j] === 0);
        some += touched[j]!;
      }
      expect(x.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
    expect(some).toBeGreaterThan(20);
  });

  it('tells a day that was tampered with from one that was not, and one sensor from another', () => {
    using encoder = new WindowEncoder(features, 24, [clean], { steps: 300, batch: 16, width: 16 });
    encoder.train([clean], rng(2), () => undefined);
    const noisy = (day: number, j: number): Float32Array => {
      const x = clean.slice(day * 96, (day + 1) * 96);
      for (let t = 0; t < 24; t++) x[t * 4 + j]! += t % 2 === 0 ? 0.05 : -0.05;
      return encoder.features(x);
    };
    const plain = (day: number): Float32Array => encoder.features(clean.slice(day * 96, (day + 1) * 96));
    const cosine = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, d) => sum + value * b[d]!, 0) / Math.hypot(...a) / Math.hypot(...b);
    expect(Math.hypot(...noisy(3, 1))).toBeGreaterThan(2 * Math.hypot(...plain(3)));
    expect(cosine(noisy(3, 1), noisy(9, 1))).toBeGreaterThan(cosine(noisy(3, 1), noisy(9, 3)) + 0.1);
  });

  it('leaves no memory behind', () => {
    expectSameHeap(() => {
      using encoder = new WindowEncoder(features, 24, [clean], { steps: 2, batch: 4, width: 8 });
      encoder.train([clean], rng(2), () => undefined);
    });
  });
});

/** Three known buildings and a new one with three classes: rules tell the first from the others, features tell all. */
function madeUpBuildings(): BuildingRows[] {
  return [0, 1, 2, 3].map((b) => {
    const random = rng(b);
    const labels = Int32Array.from({ length: 60 }, (_, i) => Math.floor(i / 20));
    const unit = (values: number[]): number[] => values.map((value) => value / Math.hypot(...values));
    return {
      daysPerClass: 20,
      rows: {
        classes: 3,
        labels,
        f0: Float64Array.from([...labels].flatMap((y) => unit([y === 0 ? 1 : -1, 0.1 * random.normal()]))),
        f1: Float64Array.from(
          [...labels].flatMap((y) => unit([0, 1, 2, 3].map((d) => (d === y ? 1 : 0) + 0.2 * random.normal()))),
        ),
      },
    };
  });
}

describe('adaptation to a new building', () => {
  const size = {
    shots: [1],
    draws: { source: 2, target: 2 },
    steps: null,
    encoder: { steps: 1, batch: 1, width: 1 },
    effort: 0.2,
  };
  const prototypes = Float64Array.from([1, 0, -1, 0.01, -1, -0.01]);

  it('gains from few windows what the rules do not tell', () => {
    const measured = new Measured([adapt(madeUpBuildings(), prototypes, size, rng(1), () => undefined)]);
    expect(measured.accuracy('zero-shot', 1)[0]).toBeLessThan(0.75);
    expect(measured.accuracy('AMU', 1)[0]).toBeGreaterThan(measured.accuracy('zero-shot', 1)[0]! + 0.15);
    expect(measured.accuracy('same features, AMU', 1)[0]).toBeLessThan(0.8);
    expect(measured.accuracy('unadapted detector, both features', 1)[0]).toBeGreaterThan(0.9);
  });

  it('chooses no hyperparameter by the new building: other labels there change no choice', () => {
    const choicesOf = (buildings: BuildingRows[]): string[][] => {
      const measured = new Measured([adapt(buildings, prototypes, size, rng(1), () => undefined)]);
      return measured.methods().map((method) => measured.choices(method, 1));
    };
    const plain = madeUpBuildings();
    const last = plain[3]!;
    const renamed = { ...last, rows: { ...last.rows, f1: last.rows.f1.toReversed(), f0: last.rows.f0.toReversed() } };
    expect(choicesOf([...plain.slice(0, 3), renamed])).toEqual(choicesOf(plain));
  });

  it('never judges on a window that was learned from', () => {
    const { rows, daysPerClass } = madeUpBuildings()[0]!;
    const numbered = { ...rows, z0: Float64Array.from({ length: 180 }, (_, i) => i) };
    const { shots, rest } = drawShots({ rows: numbered, daysPerClass }, 4, rng(1));
    expect([...shots.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(rest.labels).toHaveLength(48);
    expect(new Set([...shots.z0, ...rest.z0]).size).toBe(180);
  });

  it('has another building and another kind of controller as the new one, seed by seed', async () => {
    const grounds = await Promise.all([0, 1, 4, 5].map((seed) => groundOf(seed, workspace, 'builtin')));
    expect(grounds.map(({ target }) => target.building)).toEqual([
      'Building_1',
      'Building_2',
      'Building_5',
      'Building_1',
    ]);
    for (const { sources, target } of grounds) {
      expect(sources.map(({ building }) => building)).toEqual(['Building_6', 'Building_7', 'Building_8']);
      expect(sources.map(({ policy }) => policy)).not.toContain(target.policy);
    }
    const district = await workspace.dataset('builtin', ['Building_1', 'Building_2', 'Building_3']);
    const few = { ...workspace, dataset: () => Promise.resolve(district) };
    await expect(groundOf(0, few, 'few')).rejects.toThrow(ConfigError);
  });

  it('runs whole, the same again', async () => {
    const run = (): Promise<ShotFigures> =>
      buildingCell(
        3,
        workspace,
        'builtin',
        { epsilon: 0.05, stealthy: false, types: 1 },
        {
          ...size,
          draws: { source: 1, target: 1 },
          steps: 24 * 16,
          encoder: { steps: 3, batch: 4, width: 8 },
          effort: 0.02,
        },
        () => undefined,
      );
    expect(await run()).toEqual(await run());
  });

  it('takes only days that the rules did not learn on', async () => {
    const recorded = await year(0.02, 24 * 16);
    using encoder = new WindowEncoder(recorded.features, 24, [recorded.lanes[0]!.observation], size.encoder);
    expect(buildingRows(recorded, types, encoder).daysPerClass).toBe(daysFor('test', 16).length);
  });
});
