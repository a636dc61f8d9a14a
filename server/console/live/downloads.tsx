import { Button, Group, NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { RunResult } from '../../../core/run.ts';
import { download } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';

/** Telemetry as a file: what it is called, and the media type that is asked for. */
const tables = {
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
} as const;
type TableKind = keyof typeof tables;

/** What a result becomes for other programs: its path under the run, and what it is. */
const exports = {
  stix: { path: 'stix.json', title: 'STIX 2.1 bundle' },
  navigator: { path: 'navigator-layer.json', title: 'ATT&CK Navigator layer' },
  junit: { path: 'junit.xml', title: 'JUnit XML' },
} as const;
type ExportKind = keyof typeof exports;

/** Files of a run: its report and result when it has one, its telemetry, where it is recorded, as far as it got. */
export function Downloads({
  id,
  result,
  recorded = true,
}: {
  readonly id: string;
  readonly result: RunResult | null;
  readonly recorded?: boolean;
}) {
  const save = useMutation({
    mutationFn: ([path, name, type]: readonly [string, string, string?]) => download(path, name, type),
  });
  const [kind, setKind] = useState<TableKind>('csv');
  const [other, setOther] = useState<ExportKind>('stix');
  const base = `/runs/${encodeURIComponent(id)}`;
  return (
    <Group gap="xs" role="group" aria-label="Files of this run">
      <Button
        size="xs"
        variant="default"
        disabled={result === null}
        onClick={() => save.mutate([`${base}/report.html`, `${id}.html`])}
      >
        Report HTML
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={result === null}
        onClick={() => save.mutate([`${base}/result`, `${id}-result.json`])}
      >
        Result JSON
      </Button>
      <Group gap={0} wrap="nowrap">
        <NativeSelect
          size="xs"
          aria-label="Form of the export"
          value={other}
          onChange={(event) => setOther(event.currentTarget.value as ExportKind)}
          data={Object.entries(exports).map(([value, { title }]) => ({ value, label: title }))}
        />
        <Button
          size="xs"
          variant="default"
          disabled={result === null}
          onClick={() => save.mutate([`${base}/${exports[other].path}`, `${id}-${exports[other].path}`])}
        >
          Export
        </Button>
      </Group>
      {recorded && (
        <Group gap={0} wrap="nowrap">
          <NativeSelect
            size="xs"
            aria-label="Format of the telemetry"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as TableKind)}
            data={[
              { value: 'csv', label: 'CSV' },
              { value: 'parquet', label: 'Parquet' },
              { value: 'arrow', label: 'Arrow' },
            ]}
          />
          <Button
            size="xs"
            variant="default"
            loading={save.isPending}
            onClick={() => save.mutate([`${base}/telemetry`, `${id}-telemetry.${kind}`, tables[kind]])}
          >
            Telemetry
          </Button>
        </Group>
      )}
      {save.isError && <ErrorNote error={save.error} />}
    </Group>
  );
}
