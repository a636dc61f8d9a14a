/** What the list of runs shows: all of it stands in the address. */
export interface ListView {
  readonly q: string;
  readonly state: string;
  readonly policy: string;
  readonly attack: string;
  readonly tag: string;
  readonly sweep: string;
  /** Age of the oldest, as in {@link ages}. */
  readonly since: string;
  /** `''`: those that are not archived. */
  readonly archived: string;
  readonly metric: string;
  readonly sort: string;
}

export const states = ['queued', 'preparing', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted'];

/** Ages in hours, by how the address says them. */
export const ages: Readonly<Record<string, number>> = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 };

const defaults: ListView = {
  q: '',
  state: '',
  policy: '',
  attack: '',
  tag: '',
  sweep: '',
  since: '',
  archived: '',
  metric: 'regret.electricity_consumption_total',
  sort: '-created',
};
const fields = Object.keys(defaults) as (keyof ListView)[];

export function viewOf(search: URLSearchParams): ListView {
  return Object.fromEntries(
    fields.map((field) => [field, search.get(field) ?? defaults[field]]),
  ) as unknown as ListView;
}

/** The address of a view, without what is as it is anyway. */
export function searchOf(view: ListView): URLSearchParams {
  return new URLSearchParams(
    fields.filter((field) => view[field] !== defaults[field]).map((field) => [field, view[field]]),
  );
}

/** What of a view narrows the list. */
export function isFiltered(view: ListView): boolean {
  return fields.some((field) => field !== 'metric' && field !== 'sort' && view[field] !== defaults[field]);
}

/** The view as a query of `GET /runs`. @param now ms since the epoch */
export function queryOf({ since, archived, ...view }: ListView, now: number): string {
  const query = new URLSearchParams(Object.entries(view).filter(([, value]) => value !== ''));
  if (ages[since] !== undefined) query.set('since', String(now - 3_600_000 * ages[since]));
  if (archived !== '') query.set('archived', archived);
  return String(query);
}
