import { from } from 'rxjs';
import type { Observable } from 'rxjs';
import type { RunEvent } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import { hashOf } from './canonical.ts';
import { Pacer } from './control.ts';
import type { Clock, CommandQueue } from './control.ts';
import { openLoop } from './loop.ts';
import type { Loop } from './loop.ts';
import type { Preparing } from './modules.ts';
import type { Part } from './part.ts';
import { reported } from './reported.ts';
import { runResult } from './result.ts';
import type { Workspace } from './workspace.ts';

/** What a run needs beside its scenario; all of it comes from the entry point. */
export interface RunOptions {
  readonly clock: Clock;
  readonly commands: CommandQueue;
  readonly versions: Readonly<Record<string, string>>;
  readonly codeHash: string;
  /** Only this part of the panel. What it gives is what the whole gives there, to the bit. */
  readonly part?: Part | undefined;
}

/**
 * A scenario in, one stream of events out. Every building is one clean lane and one lane per attack, in lockstep over one
 * physics; lanes that share an attack share a batch. The loop itself is synchronous; between frames it gives way to the
 * event loop, so that commands are heard.
 *
 * A cancelled run ends without a `finished` event.
 */
export async function* runEvents(
  scenario: Scenario,
  workspace: Workspace,
  options: RunOptions,
): AsyncGenerator<RunEvent, void, void> {
  const { clock, commands } = options;
  const pacer = new Pacer(commands, clock, scenario.live.stepsPerSecond);
  const opening = reported<Preparing, Loop>((tell) => openLoop(scenario, workspace, options.part, tell));
  using loop = yield* prepared(opening);
  if (loop === undefined) return;
  const startedAt = clock.now();
  yield* prepared(loop.prepare());
  if (pacer.cancelled) return;
  yield { type: 'started', schema: loop.recorder.schema, totalSteps: loop.totalSteps };
  const progress = (): RunEvent => {
    const seconds = Math.max(1e-9, clock.now() - startedAt);
    return { type: 'progress', step: loop.step, totalSteps: loop.totalSteps, stepsPerSecond: loop.step / seconds };
  };
  let reportedAt = startedAt;
  let lastTurn = startedAt;
  let paused = false;
  while (loop.step < loop.totalSteps) {
    pacer.poll();
    if (pacer.cancelled) break;
    if (pacer.paused !== paused) {
      paused = pacer.paused;
      yield { type: 'state', state: paused ? 'paused' : 'running' };
    }
    if (pacer.paused) {
      if (loop.recorder.pending) yield { type: 'frame', frame: loop.recorder.take(clock.now()) };
      yield progress();
      await pacer.hold();
      continue;
    }
    const full = loop.advance(clock);
    const now = clock.now();
    if (full || (pacer.slow && now - reportedAt > 0.25)) {
      if (loop.recorder.pending) yield { type: 'frame', frame: loop.recorder.take(now) };
    }
    if (now - reportedAt > 0.25) {
      reportedAt = now;
      yield progress();
    }
    if (now - lastTurn > 0.02) {
      lastTurn = now;
      await clock.sleep(0);
    }
    await pacer.stepped();
  }
  if (loop.recorder.pending) yield { type: 'frame', frame: loop.recorder.take(clock.now()) };
  yield progress();
  if (pacer.cancelled) return;
  yield {
    type: 'finished',
    result: runResult(scenario, {
      versions: options.versions,
      hashes: { scenario: hashOf(scenario), data: loop.dataHash, model: loop.modelHash, code: options.codeHash },
      modules: loop.modules,
      lanes: loop.results(),
      grid: loop.grid(),
      threats: loop.engineReports(),
      seconds: clock.now() - startedAt,
    }),
  };

  /** What a work makes that reports as it goes; undefined once the run is cancelled, which breaks it off. */
  async function* prepared<Result>(
    work: AsyncGenerator<Preparing, Result, void> | Generator<Preparing, Result, void>,
  ): AsyncGenerator<RunEvent, Result | undefined, void> {
    try {
      for (;;) {
        const { done, value } = await work.next();
        if (done === true) return value;
        yield { type: 'preparing', ...value };
        await clock.sleep(0);
        pacer.poll();
        if (pacer.cancelled) return undefined;
      }
    } finally {
      await work.return(undefined as never); // nothing, where the work is over
    }
  }
}

/** The same as a cold observable: unsubscribing stops the run and frees everything it holds. */
export function run$(scenario: Scenario, workspace: Workspace, options: RunOptions): Observable<RunEvent> {
  return from(runEvents(scenario, workspace, options));
}
