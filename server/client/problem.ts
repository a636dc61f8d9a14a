import type { Problem } from '../events.ts';

/** The server refused; `problem` says why, with JSON pointers where a document was wrong. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail === '' ? problem.title : problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}
