import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '../../server/events.ts';
import { smallScenario } from '../support/model-folder.ts';
import { api, launch, openServer, posted, stateIs, until } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

interface Events extends Partial<Problem> {
  readonly events: readonly {
    readonly lane: string;
    readonly kind: string;
    readonly about: string | null;
    readonly from: number;
    readonly to: number;
    readonly ended: boolean;
  }[];
  readonly of: number;
}

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await openServer();
  url = server.url;
});
afterAll(() => server[Symbol.asyncDispose]());

const eventsOf = async (id: string, query = ''): Promise<Events & { readonly status: number }> => {
  const { status, body } = await api<Events>(url, `/runs/${id}/events${query}`);
  return { ...body, status };
};
const column = async (id: string, channel: string): Promise<readonly number[]> => {
  const { body } = await api<{ readonly values: (number | null)[][] }>(
    url,
    `/runs/${id}/telemetry?channels=${encodeURIComponent(channel)}`,
  );
  return body.values[0]!.map((value) => value ?? Number.NaN);
};
/** Rows of a column on which something holds, as [first, last] of each stretch. */
const stretches = (values: readonly number[], holds: (value: number) => boolean): number[][] => {
  const found: number[][] = [];
  values.forEach((value, row) => {
    if (!holds(value)) return;
    if (found.at(-1)?.[1] === row - 1) found.at(-1)![1] = row;
    else found.push([row, row]);
  });
  return found;
};

it('has what the telemetry says, lane by lane, before the run is over and after', async () => {
  const { id } = await launch(url, {
    ...smallScenario({ steps: 96, frameSteps: 8, stepsPerSecond: 400 }),
    attacks: [{ name: 'fgsm' }],
    grid: { homes: 3000 },
  });
  const early = await until('events of a run that goes on', async () => {
    const found = await eventsOf(id);
    return found.status === 200 && found.of > 0 && found;
  });
  expect(early.events.every(({ from, to }) => from >= 0 && from <= to)).toBe(true);
  const done = await stateIs(url, id, 'done', 'failed');
  expect(done.error).toBeNull();
  const [low, high] = done.schema!.grid!.band;

  const { events, of } = await eventsOf(id);
  expect(events).toHaveLength(of);
  expect(events.every(({ ended }) => ended)).toBe(true);
  expect(events.map(({ from }) => from)).toEqual(events.map(({ from }) => from).toSorted((a, b) => a - b));
  const of1 = (lane: string, kind: string) =>
    events.filter((one) => one.lane === lane && one.kind === kind).map(({ from, to }) => [from, to]);
  const linf = await column(id, 'Building_1/fgsm/linf');
  const attacked = stretches(linf, (value) => value > 0);
  expect(attacked.length).toBeGreaterThan(0);
  expect(of1('Building_1/fgsm', 'attack')).toEqual(attacked);
  expect(of1('Building_1/clean', 'attack')).toEqual([]);
  for (const attack of ['clean', 'fgsm']) {
    const soc = await column(id, `Building_1/${attack}/soc`);
    expect(of1(`Building_1/${attack}`, 'empty')).toEqual(stretches(soc, (value) => value <= 0.001));
    const vmin = await column(id, `grid/${attack}/vmin`);
    const vmax = await column(id, `grid/${attack}/vmax`);
    const band = stretches(
      vmin.map((value, row) => (value < low || vmax[row]! > high ? 1 : 0)),
      Boolean,
    );
    expect(band.length).toBeGreaterThan(0);
    expect(of1(`grid/${attack}`, 'voltage')).toEqual(band);
    expect(of1(`grid/${attack}`, 'blackout')).toEqual(stretches(vmin, Number.isNaN));
  }

  const one = await eventsOf(id, '?lane=grid/fgsm&kind=voltage&from=30&to=60&limit=1');
  expect(one.events).toHaveLength(1);
  expect(one.events[0]).toMatchObject({ lane: 'grid/fgsm', kind: 'voltage' });
  expect(one.of).toBe(of1('grid/fgsm', 'voltage').filter(([first, last]) => first! <= 60 && last! >= 30).length);
});

it('a run without telemetry, a lane that is none and odd numbers are problems', async () => {
  expect((await eventsOf('nobody')).status).toBe(404);
  const { id } = await launch(url, smallScenario({ steps: 24 }));
  await stateIs(url, id, 'done', 'failed');
  const unknown = await eventsOf(id, '?lane=Building_9/fgsm');
  expect([unknown.status, unknown.code]).toEqual([422, 'unknown-name']);
  for (const query of ['?from=-1', '?limit=0', '?limit=1e9', '?nosuch=1'])
    expect([query, (await eventsOf(id, query)).status]).toEqual([query, 422]);
  const queued = await openServer({ maxConcurrent: 0 });
  const { body } = await api<{ id: string }>(queued.url, '/runs', posted(smallScenario({})));
  expect((await api(queued.url, `/runs/${body.id}/events`)).status).toBe(404);
  await queued[Symbol.asyncDispose]();
});
