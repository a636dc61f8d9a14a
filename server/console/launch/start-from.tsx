import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import type { RunDetail } from '../../events.ts';
import { getJson } from '../wire/api.ts';
import { getExamples } from './scenario-api.ts';

/** The examples that ship. */
export function useExamples() {
  return useQuery({
    queryKey: ['examples'],
    queryFn: ({ signal }) => getExamples(signal),
    staleTime: Infinity,
  });
}

/** The run whose scenario a form starts from: `?from=<run>`. */
export function useOrigin() {
  const [search] = useSearchParams();
  const from = search.get('from');
  const origin = useQuery({
    queryKey: ['run', from],
    queryFn: ({ signal }) => getJson<RunDetail>(`/runs/${encodeURIComponent(from!)}`, signal),
    enabled: from !== null,
  });
  return { from, origin };
}

/** Puts an example in place of what is written. */
export function StartFrom({
  none,
  value,
  choose,
}: {
  /** What the form starts from when none was chosen. */
  readonly none: string;
  readonly value: string;
  readonly choose: (name: string, text: string | null) => void;
}) {
  const { data = [] } = useExamples();
  return (
    <NativeSelect
      size="xs"
      label="Start from"
      value={value}
      onChange={(event) => {
        const name = event.currentTarget.value;
        choose(name, data.find((one) => one.name === name)?.text ?? null);
      }}
      data={[{ value: '', label: none }, ...data.map((one) => ({ value: one.name, label: `example: ${one.name}` }))]}
    />
  );
}
