import { encodeFrame } from '../../core/frame-codec.ts';
import type { RunResult } from '../../core/run.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from './model-folder.ts';

interface RecordedRun {
  readonly id: string;
  readonly name?: string;
  readonly seed?: number;
  readonly frames?: number;
  /** Steps a frame. */
  readonly rows?: number;
  /** KPIs of the attacked lane; those of the clean one are all 1. */
  readonly kpis?: Readonly<Record<string, number>>;
  readonly attack?: string;
  /** Of two channels; `recordedSchema` when absent. */
  readonly schema?: TelemetrySchema;
  /** A sweep of this id is made when it is not there. */
  readonly sweepId?: string;
}

/** Channel `a` counts the steps, `b` swings and has no value at every seventh step. */
export const recordedSchema: TelemetrySchema = {
  version: 1,
  dt: 3600,
  channels: [
    { name: 'Building_1/clean/a', unit: 'kWh', lane: 'Building_1/clean', signal: 'a' },
    { name: 'Building_1/clean/b', unit: '1', lane: 'Building_1/clean', signal: 'b' },
  ],
};

export const recordedValue = (channel: number, step: number): number =>
  channel === 0 ? step : step % 7 === 6 ? Number.NaN : Math.fround(Math.sin(step / 5));

/** Writes runs that are over into a store, as a server would have left them, without simulating anything. */
export function writeRecordedRuns(folder: string, runs: readonly RecordedRun[]): void {
  using store = new Store(folder, 0);
  for (const id of new Set(runs.flatMap((run) => run.sweepId ?? [])))
    store.sweeps.insert({ id, name: id, createdAt: 0, executor: 'local', code: null, cells: [] });
  for (const run of runs) {
    const { id, name = id, seed = 0, frames = 4, rows = 4, kpis = {}, attack = 'bifurcation', sweepId } = run;
    const scenario = scenarioFrom({ ...smallScenario({ name }), seed, attacks: [{ name: attack }] }, 'test', schema);
    store.create(id, scenario, 1, { sweepId });
    store.started(id, { startedAt: 2, schema: run.schema ?? recordedSchema, totalSteps: frames * rows });
    for (let seq = 0; seq < frames; seq++) {
      const step0 = seq * rows;
      const values = Float32Array.from({ length: 2 * rows }, (_, i) =>
        recordedValue(Math.floor(i / rows), step0 + (i % rows)),
      );
      store.append(id, {
        seq,
        step0,
        rows,
        body: encodeFrame({ schema: 1, seq, step0, rows, cols: 2, values, wallTime: seq / 4 }),
      });
    }
    const clean = Object.fromEntries(Object.keys(kpis).map((kpi) => [kpi, 1]));
    const regret = Object.fromEntries(Object.entries(kpis).map(([kpi, value]) => [kpi, value - 1]));
    const lane = { building: 'Building_1', steps: frames * rows, return: -1 };
    const result: RunResult = {
      format: 'faultline-result',
      version: 1,
      scenario,
      seed,
      versions: {},
      hashes: { scenario: '', data: '', model: '', code: '' },
      lanes: [
        { ...lane, lane: 'Building_1/clean', attack: 'clean', kpis: clean },
        { ...lane, lane: `Building_1/${attack}`, attack, kpis, regret },
      ],
      checks: [],
      timing: { seconds: 1, stepsPerSecond: 1, gradientsPerSecond: 0 },
    };
    store.ended(id, { state: 'done', endedAt: 3, result });
  }
}
