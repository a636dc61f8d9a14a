import { Anchor, Skeleton, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ServerStatus } from '../../events.ts';
import { formatDuration } from '../live/format.ts';
import { getJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { ExecutorPanel } from '../sweeps/executor-panel.tsx';
import { TokensPanel } from './tokens-panel.tsx';

/** What the server is, does and keeps, every two seconds; and who may come in. */
export function SystemPage() {
  useTitle('System');
  const { data, error, refetch } = useQuery({
    queryKey: ['system'],
    queryFn: ({ signal }) => getJson<ServerStatus>('/system', signal),
    refetchInterval: 2000,
  });
  return (
    <>
      <Title order={1} mb="sm">
        System
      </Title>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <Skeleton height={320} aria-label="Loading" />}
      {data !== undefined && (
        <div className="system">
          <Work {...data.workers} />
          <Store {...data.store} />
          <Streams {...data} />
          <Installation {...data} />
        </div>
      )}
      <ExecutorPanel />
      <TokensPanel />
    </>
  );
}

function Panel({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="panel">
      <Title order={2} mb={4}>
        {title}
      </Title>
      {children}
    </section>
  );
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <Table>
      <Table.Tbody>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={190}>
              {name}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Work({ active, maxConcurrent, queued }: ServerStatus['workers']) {
  return (
    <Panel title="Runs">
      <Facts
        facts={[
          ['Runs going on', `${active.length} of ${maxConcurrent} at once`],
          ['Waiting', `${queued}`],
          ...active.map(({ id, name, step, totalSteps }): [string, ReactNode] => [
            `${step.toLocaleString('en')} of ${totalSteps.toLocaleString('en')} steps`,
            <Anchor key={id} component={Link} href={`/runs/${id}`} underline="always">
              {name}
            </Anchor>,
          ]),
        ]}
      />
    </Panel>
  );
}

function Store({ bytes, files, runs, retentionDays, damage }: ServerStatus['store']) {
  const total = Object.values(runs).reduce((sum, count) => sum + count, 0);
  const states = Object.entries(runs).map(([state, count]) => `${count} ${state}`);
  return (
    <Panel title="Store">
      <Facts
        facts={[
          ['Runs', total === 0 ? 'none' : `${total}: ${states.join(', ')}`],
          ['On the disk', `${megabytes(bytes)} in ${files.toLocaleString('en')} files`],
          [
            'Retention',
            retentionDays === null
              ? 'nothing is removed'
              : `${retentionDays} days after a run’s end, unless tagged or archived`,
          ],
          ['Damage found on starting', damage.length === 0 ? 'none' : damage.join('; ')],
        ]}
      />
    </Panel>
  );
}

function Streams({ streams, loopDelay, residentBytes }: ServerStatus) {
  const open = Object.entries(streams.sockets).filter(([, count]) => count > 0);
  return (
    <Panel title="Streams and load">
      <Facts
        facts={[
          ['Open sockets', open.length === 0 ? 'none' : open.map(([name, count]) => `${count} ${name}`).join(', ')],
          ['Frames sent', `${streams.framesSent.toLocaleString('en')} (${megabytes(streams.frameBytesSent)})`],
          ['Requests answered', streams.requests.toLocaleString('en')],
          ['Delay of the event loop', `${loopDelay.p50} ms, 1 % over ${loopDelay.p99} ms`],
          ['Resident memory', megabytes(residentBytes)],
        ]}
      />
      <p className="hint">
        All figures, for Prometheus: <code>/api/v1/metrics</code>
      </p>
    </Panel>
  );
}

function Installation(status: ServerStatus) {
  const { version, versions, node, platform, cpus, cpu, memoryBytes, startedAt, policies, tokenNeeded } = status;
  return (
    <Panel title="Installation">
      <Facts
        facts={[
          ['Faultline', version],
          ['Node', `${node} on ${platform}`],
          ['Machine', `${cpus} × ${cpu}, ${Math.round(memoryBytes / 2 ** 30)} GiB`],
          ['Up for', formatDuration(Date.now() - startedAt)],
          ['Policies', `${policies}`],
          ['Who may come in', tokenNeeded ? 'who has a token' : 'anyone on this machine'],
          [
            'Packages',
            Object.entries(versions)
              .map(([name, of]) => `${name} ${of}`)
              .join(', '),
          ],
        ]}
      />
      <p className="hint">
        Tensor backends and why others were refused: <code>faultline doctor</code>
      </p>
    </Panel>
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
}
