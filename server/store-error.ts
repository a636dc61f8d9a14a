import { FaultlineError } from '../core/errors.ts';

/** What the store kept cannot be read or written: a damaged file, a full disk. The message names the run or the file. */
export class StoreError extends FaultlineError {
  readonly code = 'store';
}
