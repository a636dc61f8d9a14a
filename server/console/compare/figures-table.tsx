import { Anchor, Button, Table } from '@mantine/core';
import { Link } from 'wouter';
import { formatChange, formatValue, words } from '../live/format.ts';
import { saveBlob } from '../wire/api.ts';
import type { CompareTable, Spread } from './compare-api.ts';
import type { GroupLook } from './group-names.ts';

const none: Spread = { count: 0, mean: null, std: null, min: null, max: null, ci95: null };

/** The metric by group, from all lanes, and its distance to the clean twin of the same run, with the 95 % interval of its mean. */
export function FiguresTable(props: {
  readonly table: CompareTable;
  readonly looks: readonly GroupLook[];
  readonly metric: string;
}) {
  const { table, looks, metric } = props;
  const at = table.metrics.indexOf(metric);
  const paired = table.metrics.indexOf(metric.startsWith('regret.') ? metric : `regret.${metric}`);
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table className="numbers" data-table="figures">
        <Table.Caption>
          {words(metric.replace('.', ': '))}. Δ is attacked − clean of the same run; intervals are Student’s at 95 %,
          from five lanes on.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {['Group', 'lanes', 'mean', 'std', 'min', 'max', '95 % interval', 'Δ to clean', 'its 95 % interval'].map(
              (name) => (
                <Table.Th key={name} scope="col">
                  {name}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.groups.map((group, index) => {
            const spread = group.spreads[at] ?? none;
            const delta = group.spreads[paired] ?? none;
            const runs = [...new Set(table.lanes.filter((lane) => lane.group === index).map((lane) => lane.runId))];
            return (
              <Table.Tr key={looks[index]!.name}>
                <Table.Th scope="row">
                  <Swatch look={looks[index]!} />
                  {runs.length === 1 ? (
                    <Anchor component={Link} href={`/runs/${runs[0]!}`} inherit underline="always">
                      {looks[index]!.name}
                    </Anchor>
                  ) : (
                    looks[index]!.name
                  )}
                </Table.Th>
                <Table.Td>{spread.count}</Table.Td>
                <Table.Td>{formatValue(spread.mean)}</Table.Td>
                <Table.Td>{formatValue(spread.std)}</Table.Td>
                <Table.Td>{formatValue(spread.min)}</Table.Td>
                <Table.Td>{formatValue(spread.max)}</Table.Td>
                <Table.Td>{interval(spread, formatValue)}</Table.Td>
                <Table.Td>{formatChange(delta.mean)}</Table.Td>
                <Table.Td>{interval(delta, formatChange)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Means of every metric by group. */
export function AllMetrics({ table, looks }: { readonly table: CompareTable; readonly looks: readonly GroupLook[] }) {
  return (
    <Table.ScrollContainer minWidth={220 + 130 * looks.length}>
      <Table className="numbers" data-table="all">
        <Table.Caption>Mean ± standard deviation of all lanes.</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Metric</Table.Th>
            {looks.map((look) => (
              <Table.Th key={look.name} scope="col">
                <Swatch look={look} />
                {look.name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.metrics.map((metric, at) => (
            <Table.Tr key={metric}>
              <Table.Th scope="row">{words(metric.replace('.', ': '))}</Table.Th>
              {table.groups.map(({ spreads }, group) => (
                <Table.Td key={looks[group]!.name}>
                  {formatValue(spreads[at]?.mean)}
                  {(spreads[at]?.std ?? null) !== null && (
                    <span className="hint"> ± {formatValue(spreads[at]!.std)}</span>
                  )}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** All figures as a file, a row for each group and metric. */
export function CsvButton({ table, looks }: { readonly table: CompareTable; readonly looks: readonly GroupLook[] }) {
  const save = (): void => {
    const cells = table.groups.flatMap(({ spreads }, group) =>
      table.metrics.map((metric, at) => {
        const { count, mean, std, min, max, ci95 } = spreads[at]!;
        return [looks[group]!.name, metric, count, mean, std, min, max, ci95?.low, ci95?.high];
      }),
    );
    const rows = [['group', 'metric', 'count', 'mean', 'std', 'min', 'max', 'ci95_low', 'ci95_high'], ...cells];
    const text = rows.map((row) => row.map((cell) => quoted(cell)).join(',')).join('\n');
    saveBlob(new Blob([`${text}\n`], { type: 'text/csv' }), 'compare.csv');
  };
  return (
    <Button size="compact-xs" variant="default" onClick={save}>
      Table as CSV
    </Button>
  );
}

export function Swatch({ look }: { readonly look: GroupLook }) {
  return (
    <svg className="swatch" width={18} height={8} aria-hidden>
      <line x1={0} x2={18} y1={4} y2={4} stroke={look.colour} strokeWidth={3} strokeDasharray={look.dash} />
    </svg>
  );
}

function interval({ ci95 }: Spread, format: (value: number) => string): string {
  return ci95 === null ? '–' : `${format(ci95.low)} … ${format(ci95.high)}`;
}

function quoted(cell: string | number | null | undefined): string {
  const text = String(cell ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
