import { Table } from '@mantine/core';
import type { DetectionReport, LaneResult, RunResult } from '../../../core/run.ts';
import { formatCount, formatValue } from '../live/format.ts';
import type { Pair } from '../live/panels.ts';
import type { Watching } from './watching.ts';

/** What each detector makes of the attack: how much of it goes unnoticed, at what price, and how soon it is found. */
export function DetectorTable({
  watching,
  rows,
  pair,
  result,
}: {
  readonly watching: readonly Watching[];
  /** That were looked at. */
  readonly rows: number;
  readonly pair: Pair;
  readonly result: RunResult | null;
}) {
  const of = (name: string | undefined): LaneResult | undefined => result?.lanes.find(({ lane }) => lane === name);
  const [attacked, clean] = [of(pair.attacked?.name), of(pair.clean?.name)];
  return (
    <Table.ScrollContainer minWidth={880}>
      <Table className="numbers" data-source="detectors">
        <Table.Caption>
          Of {formatCount(rows)} rows. Stealth is the share of attacked steps without an alarm. False alarms are the
          clean twin’s, on days that the detector has not learnt from. The area is the chance that an attacked step
          scores higher than a clean one: 0.5 is guessing. Days are those held out, as result.json counts them.
        </Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {[
              'Detector',
              'threshold',
              'stealth',
              'false alarms',
              'delay, steps',
              'area, steps',
              'area, days',
              'days with an alarm',
              'of the twin',
            ].map((name) => (
              <Table.Th key={name} scope="col">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {watching.map((one) => (
            <Table.Tr key={one.label} data-detector={one.label}>
              <Table.Th scope="row">{one.label}</Table.Th>
              <Table.Td>{formatValue(one.threshold)}</Table.Td>
              <Table.Td>{percent(one.stealth)}</Table.Td>
              <Table.Td>{percent(one.falseAlarms)}</Table.Td>
              <Table.Td>{one.delay === null ? 'not found' : formatCount(one.delay)}</Table.Td>
              <Table.Td>{formatValue(one.steps.area)}</Table.Td>
              <Table.Td>{formatValue(one.days.area)}</Table.Td>
              <Table.Td>{daysOf(attacked?.detection?.[one.label])}</Table.Td>
              <Table.Td>{daysOf(clean?.detection?.[one.label])}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function daysOf(report: DetectionReport | undefined): string {
  if (report === undefined || report.interval === null) return '–';
  const { low, high } = report.interval;
  return `${report.alarmDays} of ${report.heldOutDays} (${(100 * low).toFixed(0)} … ${(100 * high).toFixed(0)} %)`;
}

function percent(share: number): string {
  return Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`;
}
