import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { RunResult } from '../../../core/run.ts';
import { download } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

/** Files of a run: its result when it has one, its telemetry as far as it got. */
export function Downloads({ id, result }: { readonly id: string; readonly result: RunResult | null }) {
  const save = useMutation({ mutationFn: ([path, name]: readonly [string, string]) => download(path, name) });
  const base = `/runs/${encodeURIComponent(id)}`;
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        disabled={result === null}
        onClick={() => save.mutate([`${base}/result`, `${id}-result.json`])}
      >
        Result JSON
      </Button>
      <Button
        size="xs"
        variant="default"
        loading={save.isPending}
        onClick={() => save.mutate([`${base}/telemetry.csv`, `${id}-telemetry.csv`])}
      >
        Telemetry CSV
      </Button>
      {save.isError && <ErrorNote error={save.error} />}
    </Group>
  );
}
