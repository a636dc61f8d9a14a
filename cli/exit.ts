import { CancelledError, ConfigError, DataError, FaultlineError, UnknownNameError } from '../core/errors.ts';

/** Stable exit codes: 0 ok, 1 gate failed, 2 usage, 3 runtime, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CancelledError) return 130;
  if (error instanceof ConfigError || error instanceof UnknownNameError || error instanceof DataError) return 2;
  return 3;
}

/** One sentence for a person; the stack only when asked for, or when the fault is ours. */
export function describe(error: unknown): string {
  if (error instanceof FaultlineError && process.env['FAULTLINE_DEBUG'] === undefined)
    return `${error.name}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** An AbortSignal that Ctrl-C (or a TERM) sets; a second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    process.stderr.write('\ninterrupted: finishing the current step (press again to stop at once)\n');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}
