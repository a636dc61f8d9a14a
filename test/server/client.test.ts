import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, ProblemError } from '../../server/client/index.ts';
import { smallScenario } from '../support/model-folder.ts';
import { recordedSchema, recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { openServer, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const frames = 3000;
let folder: ReturnType<typeof tempFolder>;
let server: TestServer;

beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [
    { id: 'long', frames, rows: 2 },
    { id: 'short', frames: 3 },
  ]);
  server = await openServer({ maxConcurrent: 0, store });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe('a tail', () => {
  it('of a slow reader, over cut connections, brings every frame once and in order', async () => {
    const tail = connect(server.url).tail('long');
    const seen: number[] = [];
    for await (const frame of tail) {
      seen.push(frame.seq);
      expect(frame.values[0]).toBe(recordedValue(0, frame.step0));
      if (frame.seq % 700 === 350) server.server.cut();
      if (frame.seq % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(seen).toEqual(Array.from({ length: frames }, (_, seq) => seq));
    expect([tail.schema, tail.state]).toEqual([recordedSchema, 'done']);
  });

  it('ends with its reader, with its signal, and with what the server refuses', async () => {
    const lab = connect(server.url);
    for await (const frame of lab.tail('long', { from: 10 })) {
      expect(frame.seq).toBe(10);
      break;
    }
    const stop = new AbortController();
    const read = async (id: string, signal?: AbortSignal): Promise<void> => {
      for await (const frame of lab.tail(id, signal === undefined ? {} : { signal }))
        if (frame.seq === 5) stop.abort(new Error('enough'));
    };
    await expect(read('long', stop.signal)).rejects.toThrow('enough');
    await expect(read('none')).rejects.toThrow(ProblemError);
  });
});

describe('the rest of the client', () => {
  it('launches, lists, labels and commands', async () => {
    const lab = connect(server.url);
    const run = await lab.launch(smallScenario({ name: 'by client' }), 'once');
    expect((await lab.launch(smallScenario({ name: 'by client' }), 'once')).id).toBe(run.id);
    await lab.label(run.id, { tags: ['mine'] });
    const listed: string[] = [];
    for await (const { name } of lab.runs({ tag: 'mine' })) listed.push(name);
    expect(listed).toEqual(['by client']);
    expect((await lab.command(run.id, { type: 'cancel' })).state).toBe('cancelled');
    await expect(lab.launch({ nmae: 1 })).rejects.toMatchObject({ problem: { status: 422 } });
    expect((await lab.run('short')).headSeq).toBe(3);
  });
});

describe('examples/tail-run.ts', () => {
  it('writes the channels that were asked for as CSV', async () => {
    const name = recordedSchema.channels[0]!.name;
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/tail-run.ts', server.url, 'short', name], {
      cwd: join(import.meta.dirname, '..', '..'),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, err]).toEqual([0, 'run short is done\n']);
    expect(out).toBe(`step,${name}\n${Array.from({ length: 12 }, (_, s) => `${s},${s}\n`).join('')}`);
  });
});
