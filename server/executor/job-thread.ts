import type { MessagePort } from 'node:worker_threads';
import { encodeFrame } from '../../core/frame-codec.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import type { ExecutorNews } from '../../evaluation/executor/executor.ts';
import type { Work } from '../../evaluation/executor/job.ts';
import { carryOutCell, evaluate } from '../../evaluation/executor/work.ts';
import type { Workshop } from '../../evaluation/executor/work.ts';
import type { ControllerReach } from '../black-boxes.ts';
import { systemClock } from '../clock.ts';
import { faultOf } from '../thread-fault.ts';
import type { Fault } from '../thread-fault.ts';
import { fileWorkspace } from '../workspace.ts';

/** What jobs may use of this machine, and what they note of the code that did them. */
export interface WorkshopSetup {
  /** Folders a scenario may name; null: anywhere, for the command line's own user. */
  readonly roots: readonly string[] | null;
  readonly modelsDir: string;
  /** Where controllers may be asked over HTTP. */
  readonly controllers: ControllerReach;
  readonly versions: Readonly<Record<string, string>>;
  readonly codeHash: string;
  readonly telemetry: boolean;
}

/** What a thread of the pool is given. */
export interface ThreadTask {
  readonly work: Work;
  readonly setup: WorkshopSetup;
  /** Packed policies that came with the work, by the names that it has for them. */
  readonly policies: ReadonlyMap<string, Uint8Array>;
  /** Whether what an evaluation records is wanted. */
  readonly telemetry: boolean;
  /** Takes the news. */
  readonly port: MessagePort;
}

export type ThreadNews = Pick<Extract<ExecutorNews, { type: 'job' }>, 'done' | 'preparing' | 'totalSteps'>;

/** What comes back of it: an error is told, not thrown, so that it keeps its name. */
export type ThreadAnswer =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly telemetry: { readonly schema: TelemetrySchema; readonly frames: readonly Uint8Array[] } | null;
    }
  | { readonly ok: false; readonly fault: Fault };

/** Does one job in a thread of the pool. */
export default async function doJob({ work, setup, policies, telemetry, port }: ThreadTask): Promise<ThreadAnswer> {
  try {
    const { roots, modelsDir, controllers, versions, codeHash } = setup;
    const workshop: Workshop = {
      workspace: fileWorkspace({ roots, modelsDir, supplied: policies, controllers }),
      clock: systemClock,
      versions,
      codeHash,
      telemetry,
      onProgress: (news: ThreadNews) => port.postMessage(news),
    };
    if (work.kind === 'study-cell') {
      const { studies } = await import('../../evaluation/studies/index.ts');
      return { ok: true, value: await carryOutCell(work, studies, workshop), telemetry: null };
    }
    const evaluated = await evaluate(work, workshop);
    if (evaluated.telemetry === null) return { ok: true, value: evaluated.result, telemetry: null };
    const { schema, frames } = evaluated.telemetry;
    return { ok: true, value: evaluated.result, telemetry: { schema, frames: frames.map(encodeFrame) } };
  } catch (error) {
    return { ok: false, fault: faultOf(error) };
  } finally {
    port.close();
  }
}
