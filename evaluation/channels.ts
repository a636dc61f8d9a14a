import type { Channel, GridTopology } from '../core/telemetry.ts';
import type { Verdict } from '../attacks/verdict.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Group } from './attack-group.ts';
import { Recorder } from './recorder.ts';
import { sitesOf } from './sites.ts';
import type { Gauges, LaneEnv, LaneKpis, StepWriter } from './world.ts';

/** Beyond this many attacked lanes, features are recorded for the first building only: 62 columns a lane add up. */
const featureLanes = 16;

/** Where one lane's signals go. Row k holds what was seen and done at step k and the physics that followed. */
export interface LaneChannels {
  /** @param verdict whose row `row` is this lane's; undefined on a lane that its attack does not have */
  seen(
    recorder: Recorder,
    clean: Float32Array,
    seen: Float32Array,
    offset: number,
    verdict: Verdict | undefined,
    row: number,
  ): void;
  readonly physics: StepWriter;
  /** Tells, before the first frame, where the scenario's detectors raise an alarm. */
  thresholds(recorder: Recorder, thresholds: readonly number[]): void;
  /** @param scores of the scenario's detectors, in their order */
  detection(recorder: Recorder, scores: Float64Array): void;
  /** @param clean the twin's KPIs; undefined on the clean lane itself */
  kpis(recorder: Recorder, own: LaneKpis, clean: LaneKpis | undefined): void;
}

/** Adds a channel to a run's telemetry. @returns its index */
export type AddChannel = (
  lane: string,
  signal: string,
  unit: string,
  more?: Pick<Channel, 'range' | 'limit'>,
) => number;

/** The telemetry schema of a run over some of its buildings (or other sites) and attacks and, per lane, the writers into it. Channel names are `<building>/<attack|clean>/<signal>`. */
export function channelTable(
  scenario: Scenario,
  env: LaneEnv,
  gauges: Gauges,
  buildings: readonly string[],
  labels: readonly string[],
  groups: readonly Pick<Group, 'first' | 'size' | 'epsilon' | 'judged'>[],
  grid?: { readonly topology: GridTopology; register(add: AddChannel): void },
): { readonly recorder: Recorder; readonly channels: readonly LaneChannels[] } {
  const table: Channel[] = [];
  // By the whole panel, so that a part of it records what the whole does.
  const sites = sitesOf(scenario);
  const everyLane = scenario.attacks.length * sites.length <= featureLanes;
  const add: AddChannel = (lane, signal, unit, more = {}) =>
    table.push({ name: `${lane}/${signal}`, unit, lane, signal, ...more }) - 1;
  const channels = ['clean', ...labels].flatMap((label, group) =>
    buildings.map((building, b): LaneChannels => {
      const lane = `${building}/${label}`;
      const index = group * buildings.length + b;
      const physics = gauges.columns(index, group === 0, (signal, unit, more) => add(lane, signal, unit, more));
      const under = groups.find(({ first, size }) => index >= first && index < first + size);
      const limit = under?.epsilon?.reduce((most, each) => Math.max(most, each), 0);
      const linfAt = group === 0 ? -1 : add(lane, 'linf', 'normalised', limit === undefined ? {} : { limit });
      const successAt = group === 0 ? -1 : add(lane, 'success', '0 or 1');
      const changeAt = group === 0 ? -1 : add(lane, 'action_change', 'share of range');
      const acts = env.laneActions(index);
      const single = acts.length === 1;
      const intendedAt =
        under?.judged === true
          ? acts.map(({ name, unit }) => add(lane, single ? 'intended' : `intended.${name}`, unit))
          : [];
      const running = gauges.runningKpis(index);
      const kpiAt = running.map(({ name, unit }) => add(lane, `kpi.${name}`, unit));
      const regretAt = group === 0 ? [] : running.map(({ name, unit }) => add(lane, `regret.${name}`, unit));
      const scoreAt = (scenario.detectors ?? []).map((detector) => add(lane, `score.${labelOf(detector)}`, 'score'));
      const features = env.laneFeatures(index);
      const detailed = group > 0 && (everyLane || building === sites[0]);
      const told = (kind: string): number[] =>
        !detailed
          ? []
          : features.map(({ name, unit, low, high }) => add(lane, `${kind}.${name}`, unit, { range: [low, high] }));
      const trueAt = told('true');
      const reportedAt = told('reported');
      return {
        seen(recorder, clean, seen, offset, verdict, row) {
          recorder.set(linfAt, verdict?.linf[row] ?? 0);
          recorder.set(successAt, verdict?.success[row] ?? 0);
          recorder.set(changeAt, verdict?.actionChange[row] ?? 0);
          for (let j = 0; j < trueAt.length; j++) {
            const { low, high } = features[j]!;
            recorder.set(trueAt[j]!, low + clean[offset + j]! * (high - low));
            recorder.set(reportedAt[j]!, low + seen[offset + j]! * (high - low));
          }
          if (verdict === undefined) return;
          // Rows of actions are padded to the widest lane's.
          const width = verdict.cleanAction.length / verdict.linf.length;
          for (let b = 0; b < intendedAt.length; b++)
            recorder.set(intendedAt[b]!, verdict.cleanAction[row * width + b]!);
        },
        physics,
        thresholds(recorder, thresholds) {
          for (let d = 0; d < scoreAt.length; d++) recorder.limit(scoreAt[d]!, thresholds[d]!);
        },
        detection(recorder, scores) {
          for (let d = 0; d < scoreAt.length; d++) recorder.set(scoreAt[d]!, scores[d]!);
        },
        kpis(recorder, own, clean) {
          for (let k = 0; k < running.length; k++) {
            const value = own.value(running[k]!.name);
            recorder.set(kpiAt[k]!, value ?? Number.NaN);
            if (clean === undefined) continue;
            const reference = clean.value(running[k]!.name);
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
