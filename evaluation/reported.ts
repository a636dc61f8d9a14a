import { CancelledError } from '../core/errors.ts';

/** Told how far a work is; resolves when whoever follows has heard it. @throws {CancelledError} when nobody follows any more */
export type Tell<Report> = (report: Report) => Promise<void>;

/**
 * A work that reports as it goes, as a generator of its reports: it waits with each until the next one is asked for. Broken off, its next report
 * throws, so that it frees what it holds; what it made nevertheless is disposed.
 */
export async function* reported<Report, Result extends Disposable>(
  work: (tell: Tell<Report>) => Promise<Result>,
): AsyncGenerator<Report, Result, void> {
  let followed = true;
  let [said, heard, refuse] = [ignore, ignore, ignore] as [(report: Report) => void, () => void, (why: Error) => void];
  const over = Symbol('over');
  const next = (): Promise<Report> =>
    new Promise((resolve) => {
      said = resolve;
    });
  let report = next();
  const result = work((told) => {
    const answer = new Promise<void>((resolve, reject) => {
      [heard, refuse] = [resolve, reject];
      if (followed) said(told);
      else reject(interrupted());
    });
    answer.catch(ignore); // a work that does not wait is told by its next report
    return answer;
  });
  const end = result.then((): typeof over => over);
  try {
    for (;;) {
      const first = await Promise.race([report, end]);
      if (first === over) {
        followed = false;
        return await result;
      }
      yield first;
      report = next();
      heard();
    }
  } finally {
    if (followed) {
      followed = false;
      refuse(interrupted());
      (await result.catch(ignore))?.[Symbol.dispose]();
    }
  }
}

function ignore(): void {}

function interrupted(): CancelledError {
  return new CancelledError('interrupted');
}
