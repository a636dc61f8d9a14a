import { parquetReadObjects } from 'hyparquet';
import type { ExecutorStatus, RunState, RunSummary } from '../../server/events.ts';
import { decodeFrame } from '../../core/frame-codec.ts';
import { startCommand } from './command-process.ts';
import type { CommandProcess } from './command-process.ts';
import { api, framesOverHttp, posted, runOf, until } from './server.ts';

/** A sweep as the server tells of it. */
interface ServedSweep {
  readonly id: string;
  readonly executor: 'local' | 'redis';
  readonly states: Readonly<Partial<Record<RunState, number>>>;
  readonly retried: number;
}

/** Runs of `steps` steps at a pace, so that they can be caught under way on any machine: two strengths of an attack, some seeds. */
export function pacedSweep(seeds: readonly number[], steps = 96, stepsPerSecond = 40): object {
  return {
    name: 'paced',
    scenario: {
      district: { dataset: 'builtin', buildings: ['Building_1'], normalisation: 'fixed', steps },
      victim: { policy: 'ppo20-builtin' },
      attacks: [{ name: 'bifurcation', threat: { epsilon: 0.05 }, config: { steps: 5 } }],
      live: { frameSteps: 4, stepsPerSecond },
    },
    vary: { '/attacks/0/threat/epsilon': [0.05, 0.1] },
    seeds,
  };
}

/** The command line's server as a process of its own, once it answers. */
export async function serve(folder: string, port: number, more: readonly string[]): Promise<CommandProcess> {
  const server = startCommand(folder, ['serve', '--port', String(port), ...more]);
  let ended = false;
  void server.ended.then(() => (ended = true));
  await until(
    'the server to answer',
    async () => {
      if (ended) throw new Error(`the server ended: ${server.said()}`);
      return fetch(`http://127.0.0.1:${port}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    120_000,
  );
  return server;
}

export async function launchSweep(url: string, spec: object): Promise<string> {
  const { status, body } = await api<{ id: string }>(url, '/sweeps', posted(spec));
  if (status !== 201) throw new Error(`the sweep was refused: ${JSON.stringify(body)}`);
  return body.id;
}

export async function sweepOf(url: string, id: string): Promise<ServedSweep> {
  return (await api<ServedSweep>(url, `/sweeps/${id}`)).body;
}

export async function executorOf(url: string): Promise<ExecutorStatus> {
  return (await api<ExecutorStatus>(url, '/executor')).body;
}

/** Its runs in the order of cells and seeds. */
export async function runsOf(url: string, id: string): Promise<readonly RunSummary[]> {
  const { cells } = (await api<{ cells: { runs: RunSummary[] }[] }>(url, `/sweeps/${id}/cells`)).body;
  return cells.flatMap(({ runs }) => runs);
}

export function sweepReaches(url: string, id: string, state: RunState, count: number): Promise<ServedSweep> {
  return until(
    `${count} runs to be ${state}`,
    async () => {
      const sweep = await sweepOf(url, id);
      return (sweep.states[state] ?? 0) >= count && sweep;
    },
    300_000,
  );
}

/** What a run recorded, step by step, every step once: a run that keeps a pace cuts its frames by the clock. */
export async function recordedOf(url: string, id: string): Promise<object> {
  const frames = (await framesOverHttp(url, id)).map((bytes) => decodeFrame(bytes));
  const { schema, headSeq } = await runOf(url, id);
  const channels = schema!.channels.map((): number[] => []);
  let next = 0;
  for (const [at, { seq, step0, rows, cols, values }] of frames.entries()) {
    if (seq !== at || step0 !== next || cols !== channels.length)
      throw new Error(`frame ${seq} of step ${step0} came, expected ${at} of ${next}`);
    channels.forEach((column, c) => column.push(...values.subarray(c * rows, (c + 1) * rows)));
    next += rows;
  }
  if (frames.length !== headSeq) throw new Error(`${frames.length} frames came, expected ${headSeq}`);
  return { schema, channels };
}

/** What a sweep came to, but for the time that it took: results run by run, rows of its episodes, means over seeds. */
export async function outcomeOf(url: string, id: string): Promise<object> {
  const timeless = (_key: string, value: unknown): unknown => (_key === 'seconds' || _key === 'timing' ? 0 : value);
  const runs = await runsOf(url, id);
  const results = await Promise.all(runs.map(async (run) => (await runOf(url, run.id)).result));
  const file = await (await fetch(`${url}/api/v1/sweeps/${id}/episodes.parquet`)).arrayBuffer();
  const rows = await parquetReadObjects({ file });
  const compared = await api<{ groups: { key: object; count: number; mean: number; std: number }[] }>(
    url,
    `/compare?sweep=${id}&metric=regret.electricity_consumption_total&groupBy=attack`,
  );
  return {
    runs: runs.map(({ name, seed, state }) => [name, seed, state]),
    results: JSON.parse(JSON.stringify(results, timeless)) as unknown,
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !/seconds/.test(column)))),
    // Bits, and not what is near them.
    means: compared.body.groups.map(({ key, count, mean, std }) => [key, count, String(mean), String(std)]),
  };
}
