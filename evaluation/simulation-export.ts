import { defaultStartDate } from '../sim/district/export-clock.ts';
import { exportedRows, exportRecorder } from '../sim/district/export-recorder.ts';
import { exportFiles } from '../sim/district/export.ts';
import type { DistrictEnv } from '../sim/district/district-env.ts';
import type { KpiRow } from '../sim/district/kpi.ts';

/** Collects a district's first episode for CityLearn's export files. */
export interface RunExport {
  push(lane: number, hours: Float64Array, at: number, t: number): void;
  /** Name → text. */
  files(kpis: readonly KpiRow[]): Map<string, string>;
}

/** @param env every building of one district as one lane */
export function openExport(env: DistrictEnv): RunExport {
  const models = Array.from({ length: env.numEnvs }, (_, lane) => env.lane(lane).model);
  const [{ profile, district }] = models as [(typeof models)[number]];
  const { start, rows } = env.firstWindow;
  const recorder = exportRecorder(models, exportedRows(profile, rows), district.electricVehicles.length);
  const cars = district.electricVehicles.length > 0;
  return {
    push(lane, hours, at, t) {
      recorder.push(lane, hours, at, t, cars ? env.carSocs(lane) : undefined);
    },
    files: (kpis) =>
      exportFiles({
        models,
        start,
        episode: 0,
        startDate: defaultStartDate,
        series: recorder.series,
        carSoc: recorder.carSoc,
        kpis,
      }),
  };
}
