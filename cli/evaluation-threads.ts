import { CancelledError } from '../core/errors.ts';
import { ThreadFault } from './exit.ts';
import { decodeFrame } from '../core/frame-codec.ts';
import type { RunResult } from '../core/run.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import { mergeOutcomes } from '../evaluation/merge.ts';
import type { Outcome } from '../evaluation/merge.ts';
import { cut, mostParts } from '../evaluation/part.ts';
import type { Part } from '../evaluation/part.ts';
import { openThread } from '../server/run-thread.ts';
import type { FromWorker, ToWorker, WorkerTask } from '../server/worker-messages.ts';

export interface ThreadOptions extends Omit<WorkerTask, 'scenario'> {
  readonly part: Part;
  /** Why the part's buildings stay in one thread, or null. */
  readonly bond: string | null;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** @param step of the slowest thread */
  readonly onProgress: (step: number, totalSteps: number) => void;
  /** An attack learns before the first step. @param done 0…1 */
  readonly onPreparing?: (attack: string, done: number) => void;
}

/**
 * Evaluates a panel, or a part of one, in as many threads as are wanted and it has parts for, and puts the parts together: the same
 * result for every number of workers.
 * @throws {CancelledError} when the signal is set; the first fault of any thread otherwise.
 */
export async function evaluateInThreads(scenario: Scenario, options: ThreadOptions): Promise<Outcome> {
  const { part: whole, bond } = options;
  const parts = cut(whole, bond, Math.min(options.workers, mostParts(whole, bond)));
  const steps = parts.map(() => 0);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    const outcomes = await Promise.all(
      parts.map((part, index) =>
        evaluatePart(scenario, { ...options, part, signal }, (step, totalSteps) => {
          steps[index] = step;
          options.onProgress(Math.min(...steps), totalSteps);
        }),
      ),
    );
    return mergeOutcomes(scenario, outcomes, whole);
  } finally {
    stop.abort(); // when one part failed, the others need not finish
  }
}

function evaluatePart(
  scenario: Scenario,
  options: ThreadOptions,
  onProgress: ThreadOptions['onProgress'],
): Promise<Outcome> {
  const { part, roots, modelsDir, controllers, versions, codeHash, signal } = options;
  return new Promise((resolve, reject) => {
    const worker = openThread({ scenario, part, roots, modelsDir, controllers, versions, codeHash });
    const frames: TelemetryFrame[] = [];
    let schema: TelemetrySchema | undefined;
    let result: RunResult | undefined;
    // At once, whatever it is doing: it may be waiting for a controller that never answers, and leaves nothing behind.
    const cancel = (): void => {
      reject(new CancelledError('interrupted; nothing was written'));
      void worker.terminate();
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel);
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'frame') {
        frames.push(decodeFrame(message.body));
        worker.postMessage({ type: 'credit', frames: 1 } satisfies ToWorker);
      } else if (message.type === 'failed') reject(new ThreadFault(message));
      else if (message.type === 'event') {
        const { event } = message;
        if (event.type === 'started') schema = event.schema;
        else if (event.type === 'preparing') options.onPreparing?.(event.attack, event.done);
        else if (event.type === 'progress') onProgress(event.step, event.totalSteps);
        else if (event.type === 'finished') result = event.result;
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      signal.removeEventListener('abort', cancel);
      if (result !== undefined && schema !== undefined) resolve({ result, schema, frames });
      else reject(new Error(`an evaluation thread ended early with code ${code}`));
    });
  });
}
