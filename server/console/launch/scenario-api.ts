import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Problem } from '../../events.ts';
import { getJson, postText, ProblemError } from '../wire/api.ts';

/** A scenario that ships with the program. */
export interface Example {
  readonly name: string;
  readonly text: string;
}

export async function getExamples(signal: AbortSignal): Promise<readonly Example[]> {
  return (await getJson<{ readonly scenarios: readonly Example[] }>('/scenarios', signal)).scenarios;
}

const settleMs = 350;

/** What the server says of a text, once typing has paused; null text is not asked about. */
export function useValidation(text: string | null): { readonly checking: boolean; readonly problem: Problem | null } {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), settleMs);
    return () => clearTimeout(timer);
  }, [text]);
  const answer = useQuery({
    queryKey: ['validate', settled],
    queryFn: () => postText('/scenarios/validate', settled!),
    enabled: settled !== null,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  const problem = answer.error instanceof ProblemError ? answer.error.problem : null;
  return { checking: settled !== text || answer.isFetching, problem: text === null ? null : problem };
}
