import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CancelledError } from '../core/errors.ts';
import type { PolicyCard } from '../core/policy.ts';
import type { Scenario } from '../core/scenario.ts';
import { hashOf } from '../evaluation/canonical.ts';
import type { Executor } from '../evaluation/executor/executor.ts';
import { siteBond } from '../evaluation/open-world.ts';
import { wholePanel } from '../evaluation/part.ts';
import { studyHtml } from '../evaluation/studies/report.ts';
import { trainingNamed } from '../evaluation/studies/study.ts';
import type {
  Study,
  StudyOptions,
  StudyOutcome,
  StudyResult,
  StudyRun,
  StudyTraining,
} from '../evaluation/studies/study.ts';
import { installation } from '../server/installation.ts';
import { provenance } from '../server/provenance.ts';
import { LocalExecutor } from '../server/executor/local-executor.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { evaluateInParts } from './evaluation-parts.ts';
import { ownWorkshop } from './executor-option.ts';
import { replaceFile, writeFile } from './files.ts';
import { note, progress } from './output.ts';
import { byExecutor, runCells } from './study-cells.ts';
import type { CellRunner } from './study-cells.ts';
import { trainingIdentity } from './training-folder.ts';
import { runJobs } from './training-jobs.ts';
import { threadsOf } from './threads-option.ts';
import type { TrainingJob } from './training-jobs.ts';

export interface StudyRunOptions extends StudyOptions {
  readonly out: string;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Who does the cells; absent: `workers` threads of this process. */
  readonly executor?: Executor | undefined;
}

/** What is kept of an evaluation: `runs/ID.json`. */
interface KeptRun extends StudyOutcome {
  readonly scenario: string;
  /** SHA-256 of the weights of the trained policies in it. */
  readonly policies: readonly string[];
  readonly code: string;
}

/**
 * Carries out a study in a folder: trainings in `policies`, evaluations in `runs`, other pieces in `cells`, then `report.html` and, last, `result.json`. What an
 * earlier, interrupted study of the same folder finished is not done again; trainings go on from their checkpoints.
 * @param runCell how a cell is carried out; absent: in a thread, where the study is found by its name
 * @throws {CancelledError} when the signal is set.
 */
export async function carryOut(
  name: string,
  study: Study,
  options: StudyRunOptions,
  runCell?: CellRunner,
): Promise<StudyResult> {
  const { out, workers, signal, quick, dataset, seeds, only, backend } = options;
  const { versions, codeHash } = provenance();
  const own: StudyOptions = { quick, dataset, seeds, only, backend };
  const plan = study.plan(own);
  const pieces = { trainings: plan.trainings, evaluations: plan.runs, cells: plan.cells ?? [] };
  note(
    Object.entries(pieces)
      .filter(([, { length }]) => length > 0)
      .map(([what, { length }]) => `${length} ${what}`)
      .join(', '),
  );
  const against = ({ scenario }: StudyTraining): boolean => trainingNamed(scenario.victim.policy) !== null;
  for (const wave of [plan.trainings.filter((training) => !against(training)), plan.trainings.filter(against)])
    await runJobs(
      wave.map((training) => jobOf(training, out)),
      { workers, threads: threadsOf(undefined, workers), checkpointEvery: 60, resume: true, signal },
    );
  await using here = new LocalExecutor(workers, ownWorkshop({ controllers: 'none', telemetry: true }));
  const outcomes = new Map<string, StudyOutcome>();
  const runs: Record<string, { scenario: string; model: string }> = {};
  for (const [i, run] of plan.runs.entries()) {
    if (signal.aborted) throw new CancelledError('interrupted; run the same command again to go on');
    const scenario = inPlace(run.scenario, out);
    const file = join(out, 'runs', `${run.id}.json`);
    const identity = hashOf(run.scenario); // without the policy's path: a study can be moved
    const policies = policyHashes(scenario);
    const kept = keptRun(file, identity, policies, codeHash);
    const outcome =
      kept ?? (await evaluate(run, scenario, `${run.id} (${i + 1} of ${plan.runs.length})`, here, options));
    if (kept === undefined)
      replaceFile(file, JSON.stringify({ ...outcome, scenario: identity, policies, code: codeHash } satisfies KeptRun));
    outcomes.set(run.id, outcome);
    runs[run.id] = { scenario: identity, model: outcome.result.hashes.model };
  }
  const cells = await runCells(pieces.cells, runCell ?? byExecutor(options.executor ?? here, name, own, codeHash), {
    out,
    workers,
    signal,
    code: codeHash,
    options: own,
  });
  const result: StudyResult = {
    format: 'faultline-study',
    version: 1,
    study: name,
    title: study.title,
    source: study.source,
    quick,
    dataset,
    seeds,
    only,
    backend,
    versions,
    hashes: { code: codeHash, runs },
    ...study.conclude(own, outcomes, cells),
  };
  writeFile(join(out, 'report.html'), studyHtml(result));
  writeFile(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function jobOf({ id, title, scenario }: StudyTraining, out: string): TrainingJob {
  const file = join(out, 'scenarios', `${id}.json`);
  const placed = inPlace(scenario, out);
  replaceFile(file, JSON.stringify(placed, null, 2));
  return {
    file,
    out: join(out, 'policies', id),
    label: id,
    seed: scenario.seed,
    name: id,
    title,
    identity: trainingIdentity(placed),
  };
}

/** A scenario with the folders of the study's trainings for their names. */
function inPlace(scenario: Scenario, out: string): Scenario {
  const folder = (policy: unknown): unknown => {
    const id = trainingNamed(policy);
    return id === null ? policy : join(out, 'policies', id);
  };
  return {
    ...scenario,
    victim: { ...scenario.victim, policy: folder(scenario.victim.policy) as string },
    attacks: scenario.attacks.map((attack) =>
      'policy' in attack.config
        ? { ...attack, config: { ...attack.config, policy: folder(attack.config['policy']) } }
        : attack,
    ),
  };
}

/** SHA-256 that the weights of the trained policies of a scenario have now; models that ship are covered by the code's hash. */
function policyHashes({ victim, attacks }: Scenario): readonly string[] {
  return [victim.policy, ...attacks.map(({ config }) => config['policy'])].flatMap((policy) => {
    const card = typeof policy === 'string' ? join(policy, 'policy.json') : '';
    return existsSync(card) ? [(JSON.parse(readFileSync(card, 'utf8')) as PolicyCard).weightsSha256] : [];
  });
}

async function evaluate(
  run: StudyRun,
  scenario: Scenario,
  title: string,
  executor: Executor,
  { workers, signal }: StudyRunOptions,
): Promise<StudyOutcome> {
  const { modelsDir } = installation();
  const { codeHash } = provenance();
  let bar: ReturnType<typeof progress> | undefined;
  const { result, telemetry } = await evaluateInParts(scenario, {
    executor,
    part: wholePanel(scenario),
    bond: await siteBond(scenario, fileWorkspace({ roots: null, modelsDir })),
    parts: workers,
    codeHash,
    signal,
    onProgress(step, totalSteps) {
      bar ??= progress(totalSteps, title, 'steps', step);
      bar.update(step);
    },
  }).finally(() => bar?.stop());
  if (run.extract === undefined) return { result, extract: null };
  const workspace = fileWorkspace({ roots: null, modelsDir });
  const source = await workspace.victim(scenario.victim.policy);
  const { features } = source;
  source.close?.();
  const steps = run.extract({ ...telemetry!, features });
  const tests = progress(100, `${title}: tests`, '%');
  try {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return { result, extract: step.value };
      tests.update(100 * step.value);
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw new CancelledError('interrupted; run the same command again to go on');
    }
  } finally {
    tests.stop();
  }
}

/** An evaluation that the folder holds already; a damaged one is done anew. */
function keptRun(file: string, scenario: string, policies: readonly string[], code: string): StudyOutcome | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as KeptRun;
    const same = kept.scenario === scenario && kept.code === code && kept.policies.join() === policies.join();
    return same ? kept : undefined;
  } catch {
    return undefined;
  }
}
