import { Button, Table } from '@mantine/core';
import { formatValue } from '../live/format.ts';
import type { SimClock } from '../live/sim-time.ts';
import { simTime } from '../live/sim-time.ts';
import type { Moved } from './perturbation.ts';

/** The heat-map as numbers: what was done to each feature, and where the most. */
export function FeatureTable({
  moved,
  clock,
  show,
}: {
  readonly moved: readonly Moved[];
  readonly clock: SimClock;
  readonly show: (row: number) => void;
}) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table className="numbers" data-source="features">
        <Table.Caption>Of the whole run so far: |reported − true|.</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {['Feature', 'unit', 'mean', 'largest', 'share of its range', 'rows moved', 'largest at'].map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {moved.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Th scope="row">{one.name}</Table.Th>
              <Table.Td>{one.unit}</Table.Td>
              <Table.Td>{formatValue(one.mean)}</Table.Td>
              <Table.Td>{formatValue(one.most)}</Table.Td>
              <Table.Td>{percent(one.mostShare)}</Table.Td>
              <Table.Td>{percent(one.rate)}</Table.Td>
              <Table.Td>
                {one.at < 0 ? (
                  '–'
                ) : (
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={`${simTime(one.at, clock)}: show the largest change of ${one.name}`}
                    onClick={() => show(one.at)}
                  >
                    {simTime(one.at, clock)}
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`;
}
