import { Table } from '@mantine/core';
import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Columns } from './columns.ts';
import { formatChange, formatValue, words } from './format.ts';
import type { Pair } from './panels.ts';
import { kpiChannel, kpiPrefix, regretsOf } from './panels.ts';
import { signalsOf } from '../../../core/lane.ts';

interface Row {
  readonly kpi: string;
  readonly clean: number | null;
  readonly attacked: number | null;
  readonly regret: number | null;
}

/** KPIs of the clean and the attacked lane and their difference: so far while the run goes on, then from its result. */
export function KpiTable({
  pair,
  columns,
  schema,
  result,
  caption,
}: {
  readonly pair: Pair;
  readonly columns: Columns;
  readonly schema: TelemetrySchema;
  readonly result: RunResult | null;
  readonly caption: string;
}) {
  const rows = result === null ? soFar(pair, columns, schema) : ofResult(pair, result);
  const units = pair.attacked === undefined ? new Map<string, string>() : signalsOf(schema, pair.attacked.name);
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table className="numbers" data-source={result === null ? 'live' : 'result'}>
        <Table.Caption>
          {result === null ? 'So far' : 'Of the whole run'}; {caption}, regret is attacked − clean.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">KPI</Table.Th>
            <Table.Th scope="col">unit</Table.Th>
            <Table.Th scope="col">clean</Table.Th>
            <Table.Th scope="col">attacked</Table.Th>
            <Table.Th scope="col">regret</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.kpi}>
              <Table.Th scope="row">{words(row.kpi)}</Table.Th>
              <Table.Td>{units.get(`${kpiPrefix}${row.kpi}`) ?? 'ratio'}</Table.Td>
              <Table.Td className="clean">{formatValue(row.clean)}</Table.Td>
              <Table.Td className="attacked">{formatValue(row.attacked)}</Table.Td>
              <Table.Td>{formatChange(row.regret)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function soFar({ attacked, clean }: Pair, columns: Columns, schema: TelemetrySchema): readonly Row[] {
  const last = columns.rows - 1;
  return regretsOf(schema, attacked).map((kpi) => ({
    kpi,
    clean: clean === undefined ? null : columns.value(kpiChannel(clean, 'kpi', kpi), last),
    attacked: columns.value(kpiChannel(attacked!, 'kpi', kpi), last),
    regret: columns.value(kpiChannel(attacked!, 'regret', kpi), last),
  }));
}

function ofResult({ attacked, clean }: Pair, result: RunResult): readonly Row[] {
  const lane = (name: string | undefined) => result.lanes.find((one) => one.lane === name);
  const under = lane(attacked?.name);
  const twin = lane(clean?.name);
  return Object.keys(under?.kpis ?? twin?.kpis ?? {}).map((kpi) => ({
    kpi,
    clean: twin?.kpis[kpi] ?? null,
    attacked: under?.kpis[kpi] ?? null,
    regret: under?.regret?.[kpi] ?? null,
  }));
}
