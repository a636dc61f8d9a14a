import { UnknownNameError } from '../../core/errors.ts';
import type { RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { commandQueue } from '../control.ts';
import type { Clock } from '../control.ts';
import { runEvents } from '../run.ts';
import type { Study } from '../studies/study.ts';
import type { Workspace } from '../workspace.ts';
import type { ExecutorNews } from './executor.ts';
import type { CellWork, Evaluated, EvaluationWork } from './job.ts';

/** What whoever does a job has at hand. */
export interface Workshop {
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly versions: Readonly<Record<string, string>>;
  readonly codeHash: string;
  /** Whether evaluations keep their telemetry. */
  readonly telemetry: boolean;
  readonly onProgress: (progress: Omit<Extract<ExecutorNews, { type: 'job' }>, 'type' | 'key'>) => void;
}

/** Evaluates a scenario, or a part of it. */
export async function evaluate({ scenario, part }: EvaluationWork, workshop: Workshop): Promise<Evaluated> {
  const { workspace, clock, versions, codeHash, telemetry, onProgress } = workshop;
  const options = { clock, commands: commandQueue(), versions, codeHash, part: part ?? undefined };
  const frames: TelemetryFrame[] = [];
  let schema: TelemetrySchema | undefined;
  let result: RunResult | undefined;
  for await (const event of runEvents(scenario, workspace, options)) {
    if (event.type === 'started') ({ schema } = event);
    else if (event.type === 'frame') {
      if (telemetry) frames.push(event.frame);
    } else if (event.type === 'preparing') onProgress({ done: event.done, preparing: event.attack });
    else if (event.type === 'progress')
      onProgress({ done: event.step / Math.max(1, event.totalSteps), totalSteps: event.totalSteps });
    else if (event.type === 'finished') ({ result } = event);
  }
  // As whoever reads it from a file or a wire would have it.
  const kept = JSON.parse(JSON.stringify(result!)) as RunResult;
  return { result: kept, telemetry: telemetry ? { schema: schema!, frames } : null };
}

/** Carries out a cell of one of the studies. @throws {UnknownNameError} for a study or a cell that there is not */
export async function carryOutCell(
  { study, options, id }: CellWork,
  studies: Readonly<Record<string, Study>>,
  { workspace, onProgress }: Workshop,
): Promise<unknown> {
  if (!Object.hasOwn(studies, study)) throw new UnknownNameError('study', study, Object.keys(studies));
  const cells = studies[study]!.plan(options).cells ?? [];
  const cell = cells.find((one) => one.id === id);
  if (cell === undefined)
    throw new UnknownNameError(
      `cell of study ${study}`,
      id,
      cells.map((one) => one.id),
    );
  const value = await cell.run((done) => onProgress({ done }), workspace);
  return JSON.parse(JSON.stringify(value)) as unknown;
}
