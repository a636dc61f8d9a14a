// The district simulator: hours of one building a second and core, for one lane and for thousands in lockstep, in every profile.
//
// The floor of a battery building with 31 features. It reads a row of 31 float32 from a table (124 bytes, shared by the lanes of a building), writes
// them (124), reads and writes the lane's block of some 20 float64 (320), action and reward (16): 600 bytes, 60 ns from memory at 10 GB/s and
// 15 to 20 ns from a second-level cache. Its arithmetic is 60 floating-point operations, of which six divisions and a root wait for one another
// (two curve look-ups, the root of the efficiency, energy over capacity, degradation): at 13 to 18 cycles each, 100 cycles, 35 ns at 3 GHz. So
// 50 ns, 20 million building-steps a second, is what a core could do at best.
// A thermal building adds three end uses of three divisions each: 150 more operations, 50 ns more.
// An LSTM building of 2 × 16 units over 12 hours is 45 000 multiply-adds and 1 900 exponentials a step: 15 µs at 4 GFLOP/s of scalar code
// and 10 ns an exponential make 35 µs, 30 thousand a second.
// CityLearn itself does 600 (v2.3.1) to 5 500 (v1.8.0) battery building-steps a second, 620 with nine thermal buildings, 240 with three LSTM ones:
// specs/citylearn.md 18.
//
// Each figure is the median of CPU time over repeats, which neighbours on the machine disturb little.
import { pathToFileURL } from 'node:url';
import { rng } from '../core/rng.ts';
import { builtinDistrict } from '../sim/data/builtin/index.ts';
import { readCityLearnFolder, writeCityLearnFolder } from '../sim/data/citylearn-folder.ts';
import { districtEnv } from '../sim/district/district-env.ts';
import { kpiMeter } from '../sim/district/kpi.ts';
import type { DistrictEnv, DistrictEnvOptions } from '../sim/district/district-env.ts';
import { profiles } from '../sim/district/profile.ts';
import type { Profile } from '../sim/district/profile.ts';
import { openReward } from '../sim/district/reward.ts';
import type { District } from '../sim/data/dataset.ts';
import { lstmDistrict, thermalDistrict } from '../test/support/equipped.ts';

export interface SimBenchRow {
  readonly case: string;
  /** Median CPU milliseconds. */
  readonly ms: number;
  /** What is counted in `perSecond`. */
  readonly unit: string;
  readonly perSecond: number;
}

const repeats = 5;

/** Building-steps a second at 1 to 4096 lanes and in every profile, with thermal and LSTM buildings, rewards, KPIs, and reading a folder. */
export async function run(): Promise<readonly SimBenchRow[]> {
  const district = builtinDistrict();
  const rows: SimBenchRow[] = [];
  const steps = async (name: string, env: DistrictEnv, count: number): Promise<void> => {
    rows.push(await stepping(name, env, count));
  };
  for (const lanes of [1, 64, 4096])
    await steps(`battery + PV, v2.3, ${lanes} lane${lanes === 1 ? '' : 's'}`, open(district, 'v2.3', lanes), 400_000);
  for (const profile of ['v2.0', 'v1', 'head', 'v3'] as const)
    await steps(`battery + PV, ${profile}, 4096 lanes`, open(district, profile, 4096), 400_000);
  const equation = { expression: '-max(net, 0)' };
  await steps('reward as an expression, 4096 lanes', open(district, 'v2.3', 4096, equation), 400_000);
  await steps('nine thermal buildings, v2.3', open(thermalDistrict(9), 'v2.3', 9), 200_000);
  await steps('nine thermal buildings, v2.3, 4096 lanes', open(thermalDistrict(9), 'v2.3', 4096), 200_000);
  await steps('three LSTM buildings, v2.3', open(lstmDistrict(3), 'v2.3', 3), 12_000);

  const env = open(district, 'v2.3', 1);
  env.reset(rng(0));
  // The kernels alone, on the 17 hours of a district: the expression should be within three times of the class that it spells out.
  const models = Array.from({ length: 17 }, () => env.lane(0).model);
  const many = open(district, 'v2.3', 17);
  many.reset(rng(0));
  for (let step = 0; step < 30; step++) many.step(new Float64Array(17).fill(0.05 * Math.sin(step)));
  const ats = Int32Array.from(models, (_, i) => i * many.stride);
  for (const [name, spec] of [
    ['RewardFunction', { type: 'RewardFunction', attributes: {} }],
    ['-max(net, 0)', equation],
    ['SolarPenaltyReward', { type: 'SolarPenaltyReward', attributes: {} }],
    ['solar penalty written out', { expression: '-(1 + sign(net) * electrical_storage_soc) * abs(net)' }],
  ] as const) {
    const kernel = openReward(spec, models);
    const out = new Float64Array(17);
    const zeros = new Int32Array(17);
    const ms = await median(() => {
      for (let step = 0; step < 50_000; step++) kernel(many.hours, ats, zeros, out);
    });
    rows.push({ case: `reward alone, ${name}`, ms, unit: 'buildings', perSecond: (50_000 * 17 * 1000) / ms });
  }
  const kpi = await median(() => {
    const meter = kpiMeter(env.lane(0).model, env.firstWindow);
    for (let row = 0; row < env.firstWindow.rows; row++) meter.push(env.hours, 0, row);
    meter.values();
  });
  rows.push({ case: 'KPIs of a year', ms: kpi, unit: 'hours', perSecond: (env.firstWindow.rows * 1000) / kpi });

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

function open(
  district: District,
  profile: keyof typeof profiles,
  lanes: number,
  reward: DistrictEnvOptions['reward'] = 'RewardFunction',
): DistrictEnv {
  return districtEnv({
    district,
    lanes: Array.from({ length: lanes }, (_, lane) => ({ building: lane % district.buildings.length })),
    profile: profiles[profile] as Profile,
    reward,
    normalisation: 'fixed',
    history: 'none',
  });
}

/** Every observation is written in every step. */
async function stepping(name: string, env: DistrictEnv, buildingSteps: number): Promise<SimBenchRow> {
  const draw = rng(0);
  // As many actions as a week, over and over: drawing them is not what is measured.
  const actions = Array.from({ length: 168 }, () =>
    Float64Array.from({ length: env.numEnvs * env.actionSize }, () => 1.6 * draw.uniform() - 0.8),
  );
  env.reset(draw);
  const steps = Math.max(1, Math.round(buildingSteps / env.numEnvs));
  const ms = await median(() => {
    for (let step = 0; step < steps; step++) env.step(actions[step % actions.length]!);
  });
  return { case: name, ms, unit: 'building-steps', perSecond: (steps * env.numEnvs * 1000) / ms };
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
