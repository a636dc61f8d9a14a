import { Group, NativeSelect, Skeleton, Title, useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import { words } from '../live/format.ts';
import { getJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useShortcuts } from '../wire/shortcuts.ts';
import { useTitle } from '../wire/use-title.ts';
import { runsQuery } from './compare-api.ts';
import type { CompareTable } from './compare-api.ts';
import { figures, FigureOptions, known, Legend, MetricSelect, useSeries } from './compare-controls.tsx';
import type { FigureName } from './compare-controls.tsx';
import { ecdfDrawing, scatterDrawing, seriesDrawing } from './drawings.ts';
import type { Band } from './drawings.ts';
import { Figure } from './figure.tsx';
import { AllMetrics, CsvButton, FiguresTable } from './figures-table.tsx';
import { looksOf } from './group-names.ts';
import type { GroupLook } from './group-names.ts';
import { ParallelFigure } from './parallel-figure.tsx';

const groupings: Readonly<Record<string, string>> = {
  '!seed': 'all but the seed',
  attack: 'attack',
  'attack,policy': 'attack and policy',
  'attack,building': 'attack and building',
  'attack,modules': 'attack and modules',
  'attack,seed': 'attack and seed',
};

/** Of more runs than this the server reads no telemetry at once. */
const mostSeries = 200;

/** Runs side by side, as the address says: which of them, grouped by what, which figure. */
export function ComparePage() {
  useTitle('Compare');
  const [search, setSearch] = useSearchParams();
  const query = String(runsQuery(search));
  const named =
    search.has('runs') || ['sweep', 'q', 'state', 'policy', 'attack', 'tag'].some((field) => search.has(field));
  const table = useQuery({
    queryKey: ['compare', query],
    queryFn: ({ signal }) => getJson<CompareTable>(`/compare/table?${query}`, signal),
    enabled: named,
  });
  const set = useCallback(
    (field: string, value: string) =>
      setSearch(
        (now) => {
          const next = new URLSearchParams(now);
          next.set(field, value);
          if (value === '') next.delete(field);
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );

  return (
    <>
      <Title order={1}>Compare</Title>
      {!named && (
        <section className="blank">
          <Title order={2}>Nothing to compare yet</Title>
          <p>
            Choose runs in <Link href="/">the list</Link> (key x, or the boxes) and press Compare, or take all runs of a{' '}
            <Link href="/sweeps">sweep</Link>.
          </p>
        </section>
      )}
      {table.isError && <ErrorNote error={table.error} retry={() => void table.refetch()} />}
      {named && table.isPending && <Skeleton height={520} mt="sm" aria-busy="true" />}
      {table.data !== undefined && table.data.lanes.length === 0 && (
        <p className="nothing">None of these runs has a result: they go on, or they failed.</p>
      )}
      {table.data !== undefined && table.data.lanes.length > 0 && (
        <Comparison table={table.data} query={query} search={search} set={set} />
      )}
    </>
  );
}

function Comparison(props: {
  readonly table: CompareTable;
  readonly query: string;
  readonly search: URLSearchParams;
  readonly set: (field: string, value: string) => void;
}) {
  const { table, query, search, set } = props;
  const scheme = useComputedColorScheme('light');
  const looks = useMemo(() => looksOf(table.groups, scheme), [table, scheme]);
  const hidden = search.get('hide') ?? '';
  const shown = useMemo(() => {
    const off = new Set(hidden.split(','));
    return table.groups.map((_group, at) => !off.has(String(at)));
  }, [table, hidden]);
  const metric = known(search.get('metric'), table.metrics, 'electricity_consumption_total');
  const runs = new Set(table.lanes.map((lane) => lane.runId)).size;
  const figure = (search.get('figure') ?? (runs > mostSeries ? 'parallel' : 'series')) as FigureName;
  const names = Object.keys(figures) as FigureName[];
  useShortcuts(
    'Compare',
    names.map((name, at) => ({ keys: [String(at + 1)], does: figures[name], run: () => set('figure', name) })),
  );
  return (
    <>
      <div className="filters">
        <NativeSelect
          size="xs"
          label="Group by"
          value={search.get('groupBy') ?? '!seed'}
          onChange={(event) => set('groupBy', event.currentTarget.value)}
          data={Object.entries(groupings).map(([value, label]) => ({ value, label }))}
        />
        <MetricSelect
          label="Metric"
          value={metric}
          metrics={table.metrics}
          onChange={(value) => set('metric', value)}
        />
        <NativeSelect
          size="xs"
          label="Figure"
          value={figure}
          onChange={(event) => set('figure', event.currentTarget.value)}
          data={names.map((value) => ({ value, label: figures[value] }))}
        />
        <FigureOptions figure={figure} table={table} query={query} search={search} set={set} metric={metric} />
      </div>
      <p className="hint" role="status">
        {table.lanes.length} lanes of {runs} {runs === 1 ? 'run' : 'runs'} in {table.groups.length}{' '}
        {table.groups.length === 1 ? 'group' : 'groups'}
        {table.missing.length > 0 && `; ${table.missing.length} runs without a result are left out`}
      </p>
      <section className="panel" aria-label={figures[figure] ?? 'Figure'}>
        <Legend looks={looks} shown={shown} change={(hide) => set('hide', hide)} />
        {figure === 'series' && (
          <SeriesFigure query={query} search={search} table={table} looks={looks} shown={shown} />
        )}
        {figure === 'parallel' && <Parallel table={table} metric={metric} looks={looks} shown={shown} />}
        {figure === 'scatter' && (
          <Scatter
            table={table}
            looks={looks}
            shown={shown}
            x={known(search.get('x'), table.metrics, 'success.rate')}
            y={metric}
          />
        )}
        {figure === 'ecdf' && <Ecdf table={table} looks={looks} shown={shown} metric={metric} />}
      </section>
      <section className="panel" aria-label="Figures">
        <Group justify="space-between">
          <Title order={2}>Figures of all lanes</Title>
          <CsvButton table={table} looks={looks} />
        </Group>
        <FiguresTable table={table} looks={looks} metric={metric} />
        <details>
          <summary>All metrics</summary>
          <AllMetrics table={table} looks={looks} />
        </details>
      </section>
    </>
  );
}

interface Drawn {
  readonly table: CompareTable;
  readonly looks: readonly GroupLook[];
  readonly shown: readonly boolean[];
}

function SeriesFigure({
  query,
  search,
  table,
  looks,
  shown,
}: Drawn & { readonly query: string; readonly search: URLSearchParams }) {
  const series = useSeries(query, search.get('signal'));
  const band = (search.get('band') ?? 'std') as Band;
  const { data } = series;
  // Groups of lanes that have no such signal are not among the series'.
  const matched = useMemo(() => {
    const at = (data?.groups ?? []).map(({ key }) =>
      table.groups.findIndex((group) => JSON.stringify(group.key) === JSON.stringify(key)),
    );
    return { looks: at.map((index) => looks[index]!), shown: at.map((index) => shown[index] === true) };
  }, [data, table, looks, shown]);
  const draw = useCallback(
    (width: number) => seriesDrawing(data!, matched.looks, matched.shown, band, width),
    [data, matched, band],
  );
  if (series.isError) return <ErrorNote error={series.error} retry={() => void series.refetch()} />;
  if (data === undefined) return <Skeleton height={380} aria-busy="true" />;
  const last = data.groups.map(
    (group, at) => `${matched.looks[at]?.name ?? ''} ${group.mean.at(-1)?.toPrecision(3) ?? '–'}`,
  );
  return (
    <Figure
      name={`series-${data.signal}`}
      label={`${words(data.signal)} by step, mean of each group; at the end ${last.join(', ')}`}
      draw={draw}
    />
  );
}

function Parallel({ metric, ...drawn }: Drawn & { readonly metric: string }) {
  const { table } = drawn;
  const metrics = useMemo(() => {
    const wanted = [
      'success.rate',
      metric,
      'return',
      'regret.electricity_consumption_total',
      'regret.carbon_emissions_total',
      'regret.cost_total',
    ];
    return [...new Set(wanted)].filter((name) => table.metrics.includes(name));
  }, [metric, table]);
  return <ParallelFigure {...drawn} metrics={metrics} />;
}

function Scatter({ table, looks, shown, x, y }: Drawn & { readonly x: string; readonly y: string }) {
  const draw = useCallback(
    (width: number) => scatterDrawing(table, looks, shown, [x, y], width),
    [table, looks, shown, x, y],
  );
  return <Figure name="scatter" label={`${words(y)} against ${words(x)}, a dot for each lane`} draw={draw} />;
}

function Ecdf({ table, looks, shown, metric }: Drawn & { readonly metric: string }) {
  const draw = useCallback(
    (width: number) => ecdfDrawing(table, looks, shown, metric, width),
    [table, looks, shown, metric],
  );
  return (
    <Figure
      name={`distribution-${metric}`}
      label={`Share of the lanes of each group whose ${words(metric)} is at most so much`}
      draw={draw}
    />
  );
}
