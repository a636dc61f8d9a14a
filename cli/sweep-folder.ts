import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../core/errors.ts';
import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import { hashOf } from '../evaluation/canonical.ts';
import { checkResult } from '../evaluation/executor/check-result.ts';
import type { CarriedOut, ResultStore } from '../evaluation/executor/executor.ts';
import { jobOf } from '../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork, Job } from '../evaluation/executor/job.ts';
import { episodesParquet } from '../evaluation/report/parquet.ts';
import { sweepResult } from '../evaluation/sweep/sweep-result.ts';
import type { SweepResult } from '../evaluation/sweep/sweep-result.ts';
import { expandSweep, maxCommandRuns } from '../server/sweep.ts';
import type { SweepSpec } from '../server/sweep.ts';
import { replaceFile } from './files.ts';

/** `sweep.json`: what a folder is the sweep, or a part of the sweep, of. */
export interface SweepPlan {
  readonly format: 'faultline-sweep-plan';
  readonly version: 1;
  readonly spec: SweepSpec;
  readonly code: string;
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Names the folder's jobs in a queue, so that a command that was killed finds them again. */
  readonly batch: string;
}

/** A sweep's runs as jobs, cell by cell. */
export interface SweepCells {
  readonly plan: Pick<SweepPlan, 'spec' | 'code'>;
  readonly cells: readonly {
    readonly values: Readonly<Record<string, unknown>>;
    readonly runs: readonly { readonly seed: number; readonly scenario: Scenario; readonly job: Job<EvaluationWork> }[];
  }[];
}

/** @throws {ConfigError} for a sweep with a cell that is no scenario. */
export function cellsOf(plan: SweepCells['plan']): SweepCells {
  const cells = expandSweep(plan.spec, maxCommandRuns).map(({ values, scenarios }) => ({
    values,
    runs: scenarios.map((scenario) => ({
      seed: scenario.seed,
      scenario,
      job: jobOf<EvaluationWork>({ kind: 'evaluation', scenario, part: null }, plan.code),
    })),
  }));
  return { plan, cells };
}

/** The jobs of a sweep, or every n-th of them from i on, in the order of cells and seeds. */
export function jobsOf({ cells }: SweepCells, shard?: SweepPlan['shard']): readonly Job<EvaluationWork>[] {
  const jobs = cells.flatMap(({ runs }) => runs.map(({ job }) => job));
  return shard === undefined ? jobs : jobs.filter((_job, at) => at % shard.count === shard.index);
}

/** The plan that a folder has, null where it has none. @throws {DataError} for one that is none of ours */
export function readPlan(out: string): SweepPlan | null {
  const file = join(out, 'sweep.json');
  if (!existsSync(file)) return null;
  try {
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Partial<SweepPlan> | null;
    if (plan?.format === 'faultline-sweep-plan' && plan.version === 1 && plan.spec !== undefined)
      return plan as SweepPlan;
  } catch (cause) {
    throw new DataError('cannot be read', { place: { file }, cause });
  }
  throw new DataError('is no sweep of this version', { place: { file } });
}

/** Notes what a folder is the sweep of; what it holds of an earlier one stays, and counts where it is the same work. */
export function writePlan(out: string, plan: Omit<SweepPlan, 'format' | 'version' | 'batch'>): SweepPlan {
  const batch = readPlan(out)?.batch ?? randomUUID();
  const whole: SweepPlan = { format: 'faultline-sweep-plan', version: 1, batch, ...plan };
  replaceFile(join(out, 'sweep.json'), `${JSON.stringify(whole, null, 2)}\n`);
  return whole;
}

/** Results by job: `runs/KEY.json`. What is damaged or of another job is as if it were not there. */
export function runFolder(out: string, sweep: SweepCells): ResultStore<Evaluated> {
  const works = new Map(jobsOf(sweep).map(({ key, work }) => [key, work]));
  const fileOf = (key: string): string => join(out, 'runs', `${key}.json`);
  return {
    get(key) {
      const work = works.get(key);
      if (work === undefined || !existsSync(fileOf(key))) return undefined;
      try {
        const value: unknown = JSON.parse(readFileSync(fileOf(key), 'utf8'));
        return { result: checkResult(value, work, sweep.plan.code), telemetry: null };
      } catch {
        return undefined;
      }
    },
    put: (key, { result }) => replaceFile(fileOf(key), JSON.stringify(result)),
  };
}

/** Writes episodes.parquet and, last, result.json. */
export function writeSweep(
  out: string,
  { plan, cells }: SweepCells,
  { values, failures }: CarriedOut<Evaluated>,
): SweepResult {
  const done: RunResult[] = [];
  const named = cells.map(({ values: varied, runs }) => ({
    values: varied,
    runs: runs.map(({ seed, job }) => {
      const result = values.get(job.key)?.result;
      if (result !== undefined) done.push(result);
      const failure = failures.get(job.key);
      const error = failure === undefined ? 'was not run' : describe(failure);
      return { seed, outcome: result ?? { error, attempts: failure?.attempts ?? 0 } };
    }),
  }));
  const hashes = { spec: hashOf(plan.spec), code: plan.code };
  const result = sweepResult({ name: plan.spec.name, hashes }, named);
  replaceFile(join(out, 'episodes.parquet'), episodesParquet(...done));
  replaceFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function describe({ name, reason }: { readonly name: string | null; readonly reason: string }): string {
  return name === null ? reason : `${name}: ${reason}`;
}
