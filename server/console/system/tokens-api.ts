import { getJson, request } from '../wire/api.ts';

export type Scope = 'read' | 'run' | 'admin';

export interface TokenEntry {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export async function listTokens(signal: AbortSignal): Promise<readonly TokenEntry[]> {
  return (await getJson<{ readonly tokens: readonly TokenEntry[] }>('/tokens', signal)).tokens;
}

/** Its text is told this once. */
export async function issueToken(
  name: string,
  scope: Scope,
  expiresInSeconds: number | null,
): Promise<TokenEntry & { readonly token: string }> {
  const response = await request('/tokens', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, scopes: [scope], expiresInSeconds }),
  });
  return (await response.json()) as TokenEntry & { token: string };
}

export async function revokeToken(id: string): Promise<void> {
  await request(`/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
