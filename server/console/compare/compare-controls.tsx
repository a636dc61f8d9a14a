import { Anchor, NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { words } from '../live/format.ts';
import { getJson } from '../wire/api.ts';
import type { CompareSeries, CompareTable } from './compare-api.ts';
import { Swatch } from './figures-table.tsx';
import type { GroupLook } from './group-names.ts';

/** The figures there are, in the order of their keys. */
export const figures = {
  series: 'Over time',
  parallel: 'Parallel coordinates',
  scatter: 'Scatter',
  ecdf: 'Distribution',
} as const;
export type FigureName = keyof typeof figures;

/** What a figure can be asked beyond the metric. */
export function FigureOptions(props: {
  readonly figure: FigureName;
  readonly table: CompareTable;
  readonly query: string;
  readonly search: URLSearchParams;
  readonly set: (field: string, value: string) => void;
  readonly metric: string;
}) {
  const { figure, table, query, search, set } = props;
  const series = useSeries(query, search.get('signal'), figure === 'series');
  if (figure === 'scatter')
    return (
      <MetricSelect
        label="Across"
        value={known(search.get('x'), table.metrics, 'success.rate')}
        metrics={table.metrics}
        onChange={(value) => set('x', value)}
      />
    );
  if (figure !== 'series') return null;
  return (
    <>
      <NativeSelect
        size="xs"
        label="Signal"
        value={search.get('signal') ?? series.data?.signal ?? ''}
        onChange={(event) => set('signal', event.currentTarget.value)}
        data={(series.data?.signals ?? []).map((value) => ({ value, label: words(value.replace('.', ': ')) }))}
      />
      <NativeSelect
        size="xs"
        label="Lanes as"
        value={search.get('band') ?? 'std'}
        onChange={(event) => set('band', event.currentTarget.value)}
        data={[
          { value: 'std', label: 'mean ± std' },
          { value: 'range', label: 'least to greatest' },
          { value: 'lines', label: 'thin lines' },
        ]}
      />
    </>
  );
}

/** Values over time of the runs of a query. */
export function useSeries(query: string, signal: string | null, enabled = true) {
  const asked = signal === null ? query : `${query}&signal=${encodeURIComponent(signal)}`;
  return useQuery({
    queryKey: ['compare-series', asked],
    queryFn: ({ signal: stop }) => getJson<CompareSeries>(`/compare/series?${asked}`, stop),
    enabled,
  });
}

export function MetricSelect(props: {
  readonly label: string;
  readonly value: string;
  readonly metrics: readonly string[];
  readonly onChange: (metric: string) => void;
}) {
  const { label, value, metrics, onChange } = props;
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={metrics.map((metric) => ({ value: metric, label: words(metric.replace('.', ': ')) }))}
    />
  );
}

/** Which groups are drawn; their figures stay in the tables. */
export function Legend(props: {
  readonly looks: readonly GroupLook[];
  readonly shown: readonly boolean[];
  readonly change: (hide: string) => void;
}) {
  const { looks, shown, change } = props;
  const toggled = (at: number): string =>
    shown.flatMap((on, index) => ((index === at ? on : !on) ? [index] : [])).join(',');
  return (
    <div className="groups" role="group" aria-label="Groups drawn">
      {looks.map((look, at) => (
        <label key={look.name}>
          <input type="checkbox" checked={shown[at]} onChange={() => change(toggled(at))} />
          <Swatch look={look} />
          {look.name}
        </label>
      ))}
      <Anchor component={Link} href="/" size="xs" ml="auto" underline="always">
        choose other runs
      </Anchor>
    </div>
  );
}

/** The metric that is wanted, where there is it. */
export function known(wanted: string | null, metrics: readonly string[], otherwise: string): string {
  if (wanted !== null && metrics.includes(wanted)) return wanted;
  return metrics.includes(otherwise) ? otherwise : (metrics[0] ?? otherwise);
}
