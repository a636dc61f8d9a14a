import { CancelledError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { carryOut } from '../evaluation/executor/executor.ts';
import type { Executor, ResultStore } from '../evaluation/executor/executor.ts';
import { jobOf } from '../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork } from '../evaluation/executor/job.ts';
import { mergeOutcomes, mergeResults } from '../evaluation/merge.ts';
import { cut, mostParts } from '../evaluation/part.ts';
import type { Part } from '../evaluation/part.ts';
import { ThreadFault } from './exit.ts';
import { note } from './output.ts';

export interface PartsOptions {
  readonly executor: Executor;
  /** Of the panel: all that is wanted. */
  readonly part: Part;
  /** Why the part's buildings stay together, or null. */
  readonly bond: string | null;
  /** Into how many it is cut, if it has as many. */
  readonly parts: number;
  readonly codeHash: string;
  readonly signal: AbortSignal;
  /** Where parts that are over are kept; absent: nowhere. */
  readonly results?: ResultStore<Evaluated> | undefined;
  /** @param step of the slowest part */
  readonly onProgress: (step: number, totalSteps: number) => void;
  /** An attack learns before the first step. @param done 0…1 */
  readonly onPreparing?: ((attack: string, done: number) => void) | undefined;
}

/**
 * Evaluates a panel, or a part of one, in as many parts as are wanted and it has, and puts them together: the same result for every number of
 * parts and whoever does them.
 * @throws {CancelledError} when the signal is set; the first fault of any part otherwise, the others being stopped.
 */
export async function evaluateInParts(scenario: Scenario, options: PartsOptions): Promise<Evaluated> {
  const { executor, part: whole, bond, codeHash, signal, results = nowhere } = options;
  const parts = cut(whole, bond, Math.min(options.parts, mostParts(whole, bond)));
  const jobs = parts.map((part) => jobOf<EvaluationWork>({ kind: 'evaluation', scenario, part }, codeHash));
  const shares = new Map(jobs.map(({ key }) => [key, 0]));
  const { values } = await carryOut(executor, jobs, {
    results,
    signal,
    onOutcome(outcome) {
      if (outcome.state === 'failed') throw new ThreadFault(outcome.error);
      shares.set(outcome.key, 1);
    },
    onNews(news) {
      if (news.type === 'retry') note(`attempt ${news.attempt}: ${news.reason}`);
      if (news.type !== 'job') return;
      if (news.preparing !== undefined) options.onPreparing?.(news.preparing, news.done);
      else if (news.totalSteps !== undefined) {
        shares.set(news.key, news.done);
        options.onProgress(Math.round(Math.min(...shares.values()) * news.totalSteps), news.totalSteps);
      }
    },
  }).catch((error: unknown) => {
    if (!(error instanceof CancelledError)) throw error;
    throw new CancelledError(
      `interrupted; ${options.results === undefined ? 'nothing was written' : 'run the same command again to go on'}`,
    );
  });
  const evaluated = jobs.map(({ key }) => values.get(key)!);
  for (const { withheld } of evaluated) if (withheld !== undefined) note(`a part of it: ${withheld}`);
  const outcomes = evaluated.flatMap(({ result, telemetry }) => (telemetry === null ? [] : [{ result, ...telemetry }]));
  if (outcomes.length < evaluated.length)
    return {
      result: mergeResults(
        scenario,
        evaluated.map(({ result }) => result),
        whole,
      ),
      telemetry: null,
    };
  const { result, schema, frames } = mergeOutcomes(scenario, outcomes, whole);
  return { result, telemetry: { schema, frames } };
}

const nowhere: ResultStore<never> = { get: () => undefined, put() {} };
