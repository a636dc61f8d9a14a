import { Skeleton, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getJson } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import type { Json, JsonSchema } from './json-schema.ts';
import { LaunchForm } from './launch-form.tsx';
import { useOrigin } from './start-from.tsx';

/** Writing and launching a scenario: the form that its schema gives, beside the text. `?from=<run>` starts from a run's. */
export function LaunchPage() {
  useTitle('Launch');
  const { from, origin } = useOrigin();
  const schema = useQuery({
    queryKey: ['schema'],
    queryFn: ({ signal }) => getJson<JsonSchema>('/schemas/scenario.json', signal),
    staleTime: Infinity,
  });
  const failed = schema.isError ? schema : origin.isError ? origin : undefined;

  return (
    <>
      <Title order={1}>Launch a run</Title>
      {failed !== undefined && <ErrorNote error={failed.error} retry={() => void failed.refetch()} />}
      {failed === undefined && (schema.data === undefined || (from !== null && origin.data === undefined)) && (
        <div className="launch" aria-busy="true">
          <Skeleton height={520} />
          <Skeleton height={520} />
        </div>
      )}
      {schema.data !== undefined && (from === null || origin.data !== undefined) && (
        <LaunchForm
          key={from ?? ''}
          schema={schema.data}
          initial={origin.data?.scenario as unknown as Json | undefined}
        />
      )}
    </>
  );
}
