import { Table } from '@mantine/core';
import type { ModuleReport } from '../../../core/run.ts';
import { formatValue } from './format.ts';

/** What became of the modules around a finished run's policy. */
export function ModuleTable({ modules }: { readonly modules: readonly ModuleReport[] }) {
  return (
    <>
      <p className="hint">
        In this order; what comes out is what ran and what was attacked. Decisions changed are of recorded clean rows,
        beside the policy before the module.
      </p>
      <Table.ScrollContainer minWidth={640}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              {['Module', 'what', 'strength', 'decisions changed', 'figures'].map((name) => (
                <Table.Th key={name} scope="col">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {modules.map((one) => (
              <Table.Tr key={one.label} data-module={one.label}>
                <Table.Th scope="row">{one.label}</Table.Th>
                <Table.Td>{one.title}</Table.Td>
                <Table.Td>{one.applied ? formatValue(one.strength) : `${one.strength}: not applied`}</Table.Td>
                <Table.Td>{one.applied ? `${(100 * one.figures['decisionsChanged']!).toFixed(1)} %` : '–'}</Table.Td>
                <Table.Td>{figuresOf(one)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}

function figuresOf({ figures }: ModuleReport): string {
  return Object.entries(figures)
    .filter(([name]) => name !== 'decisionsChanged')
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(', ');
}
