import { useQuery } from '@tanstack/react-query';
import { getJson } from './api.ts';

/*
 * What there is on the server, by name. Screens share what they fetched, by its key: a list that two of them need is fetched here, so that it has one
 * shape.
 */

interface Named {
  readonly name: string;
}

/** The policies that a scenario may name. */
export function usePolicies() {
  return useQuery({
    queryKey: ['policies'],
    queryFn: async ({ signal }) =>
      (await getJson<{ readonly policies: readonly Named[] }>('/policies', signal)).policies.map(({ name }) => name),
  });
}

export function useAttacks() {
  return useQuery({
    queryKey: ['attacks'],
    queryFn: async ({ signal }) =>
      (await getJson<{ readonly attacks: readonly Named[] }>('/attacks', signal)).attacks.map(({ name }) => name),
  });
}

/** The tags that runs have. */
export function useTags() {
  return useQuery({
    queryKey: ['tags'],
    queryFn: async ({ signal }) =>
      (await getJson<{ readonly tags: readonly { readonly tag: string }[] }>('/tags', signal)).tags.map(
        ({ tag }) => tag,
      ),
  });
}

/** The metrics that results of runs have. */
export function useMetrics() {
  return useQuery({
    queryKey: ['figures'],
    queryFn: async ({ signal }) =>
      (await getJson<{ readonly figures: readonly { readonly metric: string }[] }>('/figures', signal)).figures.map(
        ({ metric }) => metric,
      ),
  });
}
