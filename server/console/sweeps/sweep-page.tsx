import { Anchor, Button, Group, NativeSelect, Progress, Skeleton, Table, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { words } from '../live/format.ts';
import type { RunFigure } from '../runs/run-pages.ts';
import { isOver } from '../runs/run-state.ts';
import { StateBadge } from '../runs/state-badge.tsx';
import { download, getJson, postJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useMetrics } from '../wire/listings.ts';
import { useTitle } from '../wire/use-title.ts';
import { CellMatrix } from './cell-matrix.tsx';
import { ExecutorPanel } from './executor-panel.tsx';
import { axisNames, countsOf, valueText } from './sweep-api.ts';
import type { Cell, Sweep } from './sweep-api.ts';

const pollMs = 2000;

/** One sweep: its cells with what they came to, what is worked on, what failed and why. */
export function SweepPage({ id }: { readonly id: string }) {
  const [search, setSearch] = useSearchParams();
  const metric = search.get('metric') ?? 'regret.electricity_consumption_total';
  const chosen = Number(search.get('cell') ?? -1);
  const path = `/sweeps/${encodeURIComponent(id)}`;
  const sweep = useQuery({
    queryKey: ['sweep', id],
    queryFn: async ({ signal }) => {
      const [head, { cells }] = await Promise.all([
        getJson<Sweep>(path, signal),
        getJson<{ readonly cells: readonly Cell[] }>(`${path}/cells`, signal),
      ]);
      return { head, cells };
    },
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data !== undefined && isSettled(state.data.head) ? false : pollMs),
  });
  const over = sweep.data === undefined ? 0 : countsOf(sweep.data.head).over;
  const list = useQuery({
    // Asked again whenever a further run is over.
    queryKey: ['sweep-figures', id, metric, over],
    queryFn: ({ signal }) =>
      getJson<{ readonly figures: Readonly<Record<string, RunFigure>> }>(
        `/runs?sweep=${encodeURIComponent(id)}&archived=all&limit=500&metric=${encodeURIComponent(metric)}`,
        signal,
      ),
    placeholderData: (before) => before,
  });
  const metrics = useMetrics();
  const cancel = useMutation({
    mutationFn: () => postJson<Sweep>(`${path}/cancel`, {}),
    onSettled: () => void sweep.refetch(),
  });
  useTitle(sweep.data?.head.name ?? 'Sweep');
  const set = (field: string, value: string): void =>
    setSearch((now) => ({ ...Object.fromEntries(now), [field]: value }), { replace: true });

  if (sweep.isError) return <ErrorNote error={sweep.error} retry={() => void sweep.refetch()} />;
  if (sweep.data === undefined) return <Skeleton height={480} aria-busy="true" />;
  const { head, cells } = sweep.data;
  const { all, lost } = countsOf(head);
  const percent = all === 0 ? 0 : Math.floor((100 * over) / all);
  const runs = cells.flatMap((cell) => cell.runs);
  const cell = cells[chosen];
  return (
    <>
      <Group justify="space-between" gap="md">
        <div>
          <Title order={1}>{head.name}</Title>
          <p className="hint">
            <Anchor component={Link} href="/sweeps" inherit underline="always">
              Sweeps
            </Anchor>
            {' / '}
            {cells.length} {cells.length === 1 ? 'cell' : 'cells'}, {all} runs by{' '}
            {head.executor === 'local' ? 'threads of the server' : 'workers over a Redis'}
            {head.retried > 0 && `, begun again ${head.retried} ${head.retried === 1 ? 'time' : 'times'}`} ·{' '}
            <Anchor component={Link} href={`/?sweep=${id}`} inherit underline="always">
              its runs
            </Anchor>
          </p>
        </div>
        <Group gap="xs">
          <Button component={Link} size="xs" href={`/compare?sweep=${id}`}>
            Compare all
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={(head.states.done ?? 0) === 0}
            onClick={() => void download(`${path}/episodes.parquet`, `${head.name}.parquet`)}
          >
            Episodes as Parquet
          </Button>
          {!isSettled(head) && (
            <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel sweep
            </Button>
          )}
        </Group>
      </Group>
      {cancel.isError && <ErrorNote error={cancel.error} />}
      <Progress value={percent} size="sm" mt="xs" aria-label={`Progress: ${percent} %`} />
      <dl className="facts" aria-label="Runs by state" data-testid="states">
        {Object.entries(head.states).map(([state, count]) => (
          <div key={state}>
            <dt>{state}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
      <section className="panel" aria-labelledby="cells">
        <Group justify="space-between">
          <Title order={2} id="cells">
            Cells
          </Title>
          <NativeSelect
            size="xs"
            aria-label="Metric of the cells"
            value={metric}
            onChange={(event) => set('metric', event.currentTarget.value)}
            data={[...new Set([metric, ...(metrics.data ?? [])])].map((value) => ({
              value,
              label: words(value.replace('.', ': ')),
            }))}
          />
        </Group>
        <CellMatrix
          cells={cells}
          figures={list.data?.figures ?? {}}
          metric={metric}
          chosen={chosen}
          choose={(at) => set('cell', String(at))}
        />
        <p className="hint">
          Mean over all lanes of the runs that are done; a fuller ground is a greater value. Choose a cell for its runs.
        </p>
      </section>
      {cell !== undefined && <CellRuns cell={cell} figures={list.data?.figures ?? {}} />}
      {!isSettled(head) && <ExecutorPanel />}
      {lost > 0 && <Lost runs={runs} />}
    </>
  );
}

function isSettled(sweep: Sweep): boolean {
  const { all, over } = countsOf(sweep);
  return all === over;
}

/** The runs of a cell, and why those without a result have none. */
function CellRuns({ cell, figures }: { readonly cell: Cell; readonly figures: Readonly<Record<string, RunFigure>> }) {
  const names = axisNames(Object.keys(cell.values));
  const title = Object.entries(cell.values)
    .map(([pointer, value]) => `${names.get(pointer)!} ${valueText(value)}`)
    .join(' · ');
  return (
    <section className="panel" aria-label="Chosen cell">
      <Group justify="space-between">
        <Title order={2}>{title === '' ? 'All runs' : title}</Title>
        <Anchor
          component={Link}
          size="xs"
          href={`/compare?runs=${cell.runs.map(({ id }) => id).join(',')}`}
          underline="always"
        >
          compare its runs
        </Anchor>
      </Group>
      <RunTable runs={cell.runs} figures={figures} />
    </section>
  );
}

function RunTable({
  runs,
  figures,
}: {
  readonly runs: readonly RunSummary[];
  readonly figures: Readonly<Record<string, RunFigure>>;
}) {
  return (
    <Table className="listing">
      <Table.Tbody>
        {runs.map((run) => (
          <Table.Tr key={run.id} data-run={run.id}>
            <Table.Th scope="row">
              <Anchor component={Link} href={`/runs/${run.id}`} underline="always">
                seed {run.seed}
              </Anchor>
            </Table.Th>
            <Table.Td>
              <StateBadge run={run} />
            </Table.Td>
            <Table.Td>{figures[run.id]?.mean?.toPrecision(4).replace('-', '−') ?? ''}</Table.Td>
            <Table.Td>{run.error ?? ''}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Reasons of failure, with the runs that had each. */
function Lost({ runs }: { readonly runs: readonly RunSummary[] }) {
  const reasons = new Map<string, RunSummary[]>();
  for (const run of runs)
    if (isOver(run.state) && run.state !== 'done') {
      const reason = run.error ?? run.state;
      reasons.set(reason, [...(reasons.get(reason) ?? []), run]);
    }
  return (
    <section className="panel" aria-label="Without a result">
      <Title order={2}>Without a result</Title>
      <ul className="reasons">
        {[...reasons].map(([reason, lost]) => (
          <li key={reason}>
            <strong>{lost.length} ×</strong> {reason}
            <span className="hint">
              {' '}
              {lost.slice(0, 8).map((run) => (
                <Anchor key={run.id} component={Link} href={`/runs/${run.id}`} inherit underline="always" mr={6}>
                  {run.name}, seed {run.seed}
                </Anchor>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
