import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { simulate } from '../../evaluation/simulate.ts';
import type { Simulation, SimulationOptions } from '../../evaluation/simulate.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import type { District } from '../../sim/data/dataset.ts';
import { builtinDistrict } from '../../sim/data/builtin/index.ts';
import { evDistrict } from '../support/ev-district.ts';
import { lstmDistrict, thermalDistrict } from '../support/equipped.ts';

function run(
  district: District,
  profile: string,
  options: Partial<Pick<SimulationOptions, 'actions' | 'seed' | 'environmentSeed' | 'exports'>> & {
    readonly steps?: number | null;
    readonly reward?: unknown;
    readonly repair?: readonly string[];
  } = {},
): Simulation {
  const { steps = 200, reward = 'dataset', repair = [], ...rest } = options;
  const scenario = scenarioFrom({ district: { dataset: 'given', profile, reward, repair, steps } }, 'test', schema);
  const running = simulate({ scenario, district, actions: 'random', seed: 12345, ...rest });
  for (;;) {
    const next = running.next();
    if (next.done) return next.value;
  }
}

const column = (simulation: Simulation, lane: number, name: string): Float64Array =>
  simulation.series[lane]!.columns.find((one) => one.name === name)!.values;

describe('a simulation', () => {
  it.each([
    ['v1', thermalDistrict(2)],
    ['v2.0', lstmDistrict(2)],
    ['v2.1', lstmDistrict(2)],
    ['v2.3', lstmDistrict(2)],
    ['head', evDistrict(240, 1)],
    ['v3', evDistrict(240, 1)],
  ] as const)(
    'of %s runs every kind of building it has, and replays its own actions to the bit',
    (profile, district) => {
      const first = run(district, profile);
      expect(first.actions.some((value) => value !== 0)).toBe(true);
      for (const { columns } of first.series)
        for (const { name, values } of columns) expect(values.every(Number.isFinite), name).toBe(true);
      const table = { file: 'actions.csv', rows: first.steps, values: first.actions };
      const again = run(district, profile, { actions: table });
      again.series.forEach(({ columns }, lane) =>
        columns.forEach(({ name, values }, c) =>
          expect(values, `${lane}.${name}`).toEqual(first.series[lane]!.columns[c]!.values),
        ),
      );
      expect(again.rewards).toEqual(first.rewards);
      expect(again.raw).toEqual(first.raw);
      expect(again.kpis).toEqual(first.kpis);
    },
  );

  it('of cars books what the chargers draw, and another environment seed moves only what CityLearn draws', () => {
    const district = evDistrict(240, 1);
    const first = run(district, 'head', { steps: null });
    const lane = district.buildings.findIndex(({ chargers }) => chargers.length > 0);
    const drawn = column(first, lane, 'chargers_electricity_consumption');
    expect(drawn.some((kwh) => kwh > 0)).toBe(true);
    expect(first.cars.map(({ name }) => name)).toEqual(district.electricVehicles.map(({ name }) => name));
    for (const { soc } of first.cars) {
      expect(soc).toHaveLength(first.series[0]!.net.length);
      expect(soc.every((share) => share >= 0 && share <= 1)).toBe(true);
      expect(new Set(soc).size).toBeGreaterThan(20);
    }
    const net = column(first, lane, 'net');
    const rest = column(first, lane, 'net_without_storage');
    expect(net.some((kwh, t) => kwh !== rest[t])).toBe(true);
    const other = run(district, 'head', { steps: null, environmentSeed: 5 });
    expect(column(other, lane, 'electrical_storage.soc')).toEqual(column(first, lane, 'electrical_storage.soc'));
  });

  it('of head with every defect repaired differs, and a defect that a profile has not cannot be repaired', () => {
    const district = builtinDistrict();
    const broken = run(district, 'head', { actions: 'zero' });
    const mended = run(district, 'head', {
      actions: 'zero',
      repair: ['first-hour-thrice', 'last-hour-idle', 'blind-to-storage'],
    });
    expect(column(broken, 0, 'net')[0]).toBeCloseTo(3 * column(mended, 0, 'net')[0]!, 5);
    expect(column(broken, 0, 'net').at(-1)).toBe(0);
    expect(column(mended, 0, 'net').at(-1)).not.toBe(0);
    expect(() => run(district, 'v2.3', { repair: ['last-hour-idle'] })).toThrow(ConfigError);
    expect(() => run(district, 'v2.3', { repair: ['last-hour-idle'] })).toThrow(/has no defect 'last-hour-idle'/);
  });

  it.each([
    ['BasicBatteryRBC', 'v2.3', builtinDistrict()],
    ['BasicRBC', 'v2.3', lstmDistrict(2)],
    ['BasicElectricVehicleRBC', 'head', evDistrict(240, 1)],
  ] as const)('by `rbc` is by CityLearn’s own rule for what the district can do: %s', (rule, profile, district) => {
    expect(run(district, profile, { actions: 'rbc' }).actions).toEqual(
      run(district, profile, { actions: rule }).actions,
    );
  });

  it('takes a reward written out', () => {
    const district = builtinDistrict();
    const written = run(district, 'v2.3', { reward: { expression: '-max(net, 0)' } });
    const named = run(district, 'v2.3', { reward: 'RewardFunction' });
    expect(written.rewards).toEqual(named.rewards);
    expect(() => run(district, 'v2.3', { reward: { expression: 'nett + 1' } })).toThrow(/nett/);
  });

  it('gives CityLearn’s export files, one a building and the district’s, as long as the run', () => {
    const { exports, series } = run(lstmDistrict(2), 'v2.3', { exports: true });
    expect([...exports.keys()]).toEqual([
      'exported_data_community_ep0.csv',
      'exported_data_building_1_ep0.csv',
      'exported_data_building_1_battery_ep0.csv',
      'exported_data_building_2_ep0.csv',
      'exported_data_building_2_battery_ep0.csv',
      'exported_data_pricing_ep0.csv',
      'exported_kpis.csv',
    ]);
    const lines = exports.get('exported_data_building_2_ep0.csv')!.trim().split('\n');
    expect(lines).toHaveLength(202);
    const net = lines[0]!.split(',').indexOf('Net Electricity Consumption-kWh');
    lines.slice(1).forEach((line, t) => expect(Number(line.split(',')[net])).toBe(series[1]!.net[t]));
    expect(run(builtinDistrict(), 'v2.3').exports.size).toBe(0);
  });

  it('is scored as the challenges did: doing nothing is 1 in 2022', () => {
    const { scores } = run(builtinDistrict(), 'v1', { actions: 'zero' });
    const [one, two] = scores.challenge2022;
    expect(one.score).toBeCloseTo(1, 12);
    expect(two.score).toBeCloseTo(1, 12);
    const comfort = run(lstmDistrict(2), 'v2.3').scores.challenge2023;
    expect(comfort.parts).toHaveLength(8);
    expect(comfort.parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    const weighted = comfort.parts.reduce((sum, { weight, value }) => sum + weight * (value ?? 0), 0);
    expect(comfort.score).toBeCloseTo(weighted, 6);
  });
});
