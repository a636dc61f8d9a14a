import { ConfigError } from '../core/errors.ts';
import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Outcome } from '../evaluation/merge.ts';
import { siteBond } from '../evaluation/open-world.ts';
import { cut, wholePanel } from '../evaluation/part.ts';
import { installation } from '../server/installation.ts';
import { provenance } from '../server/provenance.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { evaluateInThreads } from './evaluation-threads.ts';
import { progress } from './output.ts';

export interface PanelOptions {
  /** Part `index` of `count` alone. */
  readonly shard: RunResult['shard'];
  readonly workers: number;
  /** Whether the scenario may ask a controller on another machine. */
  readonly allowRemote: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Evaluates a scenario, or a part of it, with bars of progress on stderr.
 * @throws {ConfigError} for a part of a scenario with a budget, which is of the whole run
 */
export async function evaluatePanel(scenario: Scenario, options: PanelOptions): Promise<Outcome> {
  const { shard, workers, signal } = options;
  const { modelsDir } = installation();
  const whole = wholePanel(scenario);
  const parted = workers > 1 || shard !== undefined;
  const bond = parted ? await siteBond(scenario, fileWorkspace({ roots: null, modelsDir })) : null;
  if (shard !== undefined && budgeted(scenario))
    throw new ConfigError('a budget is of the whole run: shards would each have one of their own', {
      place: { path: '/victim' },
    });
  const part = shard === undefined ? whole : cut(whole, bond, shard.count)[shard.index]!;
  let preparing: ReturnType<typeof progress> | undefined;
  let bar: ReturnType<typeof progress> | undefined;
  return evaluateInThreads(scenario, {
    part,
    bond,
    // A budget is of the whole run: threads would each have one of their own.
    workers: budgeted(scenario) ? 1 : workers,
    roots: null,
    modelsDir,
    controllers: options.allowRemote === true ? 'any' : 'loopback',
    ...provenance(),
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
