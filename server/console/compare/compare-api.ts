/** Figures of all lanes of a group, never of those alone that are drawn. */
export interface Spread {
  readonly count: number;
  readonly mean: number | null;
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly ci95: { readonly level: number; readonly low: number; readonly high: number } | null;
}

export interface TableGroup {
  readonly key: Readonly<Record<string, string>>;
  /** Settings in which the runs differ, by JSON pointer. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly lanes: number;
  readonly spreads: readonly Spread[];
}

export interface LaneRow {
  readonly runId: string;
  readonly name: string;
  readonly seed: number;
  readonly attack: string;
  readonly building: string;
  readonly group: number;
  readonly values: readonly (number | null)[];
}

/** Answer of `GET /compare/table`. */
export interface CompareTable {
  readonly metrics: readonly string[];
  readonly groups: readonly TableGroup[];
  readonly lanes: readonly LaneRow[];
  readonly missing: readonly string[];
}

type Column = readonly (number | null)[];

/** Answer of `GET /compare/series`. */
export interface CompareSeries {
  readonly signal: string;
  readonly unit: string;
  readonly signals: readonly string[];
  readonly step: readonly number[];
  readonly groups: readonly {
    readonly key: Readonly<Record<string, string>>;
    readonly lanes: number;
    readonly mean: Column;
    readonly std: Column;
    readonly min: Column;
    readonly max: Column;
    readonly lines: readonly { readonly runId: string; readonly seed: number; readonly values: Column }[];
  }[];
}

/** Which runs an address compares, as the query of the API: those it names, or those of its filters. */
export function runsQuery(search: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  const runs = search.get('runs');
  if (runs !== null) query.set('ids', runs);
  else
    for (const field of ['sweep', 'q', 'state', 'policy', 'attack', 'tag'])
      if (search.get(field)) query.set(field, search.get(field)!);
  query.set('groupBy', search.get('groupBy') ?? '!seed');
  return query;
}
