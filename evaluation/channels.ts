import type { Channel } from '../core/telemetry.ts';
import type { Scenario } from '../core/scenario.ts';
import type { KpiAccumulator } from '../sim/district/kpi.ts';
import type { DistrictEnv, LaneSeries } from '../sim/district/district-env.ts';
import { Recorder } from './recorder.ts';

/** KPIs whose running value and regret are recorded; the others need a whole month or year to mean anything. */
const runningKpis = [
  'electricity_consumption_total',
  'cost_total',
  'carbon_emissions_total',
  'ramping_average',
  'daily_peak_average',
  'annual_peak_average',
] as const;

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
  physics(recorder: Recorder, series: LaneSeries, t: number, action: number, reward: number): void;
  /** @param clean the twin's KPIs; undefined on the clean lane itself */
  kpis(recorder: Recorder, own: KpiAccumulator, clean: KpiAccumulator | undefined): void;
}

/** The telemetry schema of a run and, per lane, the writers into it. Channel names are `<building>/<attack|clean>/<signal>`. */
export function channelTable(
  scenario: Scenario,
  env: DistrictEnv,
  buildings: readonly string[],
  labels: readonly string[],
): { readonly recorder: Recorder; readonly channels: readonly LaneChannels[] } {
  const table: Channel[] = [];
  const add = (lane: string, signal: string, unit: string): number =>
    table.push({ name: `${lane}/${signal}`, unit, lane, signal }) - 1;
  const channels = ['clean', ...labels].flatMap((label, group) =>
    buildings.map((building, b): LaneChannels => {
      const lane = `${building}/${label}`;
      const net = add(lane, 'net', 'kWh');
      const soc = add(lane, 'soc', 'fraction');
      const act = add(lane, 'action', 'fraction of capacity');
      const rew = add(lane, 'reward', 'reward');
      const idle = group === 0 ? add(lane, 'net_without_storage', 'kWh') : -1;
      const linfAt = group === 0 ? -1 : add(lane, 'linf', 'normalised');
      const successAt = group === 0 ? -1 : add(lane, 'success', '0 or 1');
      const changeAt = group === 0 ? -1 : add(lane, 'action_change', 'share of range');
      const kpiAt = runningKpis.map((kpi) => add(lane, `kpi.${kpi}`, 'ratio'));
      const regretAt = group === 0 ? [] : runningKpis.map((kpi) => add(lane, `regret.${kpi}`, 'ratio'));
      const features = env.laneFeatures(group * buildings.length + b);
      const detailed = group > 0 && (labels.length * buildings.length <= featureLanes || b === 0);
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
        physics(recorder, series, t, action, reward) {
          recorder.set(net, series.net[t]!);
          recorder.set(soc, series.soc[t]!);
          recorder.set(act, action);
          recorder.set(rew, reward);
          if (idle >= 0) recorder.set(idle, series.netWithoutStorage[t]!);
        },
        kpis(recorder, own, clean) {
          for (let k = 0; k < runningKpis.length; k++) {
            const value = own.value(runningKpis[k]!);
            recorder.set(kpiAt[k]!, value ?? Number.NaN);
            if (clean === undefined) continue;
            const reference = clean.value(runningKpis[k]!);
            recorder.set(regretAt[k]!, value === null || reference === null ? Number.NaN : value - reference);
          }
        },
      };
    }),
  );
  return { recorder: new Recorder(table, scenario.live.frameSteps, env.secondsPerTimeStep), channels };
}
