import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { encodeFrame } from '../../core/frame-codec.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { tempFolder } from '../support/server.ts';

const frames = 2000;

/** A program that knows nothing of ours: it tails a run's file with SQLite alone, and says what it found. */
const reader = `
import Libsql from 'libsql';
const [file, frames] = process.argv.slice(-2);
const database = new Libsql(file, { readonly: true });
database.exec('pragma busy_timeout = 5000');
const select = database.prepare('select seq, body from frame where seq >= ? order by seq limit 100');
let [next, wrong, reads, partly] = [0, 0, 0, 0];
console.log('reading');
while (next < Number(frames)) {
  const rows = select.all(next);
  reads++;
  if (rows.length > 0 && next + rows.length < Number(frames)) partly++;
  for (const { seq, body } of rows) {
    // The frame's own number, and a value of it.
    const view = new DataView(body);
    if (seq !== next++ || view.getUint32(8, true) !== seq || view.getFloat32(32, true) !== seq) wrong++;
  }
  if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(JSON.stringify({ next, wrong, partly }));
`;

it('a second process reads a run while the server writes it: every frame, whole, in order', async () => {
  using folder = tempFolder();
  using store = new Store(join(folder.path, 'store'), 0);
  store.create('run', scenarioFrom(smallScenario({}), 'test', schema), 1);
  store.started('run', { startedAt: 2, schema: { version: 1, channels: [], dt: 3600 }, totalSteps: 8 * frames });
  const file = join(folder.path, 'store', 'live', 'run.db');
  const child = spawn(process.execPath, ['--input-type=module', '-e', reader, '--', file, String(frames)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: join(import.meta.dirname, '..', '..'),
  });
  const lines = createInterface({ input: child.stdout });
  const said: string[] = [];
  lines.on('line', (line) => said.push(line));
  await once(lines, 'line');
  for (let seq = 0; seq < frames; seq++) {
    const [rows, cols] = [8, 40];
    const values = new Float32Array(rows * cols).fill(seq);
    const body = encodeFrame({ schema: 1, seq, step0: rows * seq, rows, cols, values, wallTime: 0 });
    store.append('run', { seq, step0: rows * seq, rows, body });
    if (seq % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const [code] = (await once(child, 'exit')) as [number];
  const found = JSON.parse(said.at(-1)!) as { next: number; wrong: number; partly: number };
  expect([code, found.next, found.wrong]).toEqual([0, frames, 0]);
  expect(found.partly).toBeGreaterThan(1); // it really read while there was more to come
  // And what it did was nothing to the writer.
  expect(store.frames('run', frames - 1, 1)[0]!.seq).toBe(frames - 1);
});
