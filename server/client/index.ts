import type { Command } from '../../core/run.ts';
import type { Bucket, Gap } from '../../core/gap.ts';
import type { NoteEvent, Problem, RunDetail, RunSummary, StepNote } from '../events.ts';
import { ProblemError } from './problem.ts';
import { openTail } from './tail.ts';
import type { Tail, TailOptions } from './tail.ts';

export { ProblemError };
export type { Bucket, Command, Gap, NoteEvent, Problem, RunDetail, RunSummary, StepNote, Tail, TailOptions };

export interface ListOptions {
  readonly state?: RunSummary['state'];
  readonly q?: string;
  readonly attack?: string;
  readonly tag?: string;
  readonly sweep?: string;
  readonly archived?: 'true' | 'false' | 'all';
  readonly sort?: string;
}

/** A Faultline server, from Node or from a browser. */
export interface Lab {
  /** JSON of a path below `/api/v1`. @throws {ProblemError} */
  get<T>(path: string): Promise<T>;
  /** Queues a scenario; with a key, once however often it is sent. */
  launch(scenario: object, idempotencyKey?: string): Promise<RunSummary>;
  run(id: string): Promise<RunDetail>;
  /** Every run, page by page as they are asked for. */
  runs(options?: ListOptions): AsyncGenerator<RunSummary, void, undefined>;
  command(id: string, command: Command): Promise<RunSummary>;
  label(id: string, change: { name?: string; note?: string; tags?: string[]; archived?: boolean }): Promise<RunSummary>;
  /** Notes at steps of a run, by their step. */
  notes(id: string): Promise<readonly StepNote[]>;
  /** Keeps a note at a step that the run has done; with a key, once however often it is sent. */
  addNote(id: string, note: { step: number; text: string }, idempotencyKey?: string): Promise<StepNote>;
  changeNote(id: string, note: number, change: { step?: number; text?: string }): Promise<StepNote>;
  removeNote(id: string, note: number): Promise<void>;
  /** A run's telemetry, frame by frame, to its end: over cut connections and restarts of the server nothing is lost and nothing twice. */
  tail(id: string, options?: TailOptions): Tail;
}

/** @param url of the server, `http://127.0.0.1:8787` */
export function connect(url: string, { token }: { readonly token?: string } = {}): Lab {
  const request = async <T>(method: string, path: string, body?: object, more: object = {}): Promise<T> => {
    const response = await fetch(new URL(`/api/v1${path}`, url), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = response.status === 204 ? undefined : await response.json();
    if (!response.ok) throw new ProblemError(answer as Problem);
    return answer as T;
  };
  const keyed = (key: string | undefined): object => (key === undefined ? {} : { 'idempotency-key': key });
  const at = (id: string): string => `/runs/${encodeURIComponent(id)}`;
  return {
    get: (path) => request('GET', path),
    launch: (scenario, key) => request('POST', '/runs', scenario, keyed(key)),
    run: (id) => request('GET', at(id)),
    async *runs(options = {}) {
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = new URLSearchParams({ ...options, ...(cursor === '' ? {} : { cursor }) });
        const page: { runs: RunSummary[]; cursor: string | null } = await request('GET', `/runs?${query.toString()}`);
        yield* page.runs;
        ({ cursor } = page);
      }
    },
    command: (id, { type, ...rest }) => request('POST', `${at(id)}/${type}`, rest),
    label: (id, change) => request('PATCH', at(id), change),
    notes: async (id) => (await request<{ notes: StepNote[] }>('GET', `${at(id)}/notes`)).notes,
    addNote: (id, note, key) => request('POST', `${at(id)}/notes`, note, keyed(key)),
    changeNote: (id, note, change) => request('PATCH', `${at(id)}/notes/${note}`, change),
    removeNote: (id, note) => request('DELETE', `${at(id)}/notes/${note}`),
    tail: (id, options = {}) => openTail(url, token, id, options),
  };
}
