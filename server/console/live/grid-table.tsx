import { Table } from '@mantine/core';
import type { GridResult } from '../../../core/run.ts';
import { formatChange, formatCount, formatValue, words } from './format.ts';
import { cleanLabel } from '../../../core/lane.ts';

/** KPIs of the network under an attack beside those of the clean twins: difference and ratio. */
export function GridTable({ grid, attack }: { readonly grid: GridResult; readonly attack: string }) {
  const of = (label: string) => grid.networks.find((network) => network.attack === label);
  const [clean, attacked] = [of(cleanLabel), of(attack)];
  if (clean === undefined) return null;
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table className="numbers" data-source="grid">
        <Table.Caption>
          {formatCount(grid.homes)} homes at {grid.buses} buses of {grid.case}. EN 50160 is a proxy from the run’s
          steps.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {['KPI', 'unit', 'clean', 'attacked', 'regret', 'ratio'].map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.keys(clean.kpis).map((kpi) => (
            <Table.Tr key={kpi} data-kpi={kpi}>
              <Table.Th scope="row">{words(kpi)}</Table.Th>
              <Table.Td>{grid.units[kpi]}</Table.Td>
              <Table.Td className="clean">{formatValue(clean.kpis[kpi])}</Table.Td>
              <Table.Td className="attacked">{formatValue(attacked?.kpis[kpi])}</Table.Td>
              <Table.Td>{formatChange(attacked?.regret?.[kpi]?.delta)}</Table.Td>
              <Table.Td>{formatValue(attacked?.regret?.[kpi]?.ratio)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
