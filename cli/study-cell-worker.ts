import { parentPort, workerData } from 'node:worker_threads';
import { UnknownNameError } from '../core/errors.ts';
import { studies } from '../evaluation/studies/index.ts';
import type { Study, StudyOptions } from '../evaluation/studies/study.ts';
import { installation } from '../server/installation.ts';
import { faultOf } from '../server/thread-fault.ts';
import type { Fault } from '../server/thread-fault.ts';
import { fileWorkspace } from '../server/workspace.ts';

/** Which piece of which study a thread is started for. */
export interface CellTask {
  readonly study: string;
  readonly options: StudyOptions;
  readonly id: string;
}

export type FromCell =
  | { readonly type: 'progress'; readonly done: number }
  | { readonly type: 'finished'; readonly value: unknown }
  | ({ readonly type: 'failed' } & Fault);

async function work({ study, options, id }: CellTask, port: NonNullable<typeof parentPort>): Promise<void> {
  const post = (message: FromCell): void => port.postMessage(message);
  try {
    const cells = (studies as Record<string, Study>)[study]?.plan(options).cells ?? [];
    const cell = cells.find((cell) => cell.id === id);
    if (cell === undefined)
      throw new UnknownNameError(
        `cell of study ${study}`,
        id,
        cells.map(({ id }) => id),
      );
    const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
    post({ type: 'finished', value: await cell.run((done) => post({ type: 'progress', done }), workspace) });
  } catch (error) {
    post({ type: 'failed', ...faultOf(error) });
  }
}

if (parentPort !== null) void work(workerData as CellTask, parentPort);
