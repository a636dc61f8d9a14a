import { Button, Group, Skeleton, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Suspense, lazy, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { RefObject } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { formatCount } from '../live/format.ts';
import { ProblemError } from '../wire/api.ts';
import { useConnection } from '../wire/connection.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useShortcuts } from '../wire/shortcuts.ts';
import { useTitle } from '../wire/use-title.ts';
import { BulkBar } from './bulk-bar.tsx';
import { isFiltered, queryOf, searchOf, viewOf } from './list-view.ts';
import type { ListView } from './list-view.ts';
import { NamedViews } from './named-views.tsx';
import { RunFilters } from './run-filters.tsx';
import { RunPages } from './run-pages.ts';
import type { RunList } from './run-pages.ts';
import { isOver } from './run-state.ts';
import { RunsTable } from './runs-table.tsx';
import { useSelection } from './use-selection.ts';
import type { Selection } from './use-selection.ts';

const AnnotateDialog = lazy(async () => ({ default: (await import('./annotate-dialog.tsx')).AnnotateDialog }));

/** Runs of the store, as the address filters and orders them, live. */
export function RunsPage() {
  useTitle('Runs');
  const connection = useConnection();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [search, setSearch] = useSearchParams();
  const view = useMemo(() => viewOf(search), [search]);
  const address = String(searchOf(view));
  const change = useCallback(
    (part: Partial<ListView>) => setSearch((now) => searchOf({ ...viewOf(now), ...part }), { replace: true }),
    [setSearch],
  );
  const { pages, list } = useRunPages(address);
  const selection = useSelection(address);
  const input = useRef<HTMLInputElement>(null);
  const [edited, edit] = useState<RunSummary | null>(null);
  const now = useNow(list.runs.some((run) => !isOver(run.state)));
  useListKeys({
    list: list.runs,
    selection,
    input,
    edit,
    open: (run) => navigate(`/runs/${run.id}`),
    compare: navigate,
  });
  const chooseAll = async (): Promise<void> => selection.choose((await pages.all()).map(({ id }) => id));
  const filtered = isFiltered(view);

  return (
    <>
      <Group justify="space-between" mb={4}>
        <Group gap="lg">
          <Title order={1}>Runs</Title>
          <NamedViews search={address} />
        </Group>
        <Button component={Link} href="/launch" size="xs">
          Launch a run
        </Button>
      </Group>
      {list.problem !== null && <ErrorNote error={new ProblemError(list.problem)} />}
      {list.total === null && connection !== 'lost' && list.problem === null && <RunsSkeleton />}
      {list.total === null && connection === 'lost' && <ServerDown />}
      {list.total === 0 && !filtered && <NoRunYet />}
      {list.total !== null && (list.total > 0 || filtered) && (
        <>
          <RunFilters view={view} change={change} input={input} />
          {selection.chosen.size > 0 ? (
            <BulkBar
              ids={[...selection.chosen]}
              archived={view.archived === 'true'}
              clear={() => selection.choose([])}
              changed={(action) => {
                if (action === 'delete') selection.choose([]);
                void pages.refresh();
                void queries.invalidateQueries({ queryKey: ['tags'] });
              }}
            />
          ) : (
            <p className="hint" role="status">
              {formatCount(list.total)} {list.total === 1 ? 'run' : 'runs'}
              {filtered ? ' found' : ''} · press <kbd>?</kbd> for the keys
            </p>
          )}
          {list.total === 0 ? (
            <p className="nothing">No run is like that. Take a filter off, or look in the archive.</p>
          ) : (
            <RunsTable
              list={list}
              view={view}
              now={now}
              selection={selection}
              sortBy={(sort) => change({ sort })}
              need={(index) => void pages.need(index)}
              chooseAll={() => void chooseAll()}
              edit={edit}
            />
          )}
        </>
      )}
      {edited !== null && (
        <Suspense>
          <AnnotateDialog
            run={edited}
            tags={queries.getQueryData<string[]>(['tags']) ?? []}
            close={() => {
              edit(null);
              void queries.invalidateQueries({ queryKey: ['tags'] });
            }}
          />
        </Suspense>
      )}
    </>
  );
}

/** The list of a view; what was shown stays until the next is here. */
function useRunPages(address: string): { readonly pages: RunPages; readonly list: RunList } {
  const pages = useMemo(() => {
    const asked = viewOf(new URLSearchParams(address));
    return new RunPages(() => queryOf(asked, Date.now()));
  }, [address]);
  useEffect(() => pages.open(), [pages]);
  const list = useSyncExternalStore(pages.watch, pages.get);
  const shown = useRef(list);
  if (list.total !== null || list.problem !== null) shown.current = list;
  return { pages, list: shown.current };
}

/** The keys of the list. */
function useListKeys(props: {
  readonly list: readonly RunSummary[];
  readonly selection: Selection;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly edit: (run: RunSummary) => void;
  readonly open: (run: RunSummary) => void;
  readonly compare: (address: string) => void;
}): void {
  const { list, selection, input, edit, open, compare } = props;
  const run = list[selection.current];
  const to = (event: KeyboardEvent, index: number): void => {
    event.preventDefault();
    selection.moveTo(Math.max(0, Math.min(list.length - 1, index)));
  };
  const extend = (event: KeyboardEvent, index: number): void => {
    event.preventDefault();
    selection.extendTo(
      Math.max(0, Math.min(list.length - 1, index)),
      list.map(({ id }) => id),
    );
  };
  const { current } = selection;
  useShortcuts('Runs', [
    {
      keys: ['/'],
      does: 'to the filter; Esc leaves it',
      run: (event) => {
        event.preventDefault();
        input.current?.focus();
      },
    },
    {
      keys: ['j', 'J', 'ArrowDown'],
      does: 'next run; with Shift it is chosen too',
      run: (event) => (event.shiftKey ? extend : to)(event, current + 1),
    },
    {
      keys: ['k', 'K', 'ArrowUp'],
      does: 'run before; with Shift it is chosen too',
      run: (event) => (event.shiftKey ? extend : to)(event, current - 1),
    },
    { keys: ['Home'], does: 'first run', run: (event) => to(event, 0) },
    { keys: ['End'], does: 'last run that is loaded', run: (event) => to(event, list.length - 1) },
    { keys: ['Enter', 'o'], does: 'open the run', run: () => run !== undefined && open(run) },
    {
      keys: ['x', ' '],
      does: 'choose the run, or not',
      run: (event) => {
        event.preventDefault();
        if (run !== undefined) selection.toggle(run.id, current);
      },
    },
    {
      keys: ['e'],
      does: 'its tags and note',
      run: (event) => {
        event.preventDefault();
        if (run !== undefined) edit(run);
      },
    },
    {
      keys: ['c'],
      does: 'compare the chosen runs',
      run: () => selection.chosen.size > 0 && compare(`/compare?runs=${[...selection.chosen].join(',')}`),
    },
    { keys: ['Escape'], does: 'choose none', run: () => selection.choose([]) },
  ]);
}

function RunsSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading runs" role="status">
      {Array.from({ length: 8 }, (_, k) => (
        <Skeleton key={k} height={34} mb={6} />
      ))}
    </div>
  );
}

function NoRunYet() {
  return (
    <section className="blank">
      <Title order={2}>No run yet</Title>
      <p>
        A run simulates a district, attacks what its controller observes, and measures the damage against an unattacked
        twin.
      </p>
      <Button component={Link} href="/launch">
        Launch the first run
      </Button>
    </section>
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
