import type { Channel, GridTopology } from '../core/telemetry.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import { BATTERY_SOC, INDOOR_TEMPERATURE, NET, NET_WITHOUT_STORAGE } from '../sim/district/hour.ts';
import { kpiNames } from '../sim/district/kpi.ts';
import type { KpiMeter } from '../sim/district/kpi.ts';
import { Recorder } from './recorder.ts';

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

/** Beyond this many attacked lanes, features are recorded for the first building only: 62 columns a lane add up. */
const featureLanes = 16;

/** Where one lane's signals go. Row k holds what was seen and done at step k and the physics that followed. */
export interface LaneChannels {
  seen(
    recorder: Recorder,
    clean: Float32Array,
    seen: Float32Array,
    offset: number,
    linf: number,
    success: number,
    actionChange: number,
  ): void;
  /** @param hours, at the lane's booked hour  @param actions of the lane */
  physics(recorder: Recorder, hours: Float64Array, at: number, actions: Float64Array, reward: number): void;
  /** @param scores of the scenario's detectors, in their order */
  detection(recorder: Recorder, scores: Float64Array): void;
  /** @param clean the twin's KPIs; undefined on the clean lane itself */
  kpis(recorder: Recorder, own: KpiMeter, clean: KpiMeter | undefined): void;
}

/** Adds a channel to a run's telemetry. @returns its index */
export type AddChannel = (lane: string, signal: string, unit: string) => number;

/** The telemetry schema of a run over some of its buildings and attacks and, per lane, the writers into it. Channel names are `<building>/<attack|clean>/<signal>`. */
export function channelTable(
  scenario: Scenario,
  env: DistrictEnv,
  buildings: readonly string[],
  labels: readonly string[],
  grid?: { readonly topology: GridTopology; register(add: AddChannel): void },
): { readonly recorder: Recorder; readonly channels: readonly LaneChannels[] } {
  const table: Channel[] = [];
  // By the whole panel, so that a part of it records what the whole does.
  const everyLane = scenario.attacks.length * scenario.district.buildings.length <= featureLanes;
  const add: AddChannel = (lane, signal, unit) => table.push({ name: `${lane}/${signal}`, unit, lane, signal }) - 1;
  const channels = ['clean', ...labels].flatMap((label, group) =>
    buildings.map((building, b): LaneChannels => {
      const lane = `${building}/${label}`;
      const net = add(lane, 'net', 'kWh');
      const soc = add(lane, 'soc', 'fraction');
      const index = group * buildings.length + b;
      const { model } = env.lane(index);
      const single = model.actions.length === 1;
      const act = model.actions.map(({ name, unit }) => add(lane, single ? 'action' : `action.${name}`, unit));
      const indoor = model.dynamics === null ? -1 : add(lane, 'indoor_dry_bulb_temperature', '°C');
      const rew = add(lane, 'reward', 'reward');
      const idle = group === 0 ? add(lane, 'net_without_storage', 'kWh') : -1;
      const linfAt = group === 0 ? -1 : add(lane, 'linf', 'normalised');
      const successAt = group === 0 ? -1 : add(lane, 'success', '0 or 1');
      const changeAt = group === 0 ? -1 : add(lane, 'action_change', 'share of range');
      const running = kpiNames(model.profile).filter((name) => runningKpis.has(name));
      const kpiAt = running.map((kpi) => add(lane, `kpi.${kpi}`, 'ratio'));
      const regretAt = group === 0 ? [] : running.map((kpi) => add(lane, `regret.${kpi}`, 'ratio'));
      const scoreAt = (scenario.detectors ?? []).map((detector) => add(lane, `score.${labelOf(detector)}`, 'score'));
      const features = env.laneFeatures(index);
      const detailed = group > 0 && (everyLane || building === scenario.district.buildings[0]);
      const trueAt = detailed ? features.map((feature) => add(lane, `true.${feature.name}`, feature.unit)) : [];
      const reportedAt = detailed ? features.map((feature) => add(lane, `reported.${feature.name}`, feature.unit)) : [];
      return {
        seen(recorder, clean, seen, offset, linf, success, actionChange) {
          recorder.set(linfAt, linf);
          recorder.set(successAt, success);
          recorder.set(changeAt, actionChange);
          for (let j = 0; j < trueAt.length; j++) {
            const { low, high } = features[j]!;
            recorder.set(trueAt[j]!, low + clean[offset + j]! * (high - low));
            recorder.set(reportedAt[j]!, low + seen[offset + j]! * (high - low));
          }
        },
        physics(recorder, hours, at, actions, reward) {
          recorder.set(net, hours[at + NET]!);
          recorder.set(soc, hours[at + BATTERY_SOC]!);
          for (let i = 0; i < act.length; i++) recorder.set(act[i]!, actions[i]!);
          recorder.set(rew, reward);
          if (indoor >= 0) recorder.set(indoor, hours[at + INDOOR_TEMPERATURE]!);
          if (idle >= 0) recorder.set(idle, hours[at + NET_WITHOUT_STORAGE]!);
        },
        detection(recorder, scores) {
          for (let d = 0; d < scoreAt.length; d++) recorder.set(scoreAt[d]!, scores[d]!);
        },
        kpis(recorder, own, clean) {
          for (let k = 0; k < running.length; k++) {
            const value = own.value(running[k]!);
            recorder.set(kpiAt[k]!, value ?? Number.NaN);
            if (clean === undefined) continue;
            const reference = clean.value(running[k]!);
            recorder.set(regretAt[k]!, value === null || reference === null ? Number.NaN : value - reference);
          }
        },
      };
    }),
  );
  grid?.register(add);
  const recorder = new Recorder(table, scenario.live.frameSteps, env.secondsPerTimeStep, grid?.topology);
  return { recorder, channels };
}
