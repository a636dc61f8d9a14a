import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { telemetry } from '../wire/sockets.ts';
import { RunStream } from './run-stream.ts';
import type { StreamMode, StreamStatus } from './run-stream.ts';
import { requestDraw } from './ticker.ts';

/** Opens a run's stream for as long as the page shows it. */
export function useRunStream(
  runId: string,
  mode: StreamMode,
): { readonly stream: RunStream; readonly status: StreamStatus } {
  const stream = useMemo(() => new RunStream(telemetry, runId), [runId]);
  useEffect(() => {
    const stopDrawing = stream.watch(requestDraw);
    const close = stream.open(mode);
    return () => {
      close();
      stopDrawing();
    };
  }, [stream, mode]);
  const status = useSyncExternalStore(stream.watchSlowly, stream.shown);
  return { stream, status };
}
