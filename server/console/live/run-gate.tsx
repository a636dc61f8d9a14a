import { Button, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { RunDetail, RunSummary } from '../../events.ts';
import { isOver } from '../runs/run-state.ts';
import { getJson, ProblemError } from '../wire/api.ts';
import type { Connection } from '../wire/connection.ts';
import { useConnection } from '../wire/connection.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { LiveSkeleton } from './live-skeleton.tsx';
import type { RunStream, StreamMode, StreamStatus } from './run-stream.ts';
import { useRunStream } from './use-run-stream.ts';

/** A run that there is, and its stream. */
export interface OpenRun {
  readonly run: RunSummary;
  readonly detail: RunDetail | undefined;
  readonly stream: RunStream;
  readonly status: StreamStatus;
  readonly connection: Connection;
}

/** Opens a run's stream for a page of it; says when there is no such run. */
export function RunGate({
  id,
  what = '',
  mode = 'all',
  children,
}: {
  readonly id: string;
  /** Stands before the run's name in the title. */
  readonly what?: string;
  /** `live`: the newest rows at once, with what had to be left out summed up. */
  readonly mode?: StreamMode;
  readonly children: (open: OpenRun) => ReactNode;
}) {
  const { stream, status } = useRunStream(id, mode);
  const connection = useConnection();
  const queries = useQueryClient();
  const detail = useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) => getJson<RunDetail>(`/runs/${encodeURIComponent(id)}`, signal),
  });
  const run: RunSummary | undefined = status.run ?? detail.data;
  const over = run !== undefined && isOver(run.state);
  useTitle(run === undefined ? 'Run' : `${what}${run.name} (${run.state})`);

  // The result appears when the run has ended: ask again then.
  useEffect(() => {
    if (over) void queries.invalidateQueries({ queryKey: ['run', id] });
  }, [over, id, queries]);

  if (run === undefined && detail.error instanceof ProblemError && detail.error.problem.status === 404)
    return <NoSuchRun id={id} />;
  if (run === undefined && detail.isError)
    return <ErrorNote error={detail.error} retry={() => void detail.refetch()} />;
  if (run === undefined) return <LiveSkeleton />;
  return children({ run, detail: detail.data, stream, status, connection });
}

function NoSuchRun({ id }: { readonly id: string }) {
  return (
    <section className="blank">
      <Title order={1}>There is no such run</Title>
      <p>
        This server has no run <code>{id}</code>. It may have been deleted, or belong to another store.
      </p>
      <Button component={Link} href="/">
        All runs
      </Button>
    </section>
  );
}
