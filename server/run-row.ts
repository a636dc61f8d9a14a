import type { RunResult } from '../core/run.ts';
import { labelOf } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import { sitesOf } from '../evaluation/sites.ts';
import type { RunDetail, RunState, RunSummary } from './events.ts';
import type { Row } from './sqlite.ts';

/** What words of a list are looked for in. */
export function searchText(scenario: Scenario): string {
  const { name, victim, attacks, modules = [] } = scenario;
  const labelled = [...modules, ...attacks].flatMap((one) => [one.name, labelOf(one)]);
  return [name, victim.policy, worldOf(scenario), ...sitesOf(scenario), ...labelled].join('\n').toLowerCase();
}

/** What a run is in: its task, or its district's dataset. */
function worldOf({ task, district }: Scenario): string {
  return task?.name ?? district.dataset;
}

export function detailOf(row: Row): RunDetail {
  return {
    ...summaryOf(row),
    scenario: JSON.parse(String(row['scenario'])) as Scenario,
    schema: parsed(row['schema']) as TelemetrySchema | null,
    result: parsed(row['result']) as RunResult | null,
  };
}

export function summaryOf(row: Row): RunSummary {
  const scenario = JSON.parse(String(row['scenario'])) as Scenario;
  return {
    id: String(row['id']),
    name: String(row['name']),
    state: String(row['state']) as RunState,
    seed: Number(row['seed']),
    policy: scenario.victim.policy,
    dataset: worldOf(scenario),
    buildings: sitesOf(scenario),
    attacks: scenario.attacks.map(labelOf),
    modules: (scenario.modules ?? []).map(labelOf),
    createdAt: Number(row['created_at']),
    startedAt: nullable(row['started_at']),
    endedAt: nullable(row['ended_at']),
    headSeq: Number(row['head_seq']),
    headStep: Number(row['head_step']),
    totalSteps: Number(row['total_steps']),
    preparing: null,
    note: String(row['note']),
    archived: row['archived'] === 1,
    tags: JSON.parse(String(row['tags'])) as string[],
    sweepId: (row['sweep_id'] ?? null) as string | null,
    executor: String(row['executor']) as RunSummary['executor'],
    worker: (row['worker'] ?? null) as string | null,
    attempts: Number(row['attempts']),
    error: (row['error'] ?? null) as string | null,
  };
}

function nullable(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function parsed(text: unknown): unknown {
  return typeof text === 'string' ? JSON.parse(text) : null;
}
