import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../../core/errors.ts';
import { loadPolicy } from '../../nn/policy.ts';
import type { Problem } from '../../server/events.ts';
import { policySet } from '../../server/policy-set.ts';
import type { UploadedPolicy } from '../../server/policies.ts';
import { hostileFiles } from '../nn/import/hostile-files.ts';
import { sb3Zip } from '../nn/import/sb3-file.ts';
import { files, hostileChanges, saved } from '../nn/import/tfjs/saved-model.ts';
import type { Saved } from '../nn/import/tfjs/saved-model.ts';
import { storedZip } from '../support/torch-file.ts';
import { api, openServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let url: string;
let model: Saved;

beforeAll(async () => {
  server = await openServer();
  url = server.url;
  const network = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [3], units: 4, activation: 'tanh' }),
      tf.layers.dense({ units: 2, activation: 'linear' }),
    ],
  });
  model = await saved(network);
  network.dispose();
});
afterAll(() => server[Symbol.asyncDispose]());

const upload = (path: string, bytes: Uint8Array) =>
  api<UploadedPolicy & Problem>(url, `/policies/${path}`, {
    method: 'POST',
    body: Uint8Array.from(bytes),
    headers: { 'content-type': 'application/zip' },
  });

/** The files of a model of TensorFlow.js. */
function tfjsFiles(of: Saved): (readonly [string, Uint8Array])[] {
  const { bytes, companion } = files(of);
  const shards = ['group1-shard1of2.bin', 'group1-shard2of2.bin'].map((name) => [name, companion(name)!] as const);
  return [['model.json', bytes as Uint8Array], ...shards];
}

const golden = (name: string): Uint8Array => readFileSync(join(import.meta.dirname, '..', 'golden', 'import', name));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const inflate = (bytes: Uint8Array, atMost: number): Uint8Array =>
  inflateRawSync(bytes, { maxOutputLength: Math.max(1, atMost) });

/** An archive of entries that say that they are deflated, and how long they are. */
function deflatedZip(entries: readonly (readonly [name: string, packed: Uint8Array, length: number])[]): Uint8Array {
  const bytes = storedZip(entries.map(([name, packed]) => [name, packed] as const));
  const view = new DataView(bytes.buffer);
  let at = view.getUint32(bytes.length - 22 + 16, true);
  for (const [name, , length] of entries) {
    const header = view.getUint32(at + 42, true);
    for (const [where, method, size] of [
      [header, 8, 22],
      [at, 10, 24],
    ] as const) {
      view.setUint16(where + method, 8, true);
      view.setUint32(where + size, length >>> 0, true);
    }
    at += 46 + text(name).length;
  }
  return bytes;
}

// Made before there is a server in this process: what takes seconds would have it close the connections that it keeps.
const zeros = deflateRawSync(new Uint8Array(80 * 2 ** 20));
const crowd = storedZip(Array.from({ length: 11_000 }, (_, k) => [`f${k}`, new Uint8Array()] as const));
const refused = hostileFiles();

describe('a set of files', () => {
  it('is a TensorFlow.js model with its weights, alone or in a folder, and what it reads is what was sent', async () => {
    const all = tfjsFiles(model);
    const flat = await upload('flat?head=categorical', storedZip(all));
    expect([flat.status, flat.body.detail]).toEqual([201, undefined]);
    expect(flat.body).toMatchObject({ format: 'tfjs', layers: [3, 4, 2], head: 'categorical' });
    const foldered = [
      ['net/', new Uint8Array()] as const,
      ...all.map(([name, bytes]) => [`net/${name}`, bytes] as const),
    ];
    const macos = [...foldered, ['__MACOSX/net/._model.json', text('x')] as const];
    const inFolder = await upload('folder?head=categorical', storedZip(macos));
    expect(inFolder.status).toBe(201);
    const policies = ['flat', 'folder'].map((name) => {
      const at = (file: string): Buffer => readFileSync(join(server.folder, 'store', 'policies', name, file));
      expect(JSON.parse(at('card.json').toString())).toMatchObject({ source: { file: 'model.json', format: 'tfjs' } });
      using policy = loadPolicy(at('policy.json').toString(), at('policy.safetensors'), name);
      const parameters = new Float32Array(policy.network.size);
      policy.network.readParameters(parameters);
      return parameters;
    });
    expect(policies[1]).toEqual(policies[0]);
    const weights = new Float32Array(Uint8Array.from(model.weightData).buffer);
    expect(policies[0]!.toSorted()).toEqual(weights.toSorted());
    const again = await upload('flat?head=categorical', storedZip(all));
    expect([again.status, again.body]).toEqual([200, flat.body]);
  });

  it('is a policy of ours with its card, and a policy with its statistics', async () => {
    const own = (file: string): Uint8Array => readFileSync(join(server.folder, 'models', 'small-ppo', file));
    const ours = ['policy.json', 'policy.safetensors'].map((name) => [name, own(name)] as const);
    const { status, body } = await upload('ours', storedZip(ours));
    expect([status, body.detail, body.format]).toEqual([201, undefined, 'faultline']);
    const sb3 = [
      ['ppo.zip', golden('ppo-vecnormalize.zip')],
      ['vec.pkl', golden('ppo-vecnormalize.pkl')],
    ] as const;
    const normalised = await upload('normalised?file=ppo.zip&statistics=vec.pkl', storedZip(sb3));
    expect([normalised.status, normalised.body.detail]).toEqual([201, undefined]);
    expect(normalised.body.notes.join(' ')).toMatch(/VecNormalize/);
    expect((await upload('x?file=ppo.zip&statistics=nosuch.pkl', storedZip(sb3))).status).toBe(422);
    const single = await api<Problem>(url, '/policies/x?file=policy.zip&statistics=vec.pkl', {
      method: 'POST',
      body: Uint8Array.from(sb3Zip()),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect([single.status, single.body.detail]).toEqual([422, expect.stringMatching(/application\/zip/)]);
  });

  it('says what it is when it is not clear', async () => {
    const two = storedZip([
      ['a.pth', golden('torch-relu.pth')],
      ['b.pth', golden('torch-half.pth')],
    ]);
    expect((await upload('two', two)).body.detail).toMatch(/say by 'file' which of them is the policy/);
    expect((await upload('two?file=a.pth&activation=relu&head=categorical', two)).status).toBe(201);
    expect((await upload('sb3', sb3Zip())).body.detail).toMatch(/send it as application\/octet-stream/);
  });
});

describe('hostile sets', () => {
  const sound = (): (readonly [string, Uint8Array])[] => tfjsFiles(model);
  const manifest = (paths: readonly string[]): Uint8Array => {
    const json = JSON.parse(new TextDecoder().decode(sound()[0]![1])) as { weightsManifest: { paths: unknown }[] };
    json.weightsManifest[0]!.paths = paths;
    return text(JSON.stringify(json));
  };

  it.each<readonly [string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array(1)],
    ['no archive', () => text('model.json')],
    ['an empty archive', () => storedZip([])],
    ['a folder alone', () => storedZip([['net/', new Uint8Array()]])],
    ['65 files', () => storedZip([...sound(), ...Array.from({ length: 62 }, (_, k) => [`f${k}`, text('x')] as const)])],
    ['11 000 files', () => crowd],
    ['folders in folders', () => storedZip(sound().map(([name, bytes]) => [`a/b/${name}`, bytes] as const))],
    ['two folders', () => storedZip([...sound(), ['b/x.bin', text('x')]])],
    ...[
      '../evil',
      '/etc/passwd',
      'a/../../b',
      '..\\evil',
      'C:\\evil',
      'a\0b',
      '~/x',
      '.hidden',
      '-rf',
      'x'.repeat(200),
      'x'.repeat(3000),
      'ü',
    ].map(
      (name) =>
        [
          `a file called ${JSON.stringify(name).slice(0, 40)}`,
          () => storedZip([...sound(), [name, text('x')]]),
        ] as const,
    ),
    ['a name twice', () => storedZip([...sound(), sound()[1]!])],
    ...[
      '../model.json',
      '/etc/passwd',
      '../../../../etc/passwd',
      'file:///etc/passwd',
      'https://localhost/w.bin',
      'model.json\0',
      '',
      '__proto__',
      'constructor',
    ].map(
      (path) =>
        [
          `weights at ${JSON.stringify(path)}`,
          () => storedZip([['model.json', manifest([path])], ...sound().slice(1)]),
        ] as const,
    ),
    ['weights that are missing', () => storedZip(sound().slice(0, 2))],
    [
      'weights named ten thousand times',
      () => storedZip([['model.json', manifest(Array(10_000).fill('group1-shard1of2.bin'))], ...sound().slice(1)]),
    ],
    ['the model as its own weights', () => storedZip([['model.json', manifest(['model.json'])], ...sound().slice(1)])],
    [
      'a bomb in place of weights',
      () => {
        const model = manifest(['w.bin']);
        return deflatedZip([
          ['model.json', deflateRawSync(model), model.length],
          ['w.bin', zeros, 80 * 2 ** 20],
        ]);
      },
    ],
    ['a bomb that lies of its length', () => deflatedZip([['model.json', zeros, 1000]])],
    ['a bomb that claims 4 GB', () => deflatedZip([['model.json', zeros, 2 ** 32 - 1]])],
    ['a zip in a zip in a zip', () => storedZip([['model.json', storedZip([['model.json', storedZip(sound())]])]])],
    ['a set within a set', () => storedZip([['set.zip', storedZip(sound())]])],
    ['another compression', () => storedZip(sound(), 12)],
    [
      'a card of another policy',
      () =>
        storedZip([
          ['policy.json', text('{}')],
          ['policy.safetensors', golden('silu.safetensors')],
        ]),
    ],
  ])('%s', async (_what, bytes) => {
    const { status, body, headers } = await upload('hostile?head=categorical', bytes());
    expect([
      status >= 400 && status < 500,
      body.code !== 'internal',
      /problem\+json/.test(headers.get('content-type')!),
    ]).toEqual([true, true, true]);
    expect(body.detail).not.toMatch(/root:|\/etc\/passwd:|node_modules/);
  });

  it('every file that no reader takes is refused in a set as well, and nothing is kept or runs', async () => {
    const policies = join(server.folder, 'store', 'policies');
    const before = readdirSync(policies).toSorted();
    const models = hostileChanges.map(([what, change]) => {
      const copy = structuredClone(model);
      change(copy);
      return { what, query: 'head=categorical', entries: tfjsFiles(copy) };
    });
    const others = refused.map(({ what, name, bytes, statistics }) => {
      if (statistics === true)
        return {
          what,
          query: `file=ppo.zip&statistics=${name}`,
          entries: [
            ['ppo.zip', golden('ppo-vecnormalize.zip')],
            [name, bytes],
          ] as const,
        };
      const told = name.endsWith('.zip') ? '' : '&activation=relu&head=categorical';
      return { what, query: `file=${name}${told}`, entries: [[name, bytes]] as const };
    });
    const wrong: string[] = [];
    for (const { what, query, entries } of [...models, ...others]) {
      const { status, body } = await upload(`hostile?${query}`, storedZip(entries));
      if (status < 400 || status >= 500 || body.code === 'internal')
        wrong.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 200)}`);
    }
    expect(models.length + others.length).toBeGreaterThan(250);
    expect(wrong).toEqual([]);
    expect(readdirSync(policies).toSorted()).toEqual(before);
    expect(readdirSync(server.folder).toSorted()).toEqual(['models', 'store']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('an archive of which bytes were changed is read under plain names or refused by name, never otherwise', () => {
    const whole = storedZip(sound());
    const changes = fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(changes, (changed) => {
        const bytes = whole.slice();
        for (const [at, value] of changed) bytes[at] = value;
        let name: string;
        try {
          const { source } = policySet(bytes, undefined, inflate);
          source.companion('group1-shard1of2.bin');
          ({ name } = source);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          return;
        }
        expect(name).toMatch(/^\w[\w. -]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});
