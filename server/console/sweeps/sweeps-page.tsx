import { Anchor, Button, Group, Progress, Skeleton, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { countsOf, getSweeps } from './sweep-api.ts';

const pollMs = 3000;

/** Sweeps, the newest first. */
export function SweepsPage() {
  useTitle('Sweeps');
  const sweeps = useQuery({
    queryKey: ['sweeps'],
    queryFn: ({ signal }) => getSweeps(signal),
    staleTime: 0,
    refetchInterval: pollMs,
  });
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Title order={1}>Sweeps</Title>
        <Button component={Link} href="/sweeps/new" size="xs">
          Launch a sweep
        </Button>
      </Group>
      {sweeps.isError && <ErrorNote error={sweeps.error} retry={() => void sweeps.refetch()} />}
      {sweeps.isPending && <Skeleton height={200} aria-busy="true" />}
      {sweeps.data?.length === 0 && (
        <section className="blank">
          <Title order={2}>No sweep yet</Title>
          <p>
            A sweep runs one scenario with every combination of the values that some of its settings take, and of seeds.
          </p>
          <Button component={Link} href="/sweeps/new">
            Launch the first sweep
          </Button>
        </section>
      )}
      {sweeps.data !== undefined && sweeps.data.length > 0 && (
        <Table.ScrollContainer minWidth={700}>
          <Table highlightOnHover className="listing">
            <Table.Thead>
              <Table.Tr>
                {['Name', 'Progress', 'Runs', 'Without a result', 'Created'].map((name) => (
                  <Table.Th key={name} scope="col">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sweeps.data.map((sweep) => {
                const { all, over, lost } = countsOf(sweep);
                const percent = all === 0 ? 0 : Math.floor((100 * over) / all);
                return (
                  <Table.Tr key={sweep.id} data-sweep={sweep.id}>
                    <Table.Th scope="row">
                      <Anchor component={Link} href={`/sweeps/${sweep.id}`} underline="always">
                        {sweep.name}
                      </Anchor>
                    </Table.Th>
                    <Table.Td>
                      <div className="share">
                        <Progress value={percent} size="sm" aria-label={`${sweep.name}: ${percent} %`} />
                        <span>{percent} %</span>
                      </div>
                    </Table.Td>
                    <Table.Td>
                      {over} of {all}
                    </Table.Td>
                    <Table.Td>{lost === 0 ? '–' : lost}</Table.Td>
                    <Table.Td className="nowrap">{new Date(sweep.createdAt).toLocaleString()}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </>
  );
}
