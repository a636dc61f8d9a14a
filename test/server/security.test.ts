import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveCommand } from '../../cli/command/serve.ts';
import { scopeNames } from '../../server/access.ts';
import type { Scope } from '../../server/access.ts';
import { smallScenario } from '../support/model-folder.ts';
import { api, connected, controlClient, openServer, posted, telemetryClient } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

/* What keeps others out, gathered: each of these fails when the guard it is about is taken away. */

const own = 'the-token-of-the-server';
let server: TestServer;
let url: string;
const tokens: Partial<Record<Scope, string>> = {};

beforeAll(async () => {
  server = await openServer({ token: own, maxConcurrent: 0 });
  url = server.url;
  for (const scope of scopeNames) {
    const init = posted({ name: scope, scopes: [scope] }, { authorization: `Bearer ${own}` });
    tokens[scope] = (await api<{ token: string }>(url, '/tokens', init)).body.token;
  }
});
afterAll(() => server[Symbol.asyncDispose]());

/** Sends a path as it stands: `fetch` would resolve its dots. */
function raw(path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('who may do what', () => {
  it('every call of the API needs a token, and one of its scope', async () => {
    const { body } = await api<{ paths: Record<string, Record<string, { 'x-scope': Scope }>> }>(url, '/openapi.json', {
      headers: { authorization: `Bearer ${tokens.read}` },
    });
    const calls = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { 'x-scope': scope }]) => ({
        path: path.replaceAll(/\{\w+\}/g, 'nobody'),
        method: method.toUpperCase(),
        scope,
      })),
    );
    expect(calls.length).toBeGreaterThan(50);
    const wrong: string[] = [];
    const expectStatus = async (
      { path, method }: (typeof calls)[0],
      headers: Record<string, string>,
      expected: number,
    ): Promise<void> => {
      const { status } = await api(url, path, { method, headers });
      if (status !== expected) wrong.push(`${method} ${path}: ${status}, expected ${expected}`);
    };
    for (const call of calls) {
      await expectStatus(call, {}, 401);
      await expectStatus(call, { authorization: 'Bearer flt_nobody-ever-issued-this' }, 401);
      for (const scope of scopeNames.slice(0, scopeNames.indexOf(call.scope)))
        await expectStatus(call, { authorization: `Bearer ${tokens[scope]}` }, 403);
    }
    expect(wrong).toEqual([]);
    // What changes something is not for readers.
    const open = calls.filter(({ method, scope }) => method !== 'GET' && scope === 'read').map(({ path }) => path);
    expect(open).toEqual(['/scenarios/validate']);
    expect(calls.filter(({ scope }) => scope === 'admin').map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/tokens', '/query']),
    );
  });

  it('a token that is revoked ends the sockets and streams that it opened, and no other', async () => {
    const headers = { authorization: `Bearer ${own}` };
    const init = posted({ name: 'x', scopes: ['run'] }, headers);
    const { body: revoked } = await api<{ id: string; token: string }>(url, '/tokens', init);
    const sockets = [
      telemetryClient(url, { auth: { token: revoked.token } }),
      controlClient(url, { auth: { token: revoked.token } }),
    ];
    const kept = telemetryClient(url, { auth: { token: own } });
    await Promise.all([...sockets, kept].map((socket) => connected(socket)));
    const env = new WebSocket(`${url.replace('http', 'ws')}/env/ws`, {
      headers: { authorization: `Bearer ${revoked.token}` },
    });
    await once(env, 'open');
    const { body: queued } = await api<{ id: string }>(url, '/runs', posted(smallScenario({}), headers));
    const stream = await fetch(`${url}/api/v1/runs/${queued.id}/stream`, {
      headers: { authorization: `Bearer ${revoked.token}` },
    });
    expect(stream.status).toBe(200);
    const gone = [...sockets.map((socket) => once(socket as never, 'disconnect')), once(env, 'close')];
    expect((await api(url, `/tokens/${revoked.id}`, { method: 'DELETE', headers })).status).toBe(204);
    await Promise.all(gone);
    await expect(stream.text()).rejects.toThrow(/terminated/);
    expect(kept.connected).toBe(true);
    kept.close();
  });

  it('a page elsewhere reads nothing, with or without a token', async () => {
    for (const origin of ['http://evil.example', 'null', `${url}.evil.example`]) {
      const headers = { origin, authorization: `Bearer ${own}` };
      const response = await fetch(`${url}/api/v1/runs`, { headers });
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      const asked = await fetch(`${url}/api/v1/runs`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect(asked.status).toBeGreaterThanOrEqual(400);
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('where it listens', () => {
  it('is this machine, unless it is told otherwise', async () => {
    const host = serveCommand().options.find(({ long }) => long === '--host');
    expect(host?.defaultValue).toBe('127.0.0.1');
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one !== undefined && !one.internal && one.family === 'IPv4');
    for (const { address } of others as { address: string }[]) {
      const socket = connect(Number(new URL(url).port), address);
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect([address, error.code]).toEqual([address, 'ECONNREFUSED']);
    }
  });

  it('gives no file but those of the console', async () => {
    const consoleDir = server.options.consoleDir;
    mkdirSync(join(consoleDir, 'assets'), { recursive: true });
    writeFileSync(join(consoleDir, 'index.html'), '<!doctype html>the console');
    writeFileSync(join(consoleDir, 'assets', 'app.js'), 'the app');
    writeFileSync(join(consoleDir, '..', 'secret.txt'), 'the secret');
    expect((await raw('/assets/app.js')).text).toBe('the app');
    for (const path of [
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
      '/..%5csecret.txt',
      '/assets/app.js%00.html',
      '//secret.txt',
      '/../store/lab.db',
    ]) {
      const { status, text } = await raw(path, { accept: 'text/html' });
      expect([path, /the secret|SQLite/.exec(text)]).toEqual([path, null]);
      expect(status).toBeLessThan(500);
    }
  });
});

describe('how much at once', () => {
  it('reads beyond the limit of an address: 429, of all calls together', async () => {
    await using limited = await openServer({ requestsPerMinute: 5 });
    const statuses = [];
    for (const path of ['/runs', '/tags', '/runs', '/attacks', '/runs', '/runs', '/tags'])
      statuses.push((await api(limited.url, path)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect((await fetch(`${limited.url}/healthz`)).status).toBe(200);
  });

  it('a message of /env/ws over a megabyte ends its session alone', async () => {
    const open = (): WebSocket =>
      new WebSocket(`${url.replace('http', 'ws')}/env/ws`, { headers: { authorization: `Bearer ${own}` } });
    const [socket, other] = [open(), open()];
    await Promise.all([once(socket, 'open'), once(other, 'open')]);
    socket.send('x'.repeat(1_000_001), () => {});
    expect((await once(socket, 'close'))[0]).toBe(1009);
    other.send(JSON.stringify({ type: 'state' }));
    const [answer] = (await once(other, 'message')) as [Buffer];
    expect(JSON.parse(answer.toString())).toMatchObject({ type: 'state' });
    other.close();
  });

  it('a body may be no deeper than 32 and no wider than 10 000 values', async () => {
    const post = (body: string) =>
      api<{ code: string }>(url, '/runs', {
        method: 'POST',
        headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
        body,
      });
    for (const body of [
      `{"name": ${'['.repeat(40)}${']'.repeat(40)}}`,
      `{"name": [${'1,'.repeat(10_001)}1]}`,
      `{"name": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    ]) {
      const { status, body: problem } = await post(body);
      expect([status, problem.code]).toEqual([422, 'codec']);
    }
  });
});
