import { request } from '../wire/api.ts';

/** Answer of `POST /query`. */
export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  readonly seconds: number;
}

/** Asks; aborting the signal cancels the question on the server. */
export async function ask(sql: string, limit: number, signal: AbortSignal): Promise<SqlAnswer> {
  const response = await request('/query', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql, limit }),
    signal,
  });
  return (await response.json()) as SqlAnswer;
}
