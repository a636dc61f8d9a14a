import { encodeFrame } from '../core/frame-codec.ts';
import type { RunResult } from '../core/run.ts';
import type { Telemetry } from './executor/packed-telemetry.ts';
import { breath } from './frame-table.ts';
import type { LiveRunOptions } from './live-run.ts';

/**
 * Puts what a run elsewhere recorded into the store, in place of whatever an earlier try left of it there, giving way to others as it goes.
 * @param wanted asked before each frame: a run that is over meanwhile gets no more
 */
export async function storeTelemetry(
  { store, notices, now }: Pick<LiveRunOptions, 'store' | 'notices' | 'now'>,
  id: string,
  { schema, frames }: Telemetry,
  { lanes }: RunResult,
  wanted: () => boolean,
): Promise<void> {
  const { startedAt, totalSteps } = store.summary(id);
  store.reopenEmpty(id);
  store.started(id, {
    schema,
    totalSteps: Math.max(totalSteps, ...lanes.map(({ steps }) => steps)),
    startedAt: startedAt ?? now(),
  });
  notices.next({ type: 'schema', runId: id, schema });
  for (const frame of frames) {
    if (!wanted()) return;
    const { seq, step0, rows } = frame;
    store.append(id, { seq, step0, rows, body: encodeFrame(frame) });
    notices.next({ type: 'committed', runId: id, head: seq + 1 });
    await breath();
  }
}
