import { Alert, Anchor, Progress, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { ExecutorStatus, ExecutorWorker } from '../../events.ts';
import { formatDuration } from '../live/format.ts';
import { getJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

const pollMs = 2000;

/** Who does the runs of sweeps: what each worker is, has done and does, what waits, and what had to be done again; every two seconds. */
export function ExecutorPanel() {
  const { data, error, refetch } = useQuery({
    queryKey: ['executor'],
    queryFn: ({ signal }) => getJson<ExecutorStatus>('/executor', signal),
    refetchInterval: pollMs,
  });
  return (
    <section className="panel" aria-labelledby="workers">
      <Title order={2} id="workers">
        Workers
      </Title>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data !== undefined && <Executor {...data} />}
    </section>
  );
}

function Executor({ kind, address, connected, workers, queue, runs }: ExecutorStatus) {
  const facts: readonly (readonly [string, string])[] = [
    ['executor', kind === 'local' ? 'threads of this server' : `workers over ${address}`],
    ['workers', String(workers.length)],
    ['waiting', String(queue.waiting)],
    ['under way', String(queue.active)],
    ...(kind === 'redis' ? [['wait for another attempt', String(queue.delayed)] as const] : []),
    ['done', String(runs.done)],
    ['begun again', String(runs.retried)],
    ['failed', String(runs.failed)],
  ];
  return (
    <>
      {!connected && (
        <Alert color="red" variant="outline" title="The Redis does not answer" role="alert">
          What is below is what it said last. Workers go on with what they have; nothing is lost, and all go on when it
          is back.
        </Alert>
      )}
      <dl className="facts" aria-label="Executor">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {workers.length === 0 ? (
        <p className="hint" role="status">
          No worker was heard of in the last ten seconds: runs wait. One is started by{' '}
          <code>faultline worker --redis …</code>
        </p>
      ) : (
        <Table.ScrollContainer minWidth={700}>
          <Table className="listing">
            <Table.Thead>
              <Table.Tr>
                {['Worker', 'Up for', 'Threads', 'Does now', 'Done', 'Failed'].map((name) => (
                  <Table.Th key={name} scope="col">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {workers.map((worker) => (
                <Table.Tr key={worker.id} data-worker={worker.id}>
                  <Table.Th scope="row">
                    {worker.host}, process {worker.pid}
                  </Table.Th>
                  <Table.Td className="nowrap">{formatDuration(Math.max(0, Date.now() - worker.since))}</Table.Td>
                  <Table.Td>{worker.threads}</Table.Td>
                  <Table.Td>
                    <Doing active={worker.active} />
                  </Table.Td>
                  <Table.Td>{worker.done}</Table.Td>
                  <Table.Td>{worker.failed}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <p className="hint">Counts are since the server, or the worker, started.</p>
    </>
  );
}

function Doing({ active }: Pick<ExecutorWorker, 'active'>) {
  if (active.length === 0) return <span className="hint">nothing</span>;
  return active.map(({ runId, name, done, attempt }, at) => {
    const percent = Math.floor(100 * done);
    const what = name ?? 'a job of somebody else';
    return (
      <div className="doing" key={runId ?? at}>
        {runId === null ? (
          <span>{what}</span>
        ) : (
          <Anchor component={Link} href={`/runs/${runId}`} inherit underline="always">
            {what}
          </Anchor>
        )}
        <Progress value={percent} size="sm" aria-label={`${what}: ${percent} %`} />
        <span>
          {percent} %{attempt > 1 ? `, attempt ${attempt}` : ''}
        </span>
      </div>
    );
  });
}
