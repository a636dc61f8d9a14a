import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../server/events.ts';
import type { UploadedPolicy } from '../../server/policies.ts';
import { hostileFiles } from '../nn/import/hostile-files.ts';
import { hostileGraphs } from '../nn/import/onnx/hostile-graphs.ts';
import { sb3Zip } from '../nn/import/sb3-file.ts';
import { smallScenario } from '../support/model-folder.ts';
import { torchPolicy } from '../support/torch-policy.ts';
import { api, launch, openServer, stateIs } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let url: string;
let folder: string;

beforeAll(async () => {
  server = await openServer();
  url = server.url;
  folder = join(server.folder, 'store', 'policies');
});
afterAll(() => server[Symbol.asyncDispose]());

const upload = (path: string, bytes: Uint8Array, headers: Record<string, string> = {}) =>
  api<UploadedPolicy & Problem>(url, `/policies/${path}`, {
    method: 'POST',
    body: Uint8Array.from(bytes),
    headers: { 'content-type': 'application/octet-stream', ...headers },
  });
const names = async (): Promise<string[]> =>
  (await api<{ policies: { name: string }[] }>(url, '/policies')).body.policies.map(({ name }) => name);

const torchOf = (name: string): Uint8Array => torchPolicy(join(server.folder, 'models', name));

describe('an uploaded policy', () => {
  it('plays as the policy that it is, and is listed with those that ship', async () => {
    const { status, body } = await upload(
      'mine?file=net.pth&like=small-ppo&activation=tanh&head=categorical&title=My%20own',
      torchOf('small-ppo'),
    );
    expect([status, body.detail]).toEqual([201, undefined]);
    expect(body).toMatchObject({ name: 'mine', title: 'My own', format: 'pytorch', head: 'categorical' });
    expect(await names()).toEqual(expect.arrayContaining(['small-ppo', 'mine']));
    const ends = [];
    for (const policy of ['small-ppo', 'mine']) {
      const { id } = await launch(url, { ...smallScenario({}), victim: { policy } });
      ends.push(await stateIs(url, id, 'done', 'failed'));
    }
    expect(ends.map(({ state, error }) => [state, error])).toEqual([
      ['done', null],
      ['done', null],
    ]);
    const kpis = ends.map(({ result }) => result!.lanes.map((lane) => lane.kpis));
    expect(kpis[1]).toEqual(kpis[0]);
  });

  it('is one file under one name: again is the same, another is refused until it is removed', async () => {
    const first = await upload('sb3?file=policy.zip', sb3Zip());
    expect(first.status).toBe(201);
    expect(first.body.layers).toEqual([3, 4, 2]);
    const again = await upload('sb3?file=policy.zip', sb3Zip());
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await upload('sb3?file=policy.zip&reads=physical', sb3Zip())).status).toBe(409);
    expect((await api(url, '/policies/sb3', { method: 'DELETE' })).status).toBe(204);
    expect((await api(url, '/policies/sb3', { method: 'DELETE' })).status).toBe(404);
    expect(await names()).not.toContain('sb3');
    expect((await upload('sb3?file=policy.zip&reads=physical', sb3Zip())).status).toBe(201);
  });

  it('may not take a name of ours', async () => {
    for (const name of ['small-ppo', 'idle']) {
      const { status, body } = await upload(`${name}?file=policy.zip`, sb3Zip());
      expect([name, status, body.code]).toEqual([name, 409, 'state']);
    }
  });

  it.each(['..', '.hidden', 'a%2fb', '..%2f..%2fx', 'x'.repeat(65), '%00', 'a b', '-a', '%F0%9F%98%80'])(
    'may not be called %s',
    async (name) => {
      const { status } = await upload(`${name}?file=policy.zip`, sb3Zip());
      expect([404, 422]).toContain(status);
    },
  );

  it('leaves policies that ship, and what lies outside, alone when it is removed', async () => {
    const models = join(server.folder, 'models', 'small-ppo', 'policy.json');
    for (const name of ['small-ppo', '..%2f..%2fmodels%2fsmall-ppo', '%2e%2e', 'nobody'])
      expect((await api(url, `/policies/${name}`, { method: 'DELETE' })).status).toBe(404);
    expect(existsSync(models)).toBe(true);
  });

  it('needs the scope run, a body of bytes, and no more than 32 MiB of it', async () => {
    const token = 'a-token-of-some-length';
    await using guarded = await openServer({ token });
    const issue = await api<{ token: string }>(guarded.url, '/tokens', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'reader', scopes: ['read'] }),
    });
    const headers = { authorization: `Bearer ${issue.body.token}`, 'content-type': 'application/octet-stream' };
    const init = { method: 'POST', body: Uint8Array.from(sb3Zip()), headers };
    expect((await api(guarded.url, '/policies/x', init)).status).toBe(403);
    expect((await upload('x', sb3Zip(), { 'content-type': 'application/json' })).status).toBe(415);
    expect((await upload('x', new Uint8Array(32 * 2 ** 20 + 1))).status).toBe(413);
    for (const query of ['low=a', 'head=x', 'logStd=NaN', 'file=../x', 'like=nobody', 'like=mine&district=builtin'])
      expect([query, (await upload(`x?${query}`, sb3Zip())).status]).toEqual([query, 422]);
    for (const district of ['/etc', '../../../../etc'])
      expect((await upload(`x?file=policy.zip&district=${encodeURIComponent(district)}`, sb3Zip())).status).toBe(422);
  });
});

it('hostile files: a 4xx problem each, nothing kept, nothing outside, and it serves as before', async () => {
  const before = readdirSync(folder).toSorted();
  const graphs = Object.entries(hostileGraphs)
    .filter(([what]) => what !== 'a cast to nonsense') // what it casts to does not matter, and it is read
    .map(([what, [bytes]]) => ({ what, name: 'hostile.onnx', bytes }));
  const files = [...hostileFiles().filter(({ statistics }) => statistics !== true), ...graphs];
  expect(files.length).toBeGreaterThan(250);
  const wrong: string[] = [];
  for (const { what, name, bytes } of files) {
    const told = name.endsWith('.zip')
      ? ''
      : name.endsWith('.onnx')
        ? '&head=categorical'
        : '&activation=relu&head=categorical';
    const { status, headers, body } = await upload(`hostile?file=${name}${told}`, bytes);
    const named = /problem\+json/.test(headers.get('content-type') ?? '') && body.code !== 'internal';
    if (status < 400 || status >= 500 || !named) wrong.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
  expect(readdirSync(folder).toSorted()).toEqual(before);
  expect(readdirSync(server.folder).toSorted()).toEqual(['models', 'store']);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

it('a half-written policy is no policy', async () => {
  const partial = join(folder, '.half.tmp', 'policy.json');
  mkdirSync(dirname(partial), { recursive: true });
  writeFileSync(partial, '{}');
  expect(await names()).not.toContain('.half.tmp');
});
