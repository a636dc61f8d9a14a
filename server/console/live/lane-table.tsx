import { Table } from '@mantine/core';
import type { LaneResult, RunResult } from '../../../core/run.ts';
import { formatChange, formatCount, formatValue, words } from './format.ts';

/** Every attacked lane of a finished run on one line. */
export function LaneTable({ result }: { readonly result: RunResult }) {
  const lanes = result.lanes.filter((lane) => lane.regret !== undefined);
  // The first KPI is the one that lanes are ranked by.
  const [headline = ''] = Object.keys(lanes[0]?.regret ?? {});
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table className="numbers">
        <Table.Caption>
          {formatCount(result.timing.stepsPerSecond)} steps/s, {formatCount(result.timing.gradientsPerSecond)}{' '}
          gradients/s; seed {result.seed}.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {[
              'Lane',
              `regret: ${words(headline).toLowerCase()}`,
              'decisions changed',
              'action change',
              'L∞ mean',
              'L∞ max',
              'queries',
              'gradients',
            ].map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lanes.map((lane) => (
            <Table.Tr key={lane.lane}>
              <Table.Th scope="row">{lane.lane}</Table.Th>
              {cells(lane, headline).map((text, k) => (
                <Table.Td key={k}>{text}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function cells(lane: LaneResult, headline: string): readonly string[] {
  const rate = lane.success?.rate;
  return [
    formatChange(lane.regret?.[headline]),
    rate === null || rate === undefined ? '–' : `${(100 * rate).toFixed(1)} %`,
    formatValue(lane.success?.meanAbsoluteActionChange),
    formatValue(lane.norms?.linfMean),
    formatValue(lane.norms?.linfMax),
    lane.cost === undefined ? '–' : formatCount(lane.cost.queries),
    lane.cost === undefined ? '–' : formatCount(lane.cost.gradients),
  ];
}
