// Threads that do jobs, as a process of their own: a test can load into them what ends them.
import type { Scenario } from '../../core/scenario.ts';
import type { ExecutorNews, JobOutcome } from '../../evaluation/executor/executor.ts';
import type { Evaluated } from '../../evaluation/executor/job.ts';
import { jobOf } from '../../evaluation/executor/job.ts';
import { LocalExecutor } from '../../server/executor/local-executor.ts';

/** What it is told, in its first argument. */
export interface JobsAsked {
  readonly scenarios: readonly Scenario[];
  readonly modelsDir: string;
  readonly threads: number;
}

/** What it says at its end; keys are those of the scenarios' jobs. */
export interface JobsDone {
  readonly keys: readonly string[];
  readonly outcomes: readonly JobOutcome<Evaluated>[];
  readonly retries: readonly Extract<ExecutorNews, { type: 'retry' }>[];
}

const { scenarios, modelsDir, threads } = JSON.parse(process.argv[2]!) as JobsAsked;
const setup = { roots: [], modelsDir, controllers: 'none', versions: {}, codeHash: '', telemetry: false } as const;
await using executor = new LocalExecutor(threads, setup);
const jobs = scenarios.map((scenario) => jobOf({ kind: 'evaluation', scenario, part: null } as const, ''));
const outcomes: JobOutcome<Evaluated>[] = [];
const retries: Extract<ExecutorNews, { type: 'retry' }>[] = [];
const onNews = (news: ExecutorNews): void => {
  if (news.type === 'retry') retries.push(news);
};
for await (const outcome of executor.run(jobs, { signal: new AbortController().signal, onNews }))
  outcomes.push(outcome);
process.stdout.write(JSON.stringify({ keys: jobs.map(({ key }) => key), outcomes, retries } satisfies JobsDone));
