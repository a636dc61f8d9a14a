import { Button, Table } from '@mantine/core';
import type { CascadeResult } from '../../../core/run.ts';
import type { Columns } from './columns.ts';
import { formatValue } from './format.ts';
import { eventText } from './relays.ts';
import type { RelayPicture } from './relays.ts';
import type { SimClock } from './sim-time.ts';
import { simTime } from './sim-time.ts';
import type { ViewStore } from './view.ts';

const mostBuses = 8;

/** What the relays of a network did in the step that loaded it most, second by second, and a way to that step. */
export function RelayEvents({
  label,
  cascade,
  picture,
  columns,
  view,
  clock,
}: {
  readonly label: string;
  readonly cascade: CascadeResult;
  readonly picture: RelayPicture;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
}) {
  return (
    <div className="relays" data-relays={label}>
      <p className="hint">
        <strong>{label}</strong>, in the step that loaded the network most, {simTime(cascade.step, clock())}:{' '}
        {picture.summary}.{' '}
        <Button
          size="compact-xs"
          variant="default"
          disabled={columns.rows <= cascade.step}
          onClick={() => view.pinAt(cascade.step, columns.rows)}
          aria-label={`Show the relays of ${label}`}
        >
          Show
        </Button>
      </p>
      {cascade.events.length > 0 && (
        <details>
          <summary>Relays under {label}, one by one</summary>
          <Table.ScrollContainer minWidth={480}>
            <Table className="numbers">
              <Table.Thead>
                <Table.Tr>
                  {['After', 'what', 'where', 'loading or voltage, p.u.', 'MW lost'].map((name) => (
                    <Table.Th key={name} scope="col">
                      {name}
                    </Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {cascade.events.map((event, k) => (
                  <Table.Tr key={k}>
                    <Table.Th scope="row">{event.t.toFixed(1)} s</Table.Th>
                    <Table.Td>{eventText(event.what)}</Table.Td>
                    <Table.Td>{placeOf(event)}</Table.Td>
                    <Table.Td>{formatValue(event.value)}</Table.Td>
                    <Table.Td>{formatValue(event.mwLost)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </details>
      )}
    </div>
  );
}

function placeOf({ branch, buses }: CascadeResult['events'][number]): string {
  if (branch !== null) return `branch ${branch.join('–')}`;
  const more = buses.length - mostBuses;
  return `bus ${buses.slice(0, mostBuses).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
