// The district simulator: hours of one building a second, for one lane and for many in lockstep, on the built-in district.
//
// The floor. A lane-step reads 31 float32 features, copies them out and writes 4 series, state and reward: some 370 bytes, 37 ns from memory
// at 10 GB/s, less from a cache. Its arithmetic is 50 floating-point operations, but six divisions and a root in it wait for one another:
// two curve look-ups, the root of the efficiency, energy over capacity, degradation; at 13 to 18 cycles each that is 100 cycles, 35 ns at
// 3 GHz. So 40 ns is the floor of a lane-step. One lane comes to 2.5 to 3 times that, many lanes to 5: hoisting the copy's bounds, idle
// batteries and lanes of one building changed neither, so what is left is in the engine's loads through each lane's objects.
// CityLearn itself needs about 1.5 ms per building and step (v2.3.1; v1.8.0 0.18 ms): specs/citylearn.md 18.
//
// Each figure is the median of CPU time over years, which neighbours on the machine disturb little.
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import { builtinDistrict } from '../sim/data/builtin/index.ts';
import { readCityLearnFolder, writeCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import { KpiAccumulator } from '../sim/district/kpi.ts';
import { profiles } from '../sim/district/profile.ts';

export interface SimBenchRow {
  readonly case: string;
  /** Median CPU milliseconds. */
  readonly ms: number;
  /** What is counted in `perSecond`. */
  readonly unit: string;
  readonly perSecond: number;
}

const repeats = 7;
/** Lane-steps of one sample. */
const wholeYears = 64 * 8759;

/** Lane-steps a second at 1 to 1024 lanes, KPIs, and reading a folder of eight buildings. */
export async function run(): Promise<readonly SimBenchRow[]> {
  const district = builtinDistrict();
  const rows: SimBenchRow[] = [];
  for (const lanes of [1, 8, 64, 1024]) {
    using env = districtEnv({
      district,
      lanes: Array.from({ length: lanes }, (_, lane) => ({ building: lane % district.buildings.length })),
      profile: profiles['v2.0'],
      reward: 'RewardFunction',
      normalisation: 'citylearn-2.0.0',
      steps: Math.min(8759, Math.floor(wholeYears / lanes)),
    });
    const draw = rng(0);
    // As many actions as a week, over and over: drawing them is not what is measured.
    const actions = Array.from({ length: 168 }, () =>
      Float64Array.from({ length: lanes }, () => 1.6 * draw.uniform() - 0.8),
    );
    env.reset(draw);
    const steps = Math.ceil(wholeYears / lanes);
    const ms = await median(() => {
      for (let step = 0; step < steps; step++) env.step(actions[step % actions.length]!);
    });
    rows.push({
      case: `step, ${lanes} lane${lanes === 1 ? '' : 's'}`,
      ms,
      unit: 'lane-steps',
      perSecond: (steps * lanes * 1000) / ms,
    });
  }
  const { non_shiftable_load: load } = district.buildings[0]!.energy;
  const kpi = await median(() => {
    const accumulator = new KpiAccumulator();
    for (let t = 0; t < load.length; t++) accumulator.push(load[t]! - 0.5, load[t]!, 0.2, 0.3);
    accumulator.values();
  });
  rows.push({ case: 'KPIs of a year', ms: kpi, unit: 'hours', perSecond: (load.length * 1000) / kpi });

  const files = new Map(
    [...writeCityLearnFolder(district)].map(([name, text]) => [name, new TextEncoder().encode(text)]),
  );
  const read = await median(() =>
    readCityLearnFolder({ label: 'builtin', read: (name) => Promise.resolve(files.get(name)) }),
  );
  const make = await median(() => builtinDistrict());
  rows.push({ case: 'generate the built-in district', ms: make, unit: 'building-years', perSecond: 8000 / make });
  rows.push({ case: 'read a folder, 8 buildings', ms: read, unit: 'building-years', perSecond: 8000 / read });
  return rows;
}

async function median(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[repeats >> 1]!;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
