import { useEffect, useState } from 'react';
import type { Preparation, Problem, RunSummary } from '../../events.ts';
import { telemetry } from '../wire/sockets.ts';

/** The runs of the server, newest first, kept up to date by its `state` messages. Null until they are here. */
export function useRuns(): { readonly runs: readonly RunSummary[] | null; readonly problem: Problem | null } {
  const [runs, setRuns] = useState<ReadonlyMap<string, RunSummary> | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    const subscribe = (): void => {
      telemetry.emit('runs:subscribe', (answer) => {
        if (!answer.ok) return setProblem(answer.problem);
        setProblem(null);
        setRuns(new Map(answer.runs.map((run) => [run.id, run])));
      });
    };
    const change = (run: RunSummary): void => setRuns((now) => new Map(now ?? []).set(run.id, run));
    const advance = ({
      runId,
      step,
      totalSteps,
    }: {
      readonly runId: string;
      readonly step: number;
      readonly totalSteps: number;
    }): void =>
      setRuns((now) => {
        const run = now?.get(runId);
        return run === undefined ? now : new Map(now).set(runId, { ...run, headStep: step, totalSteps });
      });
    const prepare = ({ runId, attack, done }: Preparation & { readonly runId: string }): void =>
      setRuns((now) => {
        const run = now?.get(runId);
        return run?.state !== 'preparing' ? now : new Map(now).set(runId, { ...run, preparing: { attack, done } });
      });
    telemetry.on('connect', subscribe);
    telemetry.on('state', change);
    telemetry.on('progress', advance);
    telemetry.on('preparing', prepare);
    if (telemetry.connected) subscribe();
    return () => {
      telemetry.off('connect', subscribe);
      telemetry.off('state', change);
      telemetry.off('progress', advance);
      telemetry.off('preparing', prepare);
    };
  }, []);

  const newestFirst = runs === null ? null : [...runs.values()].sort((a, b) => b.createdAt - a.createdAt);
  return { runs: newestFirst, problem };
}
