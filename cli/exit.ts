import { FaultlineError } from '../core/errors.ts';
import type { Fault } from '../server/thread-fault.ts';

/** An error of a thread of ours, as it would be here: its stack stayed behind. */
export class ThreadFault extends FaultlineError {
  readonly code: string;

  constructor({ name, code, reason, fault }: Fault) {
    super((name === null ? fault : reason).split('\n'));
    this.name = name ?? 'Error';
    this.code = code ?? 'internal';
  }
}

/** What the caller can put right: a name, an option, a file. */
const usage: ReadonlySet<string> = new Set(['config', 'unknown-name', 'data', 'policy-file', 'grid-case']);

/** Stable exit codes: 0 ok, 1 gate failed, 2 usage, 3 runtime, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof FaultlineError)) return 3;
  if (error.code === 'cancelled') return 130;
  return usage.has(error.code) ? 2 : 3;
}

/** One sentence for a person; the stack only when asked for, or when the fault is ours. */
export function describe(error: unknown): string {
  if (error instanceof FaultlineError && process.env['FAULTLINE_DEBUG'] === undefined) {
    return `${error.name}: ${error.message}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A signal that Ctrl-C sets, as long as it is listened for. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Listens for Ctrl-C (or a TERM, or the end of the process that started us as its part) until it is disposed; a second Ctrl-C ends the process
 * at once.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    process.stderr.write('\ninterrupted: finishing the current step (press again to stop at once)\n');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  if (process.connected) {
    process.on('disconnect', stop);
    process.channel?.unref(); // to listen is no reason to stay
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.off('disconnect', stop);
    },
  };
}
