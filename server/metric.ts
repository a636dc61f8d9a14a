import type { LaneResult, RunResult } from '../core/run.ts';

/** Every metric of a lane by its name: its KPIs, `regret.<kpi>`, `return` and `success.rate`; those without a value are null. */
export function metricsOf({ kpis, regret, success, ...lane }: LaneResult): Readonly<Record<string, number | null>> {
  const metrics: Record<string, number | null> = { ...kpis };
  for (const [kpi, value] of Object.entries(regret ?? {})) metrics[`regret.${kpi}`] = value;
  metrics['return'] = lane.return;
  if (success !== undefined) metrics['success.rate'] = success.rate;
  return metrics;
}

/** The lanes that a run is about: those under attack, or all of them where nothing is attacked. */
export function lanesInQuestion({ lanes }: RunResult): readonly LaneResult[] {
  const attacked = lanes.filter((lane) => lane.regret !== undefined);
  return attacked.length > 0 ? attacked : lanes;
}
