import { ConfigError } from '../core/errors.ts';
import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { ResultStore } from '../evaluation/executor/executor.ts';
import type { Evaluated } from '../evaluation/executor/job.ts';
import { siteBond } from '../evaluation/open-world.ts';
import { cut, wholePanel } from '../evaluation/part.ts';
import { installation } from '../server/installation.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { evaluateInParts } from './evaluation-parts.ts';
import { openExecutor, ownWorkshop } from './executor-option.ts';
import type { ExecutorChoice } from './executor-option.ts';
import { progress } from './output.ts';

export interface PanelOptions extends ExecutorChoice {
  /** Part `index` of `count` alone. */
  readonly shard: RunResult['shard'];
  /** Whether the scenario may ask a controller on another machine. */
  readonly allowRemote: boolean | undefined;
  /** Names its jobs in a queue. */
  readonly batch: string;
  /** Where parts that are over are kept, attack by attack at the least; absent: nowhere. */
  readonly results?: ResultStore<Evaluated> | undefined;
  readonly signal: AbortSignal;
}

/**
 * Evaluates a scenario, or a part of it, with bars of progress on stderr.
 * @throws {ConfigError} for a part of a scenario with a budget, which is of the whole run
 */
export async function evaluatePanel(scenario: Scenario, options: PanelOptions): Promise<Evaluated> {
  const { shard, workers, results, signal } = options;
  const { modelsDir } = installation();
  const whole = wholePanel(scenario);
  const parted = workers > 1 || shard !== undefined || results !== undefined;
  const bond = parted ? await siteBond(scenario, fileWorkspace({ roots: null, modelsDir })) : null;
  if (shard !== undefined && budgeted(scenario))
    throw new ConfigError('a budget is of the whole run: shards would each have one of their own', {
      place: { path: '/victim' },
    });
  const part = shard === undefined ? whole : cut(whole, bond, shard.count)[shard.index]!;
  let preparing: ReturnType<typeof progress> | undefined;
  let bar: ReturnType<typeof progress> | undefined;
  const setup = ownWorkshop({ controllers: options.allowRemote === true ? 'any' : 'loopback', telemetry: true });
  await using executor = await openExecutor(options, setup, () => options.batch);
  return await evaluateInParts(scenario, {
    executor,
    part,
    bond,
    // A budget is of the whole run: parts would each have one of their own. What is to be resumed is kept attack by attack.
    parts: budgeted(scenario) ? 1 : Math.max(workers, results === undefined ? 1 : part.attacks.length),
    codeHash: setup.codeHash,
    results,
    signal,
    onPreparing(attack, done) {
      preparing ??= progress(100, 'prepare', '%');
      preparing.update(100 * done, attack);
    },
    onProgress(step, totalSteps) {
      preparing?.stop();
      preparing = undefined;
      bar ??= progress(totalSteps, 'evaluate', 'steps', step);
      bar.update(step);
    },
  }).finally(() => {
    preparing?.stop();
    bar?.stop();
  });
}

/** Whether what may be asked of the victim is counted. */
function budgeted({ victim }: Scenario): boolean {
  return victim.query_budget !== undefined || victim.request_budget !== undefined;
}
