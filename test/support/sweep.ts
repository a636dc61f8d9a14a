import { evaluate } from '../../evaluation/executor/work.ts';
import { jobOf } from '../../evaluation/executor/job.ts';
import type { Evaluated, EvaluationWork, Job } from '../../evaluation/executor/job.ts';
import { expandSweep } from '../../server/sweep.ts';
import { memoryWorkspace } from './memory-workspace.ts';
import { smallScenario } from './model-folder.ts';

export const testCode = 'code of the test';

/** Short runs on the small policy: `values × seeds` of them. */
export function smallJobs(
  seeds: readonly number[],
  epsilons: readonly number[] = [0.05],
  code = testCode,
): Job<EvaluationWork>[] {
  const scenario = smallScenario({ steps: 30, attack: { name: 'random-noise' } });
  const vary = { '/attacks/0/threat/epsilon': epsilons };
  return expandSweep({ name: 'small', scenario, vary, seeds }).flatMap(({ scenarios }) =>
    scenarios.map((one) => jobOf({ kind: 'evaluation', scenario: one, part: null } as const, code)),
  );
}

/** The value of a job, computed here. */
export function valueOf({ work }: Pick<Job<EvaluationWork>, 'work'>, codeHash = testCode): Promise<Evaluated> {
  return evaluate(work, {
    workspace: memoryWorkspace(),
    clock: { now: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    versions: {},
    codeHash,
    telemetry: false,
    onProgress() {},
  });
}
