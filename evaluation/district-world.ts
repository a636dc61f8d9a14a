import type { Scenario } from '../core/scenario.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { BATTERY_SOC, COST, INDOOR_TEMPERATURE, NET, NET_WITHOUT_STORAGE } from '../sim/district/hour.ts';
import { knownPlant } from '../sim/district/known-plant.ts';
import { kpiMeter, kpiNames } from '../sim/district/kpi.ts';
import { openDistrict } from './district.ts';
import { plantModel } from './plant-model.ts';
import type { Workspace } from './workspace.ts';
import type { Gauges, World, WorldEnv } from './world.ts';

/** KPIs whose running value and regret are recorded; the others need a whole month or year to mean anything. */
const runningKpis: ReadonlySet<string> = new Set([
  'electricity_consumption_total',
  'cost_total',
  'carbon_emissions_total',
  'ramping_average',
  'daily_peak_average',
  'annual_peak_average',
  'all_time_peak_average',
  'discomfort_proportion',
  // v1's names
  'electricity_consumption',
  'cost',
  'carbon_emissions',
  'ramping',
  'average_daily_peak',
  'peak_demand',
]);

/** The scenario's district as a world; see `openDistrict`. */
export async function districtWorld(
  scenario: Pick<Scenario, 'district'>,
  workspace: Workspace,
  groups: number,
  only: readonly number[],
): Promise<World> {
  const district = await openDistrict(scenario, workspace, groups, only);
  return {
    env: districtWorldEnv(district.env),
    gauges: districtGauges(district.env),
    hours(listener) {
      district.env.tap((lane, hours, at, _t, _row, reward) => {
        if (!Number.isNaN(reward)) listener(lane, hours, at);
      });
    },
    hash: district.hash,
    rehearsal: () => districtWorldEnv(district.rehearsal()),
    practice: () => districtWorldEnv(district.practice()),
  };
}

/** A district with what its buildings' data and profiles tell of them. */
export function districtWorldEnv(env: DistrictEnv): WorldEnv {
  return {
    ...env,
    plantModel: (lane) => plantModel(env.lane(lane)),
    knownPlant: (lane) => knownPlant(env.lane(lane), env.firstWindow),
  };
}

/** Consumption, storage, temperature and KPIs of every lane of a district. */
export function districtGauges(env: DistrictEnv): Gauges {
  const kpis = Array.from({ length: env.numEnvs }, (_, lane) => kpiMeter(env.lane(lane).model, env.firstWindow));
  let hours: Float64Array = env.hours;
  let at = 0;
  return {
    kpis,
    runningKpis: (lane) =>
      kpiNames(env.lane(lane).model.profile)
        .filter((name) => runningKpis.has(name))
        .map((name) => ({ name, unit: 'ratio' })),
    columns(lane, clean, add) {
      const { model } = env.lane(lane);
      const net = add('net', 'kWh');
      const soc = add('soc', 'fraction');
      const single = model.actions.length === 1;
      const act = model.actions.map(({ name, unit, low, high }) =>
        add(single ? 'action' : `action.${name}`, unit, { range: [low, high] }),
      );
      const indoor = model.dynamics === null ? -1 : add('indoor_dry_bulb_temperature', '°C');
      const rew = add('reward', 'reward');
      const cost = add('cost', '$');
      const idle = clean ? add('net_without_storage', 'kWh') : -1;
      return (recorder, actions, reward) => {
        recorder.set(net, hours[at + NET]!);
        recorder.set(soc, hours[at + BATTERY_SOC]!);
        for (let i = 0; i < act.length; i++) recorder.set(act[i]!, actions[i]!);
        recorder.set(rew, reward);
        recorder.set(cost, hours[at + COST]!);
        if (indoor >= 0) recorder.set(indoor, hours[at + INDOOR_TEMPERATURE]!);
        if (idle >= 0) recorder.set(idle, hours[at + NET_WITHOUT_STORAGE]!);
      };
    },
    tap(listener) {
      env.tap((lane, booked, place, _t, row, reward) => {
        kpis[lane]!.push(booked, place, row);
        // An hour that no action led to (the one that a reset books) is no step.
        if (Number.isNaN(reward)) return;
        [hours, at] = [booked, place];
        listener(lane, reward);
      });
    },
  };
}
