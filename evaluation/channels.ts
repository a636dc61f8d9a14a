import type { Channel, GridTopology } from '../core/telemetry.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import { Recorder } from './recorder.ts';
import { sitesOf } from './sites.ts';
import type { Gauges, LaneEnv, LaneKpis, StepWriter } from './world.ts';

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
  readonly physics: StepWriter;
  /** @param scores of the scenario's detectors, in their order */
  detection(recorder: Recorder, scores: Float64Array): void;
  /** @param clean the twin's KPIs; undefined on the clean lane itself */
  kpis(recorder: Recorder, own: LaneKpis, clean: LaneKpis | undefined): void;
}

/** Adds a channel to a run's telemetry. @returns its index */
export type AddChannel = (lane: string, signal: string, unit: string) => number;

/** The telemetry schema of a run over some of its buildings (or other sites) and attacks and, per lane, the writers into it. Channel names are `<building>/<attack|clean>/<signal>`. */
export function channelTable(
  scenario: Scenario,
  env: LaneEnv,
  gauges: Gauges,
  buildings: readonly string[],
  labels: readonly string[],
  grid?: { readonly topology: GridTopology; register(add: AddChannel): void },
): { readonly recorder: Recorder; readonly channels: readonly LaneChannels[] } {
  const table: Channel[] = [];
  // By the whole panel, so that a part of it records what the whole does.
  const sites = sitesOf(scenario);
  const everyLane = scenario.attacks.length * sites.length <= featureLanes;
  const add: AddChannel = (lane, signal, unit) => table.push({ name: `${lane}/${signal}`, unit, lane, signal }) - 1;
  const channels = ['clean', ...labels].flatMap((label, group) =>
    buildings.map((building, b): LaneChannels => {
      const lane = `${building}/${label}`;
      const index = group * buildings.length + b;
      const physics = gauges.columns(index, group === 0, (signal, unit) => add(lane, signal, unit));
      const linfAt = group === 0 ? -1 : add(lane, 'linf', 'normalised');
      const successAt = group === 0 ? -1 : add(lane, 'success', '0 or 1');
      const changeAt = group === 0 ? -1 : add(lane, 'action_change', 'share of range');
      const running = gauges.runningKpis(index);
      const kpiAt = running.map((kpi) => add(lane, `kpi.${kpi}`, 'ratio'));
      const regretAt = group === 0 ? [] : running.map((kpi) => add(lane, `regret.${kpi}`, 'ratio'));
      const scoreAt = (scenario.detectors ?? []).map((detector) => add(lane, `score.${labelOf(detector)}`, 'score'));
      const features = env.laneFeatures(index);
      const detailed = group > 0 && (everyLane || building === sites[0]);
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
        physics,
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
