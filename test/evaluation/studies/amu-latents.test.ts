import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { alphaText, fixedAlpha } from '../../../evaluation/studies/amu/arms.ts';
import { amuStudy } from '../../../evaluation/studies/amu/index.ts';
import { latentCell } from '../../../evaluation/studies/amu/latent-cell.ts';
import { claimedLatents, LatentWorld } from '../../../evaluation/studies/amu/latent-world.ts';
import type { LatentOptions } from '../../../evaluation/studies/amu/latent-world.ts';
import { Measured } from '../../../evaluation/studies/amu/measured.ts';
import { cellId, problemsOf } from '../../../evaluation/studies/amu/plan.ts';
import { auxiliaryFeatures, bothFeatures, scoreOf, zeroShotFeatures } from '../../../evaluation/studies/amu/problem.ts';
import type { FeaturePick } from '../../../evaluation/studies/amu/problem.ts';
import type { ShotFigures } from '../../../evaluation/studies/amu/shot-figures.ts';
import type { StudyOptions } from '../../../evaluation/studies/study.ts';
import { probeLogits, probeSchedule, trainProbe } from '../../../logits/few-shot/row/linear-probe.ts';

const worldOf = (options: Partial<LatentOptions> = {}, seed = 1): LatentWorld => new LatentWorld(options, rng(seed));

describe('the world of latents', () => {
  it('gives the same rows from the same stream, others from another', () => {
    expect(worldOf().rows(2, rng(7))).toEqual(worldOf().rows(2, rng(7)));
    expect(worldOf().rows(2, rng(7)).f1).not.toEqual(worldOf().rows(2, rng(8)).f1);
    expect(worldOf().rows(2, rng(7)).f1).not.toEqual(worldOf({}, 2).rows(2, rng(7)).f1);
  });

  it('has as many rows of every class, of length 1, with logits no further from 0 than their scale', () => {
    const { classes, z0, f0, f1, labels } = worldOf({ classes: 7 }).rows(3, rng(2));
    expect([...labels].filter((label) => label === 4)).toHaveLength(3);
    expect([z0, f0, f1].map(({ length }) => length)).toEqual([21 * classes, 21 * 64, 21 * 64]);
    for (const f of [f0, f1])
      for (let row = 0; row < 21; row++) expect(Math.hypot(...f.subarray(row * 64, (row + 1) * 64))).toBeCloseTo(1, 12);
    expect(z0.every((value) => Math.abs(value) <= 12 + 1e-9)).toBe(true);
  });

  it('shows each encoder its own coordinates and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 14 }), fc.integer({ min: 1, max: 1e6 }), (overlap, seed) => {
        const world = worldOf({ overlap }, seed);
        const size = 30 - overlap;
        const latent = Float64Array.from({ length: size }, (_, k) => Math.sin(k + seed));
        const [before0, before1] = world.features(latent, rng(3));
        const seen = [...latent.keys()].map((k) => {
          const [after0, after1] = world.features(latent.with(k, latent[k]! + 1), rng(3));
          return [after0.some((value, d) => value !== before0[d]), after1.some((value, d) => value !== before1[d])];
        });
        expect(seen).toEqual([...latent.keys()].map((k) => [k < 14, k >= 14 - overlap]));
      }),
      { numRuns: 30 },
    );
  });

  it('has 24 coordinates as specified: 0 to 13 and 8 to 23', () => {
    expect(() => worldOf().features(new Float64Array(24), rng(1))).not.toThrow();
    expect(() => worldOf().features(new Float64Array(23), rng(1))).toThrow(ShapeError);
  });

  /** Mean zero-shot accuracy of three worlds. */
  const zeroShot = (options: Partial<LatentOptions>): number => {
    const worlds = [1, 2, 3].map((seed) => worldOf(options, seed).rows(40, rng(seed)));
    return worlds.reduce((sum, rows) => sum + scoreOf(rows.z0, rows).accuracy / worlds.length, 0);
  };

  it.each([{ noise: 1.8 }, { nuisance: 2.4 }, { featureNoise: 2 }, { codeNoise: 1 }, { classes: 90 }])(
    'is harder with %o',
    (harder) => {
      expect(zeroShot(harder)).toBeLessThan(zeroShot({}) - 0.05);
    },
  );

  it('is told by its codes where nothing is noisy', () => {
    expect(zeroShot({ noise: 0, nuisance: 0, featureNoise: 0, codeNoise: 0 })).toBe(1);
  });

  it('has samples less alike the more strengths spread', () => {
    const unlike = (spread: number): number => {
      const { classes, z0, labels } = worldOf({ spread, nuisance: 0, featureNoise: 0 }).rows(40, rng(4));
      const own = Array.from(labels, (label, row) => z0[row * classes + label]!);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      return Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length);
    };
    expect(unlike(1)).toBeGreaterThan(1.1 * unlike(0));
  });

  /** Accuracy of a probe that has 10 rows of each class. */
  const learned = (pick: FeaturePick, options: Partial<LatentOptions>): number => {
    const world = worldOf({ classes: 12, ...options });
    const [own, test] = [world.rows(10, rng(5)), world.rows(80, rng(6))];
    const probe = trainProbe(pick(own), 1e-3, rng(7), { ...probeSchedule, epochs: 60 });
    return scoreOf(probeLogits(pick(test), probe), test).accuracy;
  };

  it('has complementary features: both together tell more than either, and more so the less they have in common', () => {
    const gain = (overlap: number): number =>
      learned(bothFeatures, { overlap }) -
      Math.max(learned(zeroShotFeatures, { overlap }), learned(auxiliaryFeatures, { overlap }));
    expect(gain(claimedLatents.overlap)).toBeGreaterThan(0.03);
    expect(gain(0)).toBeGreaterThan(gain(14) + 0.03);
  });

  it.each([
    { classes: 1 },
    { classes: 2.5 },
    { noise: -0.1 },
    { noise: Number.NaN },
    { spread: 1.1 },
    { spread: -0.1 },
    { overlap: 15 },
    { overlap: -1 },
    { overlap: 6.5 },
    { nuisance: Infinity },
    { featureNoise: -1 },
    { codeNoise: Number.NaN },
  ])('refuses %o', (wrong) => {
    expect(() => worldOf(wrong)).toThrow(ConfigError);
    expect(() => worldOf(wrong)).toThrow(Object.keys(wrong)[0]);
  });
});

const quick: StudyOptions = { quick: true, dataset: 'builtin', seeds: 2, only: ['latents'] };

describe('the part on latents', () => {
  it('is done on more seeds than are asked for, its range on two at most', () => {
    const seedsOf = (options: StudyOptions): number[] =>
      problemsOf(options).map(
        ({ id }) => amuStudy.plan(options).cells!.filter((cell) => cell.id.startsWith(`${id}-seed`)).length,
      );
    expect(seedsOf(quick)).toEqual([4]);
    expect(seedsOf({ ...quick, quick: false })).toEqual([6]);
    const range = seedsOf({ ...quick, quick: false, seeds: 5, only: ['latents-range'] });
    expect(range).toHaveLength(10);
    expect(new Set(range)).toEqual(new Set([2]));
    expect(seedsOf({ ...quick, seeds: 1, quick: false, only: ['latents-range'] })[0]).toBe(1);
  });

  it('meets every method of its claims, and is the same again', async () => {
    const size = { shots: [1, 2], test: 40, validation: 20, effort: 0.05 };
    const run = async (seed: number): Promise<ShotFigures> => latentCell(seed, { classes: 4 }, size, () => undefined);
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
    const { id } = problemsOf(quick)[0]!;
    const cells = new Map(Array.from({ length: 4 }, (_, seed) => [cellId(id, seed), first]));
    const { claims } = amuStudy.conclude(quick, new Map(), cells);
    const open = claims.filter(({ evidence }) => evidence === 'nothing was measured for it').map(({ claim }) => claim);
    expect(claims.length - open.length).toBeGreaterThan(8);
    for (const claim of open) expect(claim).toMatch(/at (4|16) shots/);
  });

  it('compares AMU-Tuning at the fixed α, whatever validation would choose, and the others at their choice', () => {
    const score = (accuracy: number) => ({ accuracy, crossEntropy: 1 });
    const at = (settings: Record<string, readonly [validation: number, test: number]>) =>
      Object.entries(settings).map(([setting, [validation, test]]) => ({
        setting,
        validation: score(validation),
        test: score(test),
      }));
    const cell: ShotFigures = {
      results: [
        {
          shots: 1,
          methods: [
            { method: 'AMU', settings: at({ 'α 1': [0.9, 0.9], [alphaText(fixedAlpha)]: [0.5, 0.5] }) },
            { method: 'Tip-Adapter', settings: at({ a: [0.9, 0.4], b: [0.1, 0.8] }) },
          ],
        },
      ],
    };
    const { id } = problemsOf(quick)[0]!;
    const cells = new Map(Array.from({ length: 4 }, (_, seed) => [cellId(id, seed), cell]));
    const against = amuStudy
      .conclude(quick, new Map(), cells)
      .claims.find(({ claim }) => claim === 'latents: AMU-Tuning beats Tip-Adapter at 1 shot');
    expect(against!.evidence).toMatch(/\+0\.1000/);
    expect(new Measured([cell]).accuracy('AMU', 1)[0]).toBe(0.9);
  });

  it('ends in a table of what each ingredient is worth over the range', async () => {
    const options = { ...quick, quick: false, seeds: 2, only: ['latents', 'latents-range'] };
    const cell = await latentCell(
      1,
      { classes: 4 },
      { shots: [1, 16], test: 40, validation: 20, effort: 0.02 },
      () => undefined,
    );
    const cells = new Map(amuStudy.plan(options).cells!.map(({ id }) => [id, cell]));
    const { tables } = amuStudy.conclude(options, new Map(), cells);
    expect(tables[0]!.rows).toHaveLength(11);
    expect(tables[0]!.rows.map(([difficulty]) => difficulty)).toContain('latents, overlap 0');
    for (const row of tables[0]!.rows) expect(row.slice(1).every((value) => /\d/.test(String(value)))).toBe(true);
  });
});
