import { Anchor, Button, Group, Progress, Skeleton, Table, TextInput, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { formatDuration } from '../live/format.ts';
import { ProblemError } from '../wire/api.ts';
import { useConnection } from '../wire/connection.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { isOver, progressOf, stateText } from './run-state.ts';
import { StateBadge } from './state-badge.tsx';
import { useRuns } from './use-runs.ts';

/** Every run of the store, newest first, live. */
export function RunsPage() {
  useTitle('Runs');
  const { runs, problem } = useRuns();
  const connection = useConnection();
  const [search, setSearch] = useSearchParams();
  const filter = search.get('q') ?? '';
  const now = useNow(runs?.some((run) => !isOver(run.state)) === true);
  const shown = runs?.filter((run) => matches(run, filter)) ?? [];

  return (
    <>
      <Group justify="space-between" mb="sm">
        <Title order={1}>Runs</Title>
        <Group gap="sm">
          <TextInput
            size="xs"
            w={260}
            type="search"
            aria-label="Filter runs"
            placeholder="Filter: name, state, policy, attack"
            value={filter}
            onChange={(event) =>
              setSearch(event.currentTarget.value === '' ? {} : { q: event.currentTarget.value }, { replace: true })
            }
          />
          <Button component={Link} href="/launch" size="xs">
            Launch a run
          </Button>
        </Group>
      </Group>
      {problem !== null && <ErrorNote error={new ProblemError(problem)} />}
      {runs === null && connection !== 'lost' && <RunsSkeleton />}
      {runs === null && connection === 'lost' && <ServerDown />}
      {runs !== null && runs.length === 0 && (
        <section className="blank">
          <Title order={2}>No run yet</Title>
          <p>
            A run simulates a district, attacks what its controller observes, and measures the damage against an
            unattacked twin.
          </p>
          <Button component={Link} href="/launch">
            Launch the first run
          </Button>
        </section>
      )}
      {runs !== null && runs.length > 0 && (
        <>
          <p className="hint" role="status">
            {shown.length === runs.length
              ? `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`
              : `${shown.length} of ${runs.length} runs`}
          </p>
          <RunsTable runs={shown} now={now} />
        </>
      )}
    </>
  );
}

function RunsTable({ runs, now }: { readonly runs: readonly RunSummary[]; readonly now: number }) {
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table highlightOnHover className="runs">
        <Table.Thead>
          <Table.Tr>
            {['Name', 'State', 'Policy', 'Attacks', 'Progress', 'Created', 'Duration'].map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.id} data-run={run.id}>
              <Table.Th scope="row">
                <Anchor component={Link} href={`/runs/${run.id}`} underline="always">
                  {run.name}
                </Anchor>
                <div className="hint mono">{run.id.slice(0, 8)}</div>
              </Table.Th>
              <Table.Td>
                <StateBadge run={run} />
              </Table.Td>
              <Table.Td>
                {[run.policy, ...run.modules].join(' + ')}
                <div className="hint">
                  {run.buildings.length === 1 ? run.buildings[0] : `${run.buildings.length} buildings`}
                </div>
              </Table.Td>
              <Table.Td>{run.attacks.join(', ')}</Table.Td>
              <Table.Td>
                <Share run={run} />
              </Table.Td>
              <Table.Td className="nowrap">{new Date(run.createdAt).toLocaleString()}</Table.Td>
              <Table.Td className="nowrap">
                {run.startedAt === null ? '–' : formatDuration((run.endedAt ?? now) - run.startedAt)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Share({ run }: { readonly run: RunSummary }) {
  const percent = Math.floor(100 * progressOf(run));
  return (
    <div className="share">
      <Progress
        value={percent}
        size="sm"
        aria-label={`${run.name}: ${percent} %`}
        color={run.state === 'failed' ? 'red' : 'blue'}
      />
      <span>{percent} %</span>
    </div>
  );
}

function RunsSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading runs" role="status">
      {Array.from({ length: 5 }, (_, k) => (
        <Skeleton key={k} height={34} mb={6} />
      ))}
    </div>
  );
}

function ServerDown() {
  return (
    <section className="blank" role="alert">
      <Title order={2}>The server does not answer</Title>
      <p>
        Is <code>faultline serve</code> running? The list appears by itself when the connection is back.
      </p>
    </section>
  );
}

/** Every word of the filter occurs in what the row says. */
function matches(run: RunSummary, filter: string): boolean {
  const text = [
    run.id,
    run.name,
    stateText(run),
    run.policy,
    run.dataset,
    ...run.buildings,
    ...run.modules,
    ...run.attacks,
  ]
    .join(' ')
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The time, each second while `ticking`. */
function useNow(ticking: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!ticking) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
