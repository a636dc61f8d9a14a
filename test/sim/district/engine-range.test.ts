import { describe, expect, it } from 'vitest';
import type { District, EpisodeData } from '../../../sim/data/dataset.ts';
import { episodeWindows, windowOf } from '../../../sim/district/episode.ts';
import { openModel } from '../../../sim/district/open-model.ts';
import { openPlant } from '../../../sim/district/plant.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { engineDistrict, EngineRun } from '../../support/engine-run.ts';

/** Seed, rows of an episode out of 21, windows of the first eight resets. */
const drawn: readonly (readonly [number, number, readonly number[]])[] = [
  [2022, 11, [0, 0, 1, 2, 1, 6, 4, 0]],
  [7, 20, [0, 0, 0, 0, 0, 0, 0, 0]],
  [112208, 7, [13, 13, 10, 4, 6, 5, 2, 10]],
  [0, 17, [0, 0, 0, 0, 0, 0, 0, 0]],
];

/* Which rows are simulated, and as what: ranges, episodes, clipped prices, the resolution of the data. */

const rows = 24;
const column = (of: (row: number) => number): number[] => Array.from({ length: rows }, (_, row) => of(row));
function district(
  change: Partial<Parameters<typeof engineDistrict>[0]> = {},
  columns: Record<string, number[]> = {},
): District {
  return engineDistrict({
    columns: {
      hour: column((row) => row + 1),
      non_shiftable_load: column((row) => 1 + row / 10),
      electricity_pricing: column((row) => row / 10 - 0.5),
      carbon_intensity: column((row) => row / 8),
      ...columns,
    },
    devices: {
      electrical_storage: ['Battery', { capacity: 6, nominal_power: 3, initial_soc: 0.1, depth_of_discharge: 0.7 }],
    },
    actions: ['electrical_storage'],
    observations: ['hour', 'electricity_pricing', 'electrical_storage_soc', 'net_electricity_consumption'],
    ...change,
  });
}

describe('a range that begins late', () => {
  it.each(['v2.0', 'v2.1', 'v2.3', 'head', 'v3'] as const)('%s reads its own rows', (name) => {
    const late = district({ start: 5, end: 12 });
    const run = new EngineRun(late, profiles[name]);
    expect(run.building.model.rows).toBe(8);
    expect(run.observe()['hour']).toBe(6);
    for (let k = 0; k < 7; k++) expect(run.step({})).toBe(k === 6);
    // v3's last observation is the one before it again.
    expect(run.observe()['hour']).toBe(name === 'v3' ? 12 : 13);
  });
});

describe('prices and carbon intensities', () => {
  it('are clipped to [0, 1] in head alone', () => {
    for (const [name, profile] of Object.entries(profiles)) {
      const one = district();
      const { price, carbon } = openModel(one.buildings[0]!, one, profile).columns;
      const clipped = name === 'head';
      expect([Math.min(...price), Math.max(...price)], name).toEqual(
        clipped ? [0, 1] : [-0.5, name.startsWith('v1') || name === 'v2.0' ? 1.7999999999999998 : Math.fround(1.8)],
      );
      expect(Math.max(...carbon), name).toBe(clipped ? 1 : 2.875);
    }
  });
});

describe('v3', () => {
  it('begins with no less than its reserve, and shows what was booked an hour late', () => {
    const run = new EngineRun(district(), profiles.v3);
    const reserve = Math.fround(1 - 0.7);
    expect(run.observe()).toMatchObject({ hour: 1, electrical_storage_soc: reserve });
    run.step({ electrical_storage: 1 });
    const booked = run.hours.at(-1)!;
    expect(booked.t).toBe(0);
    const seen = run.observe();
    expect(seen['hour']).toBe(2);
    expect(seen['electrical_storage_soc']).toBeGreaterThan(reserve);
    const again = new EngineRun(district(), profiles.v3);
    again.step({ electrical_storage: 7.5 });
    expect(again.observe()).toEqual(seen);
  });
});

describe('time_step_ratio', () => {
  const quarters = { hour: column((row) => Math.floor(row / 4)), minutes: column((row) => (row % 4) * 15) };
  const ratio = (seconds: number, columns: Record<string, number[]>, profile: keyof typeof profiles): number => {
    const one = district({ secondsPerTimeStep: seconds }, columns);
    return openPlant(openModel(one.buildings[0]!, one, profiles[profile])).ratio;
  };
  it('is the simulation’s step over that of the first two rows, over midnight too, in head and v3', () => {
    for (const profile of ['head', 'v3'] as const) {
      expect(ratio(3600, {}, profile)).toBe(1);
      expect(ratio(900, {}, profile)).toBe(0.25);
      expect(ratio(900, quarters, profile)).toBe(1);
      expect(ratio(3600, quarters, profile)).toBe(4);
      expect(ratio(3600, { hour: column((row) => (row === 0 ? 24 : row)) }, profile)).toBe(1);
      // Rows of one hour without minutes do not tell.
      expect(ratio(900, { hour: quarters.hour }, profile)).toBe(1);
    }
    for (const profile of ['v1', 'v2.0', 'v2.1', 'v2.3'] as const) expect(ratio(900, {}, profile)).toBe(1);
  });
});

describe('episodes', () => {
  const split = (episodes: EpisodeData, randomSeed = 2022): District => ({
    ...district({ start: 2, end: 22 }),
    episodes,
    randomSeed,
  });
  it('are consecutive windows without the incomplete tail, or begin at every row, or are the file’s rows given', () => {
    const starts = (episodes: EpisodeData): number[] => episodeWindows(split(episodes)).map(({ start }) => start);
    expect(starts({ timeSteps: 5, rolling: false, random: false })).toEqual([0, 5, 10, 15]);
    expect(starts({ timeSteps: 19, rolling: true, random: false })).toEqual([0, 1, 2]);
    expect(
      episodeWindows(
        split({
          timeSteps: [
            [2, 8],
            [10, 22],
          ],
          rolling: false,
          random: false,
        }),
      ),
    ).toEqual([
      // prettier-ignore
      { start: 0, rows: 7 },
      { start: 8, rows: 13 },
    ]);
    expect(() => episodeWindows(split({ timeSteps: [[1, 8]], rolling: false, random: false }))).toThrow(
      /within 2 … 22/,
    );
  });
  it('are drawn as NumPy’s RandomState(seed·(n+1)).choice draws, which never takes the last', () => {
    // np.random.RandomState(int(seed*(n+1))).choice(len(splits) - 1), NumPy 2.4
    for (const [seed, timeSteps, expected] of drawn) {
      const one = split({ timeSteps, rolling: true, random: true }, seed);
      const windows = episodeWindows(one);
      expect(expected.map((_, n) => windows.indexOf(windowOf(one, windows, n)))).toEqual(expected);
    }
    const turn = split({ timeSteps: 5, rolling: false, random: false });
    const windows = episodeWindows(turn);
    expect([0, 1, 2, 3, 4, 5].map((n) => windowOf(turn, windows, n).start)).toEqual([0, 5, 10, 15, 0, 5]);
  });
});
