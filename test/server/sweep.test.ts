import { parquetReadObjects } from 'hyparquet';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import type { Problem, RunDetail, RunSummary } from '../../server/events.ts';
import { expandSweep } from '../../server/sweep.ts';
import { smallScenario } from '../support/model-folder.ts';
import { writeRecordedRuns } from '../support/recorded-run.ts';
import { api, openServer, posted, runOf, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const scenario = smallScenario({});
const sweep = (more: object): Parameters<typeof expandSweep>[0] => ({
  name: 's',
  scenario,
  vary: {},
  seeds: [0],
  ...more,
});

describe('a sweep', () => {
  it('is every combination once with every seed, the last pointer varying fastest', () => {
    const cells = expandSweep(
      sweep({ vary: { '/live/frameSteps': [4, 8], '/district/steps': [10, 20, 30] }, seeds: [7, 3] }),
    );
    expect(cells.map(({ values }) => Object.values(values))).toEqual([
      [4, 10],
      [4, 20],
      [4, 30],
      [8, 10],
      [8, 20],
      [8, 30],
    ]);
    for (const { values, scenarios } of cells) {
      expect(scenarios.map((one) => one.seed)).toEqual([7, 3]);
      for (const one of scenarios) expect([one.live.frameSteps, one.district.steps]).toEqual(Object.values(values));
    }
    expect(cells[4]!.scenarios[0]!.name).toBe('s 5/6');
  });

  it.each([
    ['too many runs', { seeds: Array.from({ length: 200 }, (_, i) => i), vary: { '/live/frameSteps': [1, 2, 3] } }],
    ['a pointer to nowhere', { vary: { '/atacks/0/threat': [{}] } }],
    ['a list that is not so long', { vary: { '/attacks/3': [{ name: 'pgd' }] } }],
    ['no pointer', { vary: { seed: [1] } }],
    ['the seed', { vary: { '/seed': [1, 2] } }],
    ['a prototype', { vary: { '/__proto__/polluted': [1] } }],
    ['a prototype as the key', { vary: { '/live/__proto__': [{ polluted: 1 }] } }],
    ['a combination that is no scenario', { vary: { '/live/frameSteps': [4, 0] } }],
  ])('%s is refused', (_what, more) => {
    expect(() => expandSweep(sweep(more))).toThrow(ConfigError);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(scenario, 'polluted')).toBe(false);
  });
});

describe('sweeps over HTTP', () => {
  let folder: ReturnType<typeof tempFolder>;
  let server: TestServer;
  beforeAll(async () => {
    folder = tempFolder();
    const store = join(folder.path, 'store');
    writeRecordedRuns(store, [
      { id: 'a', seed: 1, kpis: { cost: 1.5 }, sweepId: 'old' },
      { id: 'b', seed: 2, kpis: { cost: 1.7 }, sweepId: 'old' },
    ]);
    server = await openServer({ maxConcurrent: 0, store });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('are queued as runs, listed by cell, and cancelled', async () => {
    const { url } = server;
    const body = { name: 'eps', scenario, vary: { '/live/frameSteps': [4, 8] }, seeds: [0, 1, 2] };
    const made = await api<{ id: string; states: object }>(url, '/sweeps', posted(body));
    expect([made.status, made.body.states]).toEqual([201, { queued: 6 }]);
    const { id } = made.body;
    const { cells } = (await api<{ cells: { values: object; runs: RunSummary[] }[] }>(url, `/sweeps/${id}/cells`)).body;
    expect(cells.map(({ values, runs }) => [values, runs.map((run) => run.seed)])).toEqual([
      [{ '/live/frameSteps': 4 }, [0, 1, 2]],
      [{ '/live/frameSteps': 8 }, [0, 1, 2]],
    ]);
    const one: RunDetail = await runOf(url, cells[1]!.runs[0]!.id);
    expect([one.sweepId, one.scenario.live.frameSteps, one.name]).toEqual([id, 8, 'eps 2/2']);
    const listed = (await api<{ runs: RunSummary[] }>(url, `/runs?sweep=${id}`)).body.runs;
    expect(listed).toHaveLength(6);
    const cancelled = await api<{ states: object }>(url, `/sweeps/${id}/cancel`, { method: 'POST' });
    expect(cancelled.body.states).toEqual({ cancelled: 6 });
    const { sweeps } = (await api<{ sweeps: { name: string }[] }>(url, '/sweeps')).body;
    expect(sweeps.map(({ name }) => name)).toEqual(['eps', 'old']);
  });

  it('that are wrong in one cell queue nothing', async () => {
    const { url } = server;
    const before = (await api<{ runs: RunSummary[] }>(url, '/runs?limit=500')).body.runs.length;
    const body = { name: 'x', scenario, vary: { '/live/frameSteps': [4, 0] } };
    const { status, body: problem } = await api<Problem>(url, '/sweeps', posted(body));
    expect([status, problem.issues?.[0]?.pointer]).toEqual([422, '/live/frameSteps']);
    expect((await api<{ runs: RunSummary[] }>(url, '/runs?limit=500')).body.runs).toHaveLength(before);
    expect((await api(url, '/sweeps/none')).status).toBe(404);
    expect((await api(url, '/sweeps/none/cancel', { method: 'POST' })).status).toBe(404);
  });

  it('give the lanes of their runs as one Parquet file', async () => {
    const compared = await api<{ groups: { key: { attack: string }; count: number }[] }>(
      server.url,
      '/compare?sweep=old&metric=cost&groupBy=attack',
    );
    expect(compared.body.groups.map(({ key, count }) => [key.attack, count])).toEqual([
      ['bifurcation', 2],
      ['clean', 2],
    ]);
    const response = await fetch(`${server.url}/api/v1/sweeps/old/episodes.parquet`);
    const rows = await parquetReadObjects({ file: await response.arrayBuffer() });
    expect(rows.map((row) => [row['seed'], row['attack'], row['cost']].join(' ')).sort()).toEqual([
      '1 bifurcation 1.5',
      '1 clean 1',
      '2 bifurcation 1.7',
      '2 clean 1',
    ]);
  });
});
