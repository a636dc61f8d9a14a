import { FaultlineError } from '../core/errors.ts';

/** An error on its way out of a thread: `reason` is for people, `fault` for the log. */
export interface Fault {
  readonly reason: string;
  readonly fault: string;
  /** Those of a named error, null for what we did not foresee. */
  readonly name: string | null;
  readonly code: string | null;
}

export function faultOf(error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  const fault = error instanceof Error ? (error.stack ?? reason) : reason;
  // What we did not foresee says at least what kind of thing it is.
  if (!(error instanceof FaultlineError)) return { reason: fault.split('\n', 1)[0]!, fault, name: null, code: null };
  return { reason, fault, name: error.name, code: error.code };
}
