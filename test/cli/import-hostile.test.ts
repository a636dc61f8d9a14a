import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wholeOf } from '../../core/byte-range.ts';
import { importerFor } from '../../nn/import/index.ts';
import { hostileFiles } from '../nn/import/hostile-files.ts';
import { bytesSource } from '../nn/import/file-source.ts';
import { hostileGraphs } from '../nn/import/onnx/hostile-graphs.ts';
import { sb3Zip } from '../nn/import/sb3-file.ts';
import { files, hostileChanges, saved } from '../nn/import/tfjs/saved-model.ts';
import { faultlineIn } from '../support/faultline.ts';
import { largeFiles } from './large-files.ts';

/** Every hostile file of the tests of importers, and the largest files, given to `faultline import` in a process of plain Node. */
const scratch = mkdtempSync(join(tmpdir(), 'faultline-hostile-'));
const golden = join(import.meta.dirname, '..', 'golden', 'import');
const families = ['sb3', 'pytorch', 'safetensors', 'statistics', 'onnx', 'tfjs'] as const;
type Family = (typeof families)[number];

interface Hostile {
  readonly what: string;
  readonly family: Family;
  readonly args: readonly string[];
}

interface Run {
  readonly outcomes: readonly { readonly code: number; readonly said: string; readonly cpuSeconds: number }[];
  /** The largest resident set of the process; NaN where there is no /proc. */
  readonly megabytes: number;
}

let count = 0;
function stored(name: string, bytes: Uint8Array): string {
  const file = join(scratch, String(count++), name);
  mkdirSync(dirname(file));
  writeFileSync(file, bytes);
  return file;
}

function run(commands: readonly (readonly string[])[]): Promise<Run> {
  const list = stored('commands.json', Buffer.from(JSON.stringify(commands.map((args) => [...args, '--out', join(scratch, 'out')]))));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'import-child.mjs'), list], { cwd: scratch });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code, signal) =>
      code === 0 ? resolve(JSON.parse(stdout) as Run) : reject(new Error(`child ended with ${code ?? signal}: ${stderr}`)),
    );
  });
} // prettier-ignore

/** Of the state dictionaries and the graphs that do not say it themselves. */
const told = ['--activation', 'relu', '--head', 'categorical'];

function formatOf(name: string, bytes: Uint8Array): string | undefined {
  try {
    return importerFor(bytesSource(name, bytes))[0];
  } catch {
    return undefined;
  }
}

function small(): Hostile[] {
  const sound = stored('policy.zip', sb3Zip());
  return hostileFiles().map(({ what, name, bytes, statistics }) => {
    const file = stored(name, bytes);
    if (statistics) return { what, family: 'statistics', args: [sound, '--vecnormalize', file] };
    if (name.endsWith('.safetensors')) return { what, family: 'safetensors', args: [file, ...told] };
    const family = name.endsWith('.zip') ? 'sb3' : 'pytorch';
    return { what, family, args: formatOf(name, bytes) === 'sb3' ? [file] : [file, ...told] };
  });
}

function graphs(): Hostile[] {
  const onnx = (what: string, bytes: Uint8Array): Hostile => ({
    what: `ONNX: ${what}`,
    family: 'onnx',
    args: [stored('hostile.onnx', bytes), '--head', 'categorical'],
  });
  const cut = readdirSync(join(golden, 'onnx'))
    .filter((name) => name.endsWith('.onnx'))
    .flatMap((name) => {
      const whole = readFileSync(join(golden, 'onnx', name));
      return Array.from({ length: 8 }, (_, part) =>
        onnx(`${name} cut to ${part}/8`, whole.subarray(0, Math.floor((whole.length * part) / 8))),
      );
    });
  // Which a cast to nonsense is not: what it casts to does not matter, and it is read.
  const harmful = Object.entries(hostileGraphs).filter(([what]) => what !== 'a cast to nonsense');
  return [...harmful.map(([what, [bytes]]) => onnx(what, bytes)), ...cut];
}

async function models(): Promise<Hostile[]> {
  await tf.setBackend('cpu');
  const kept = await saved(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 3, activation: 'relu', inputShape: [6] }),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  );
  return hostileChanges.map(([what, change]) => {
    const copy = structuredClone(kept);
    change(copy);
    const source = files(copy);
    const model = stored('model.json', wholeOf(source.bytes));
    for (const shard of ['group1-shard1of2.bin', 'group1-shard2of2.bin'])
      writeFileSync(join(dirname(model), shard), source.companion(shard)!);
    return { what: `TensorFlow.js: ${what}`, family: 'tfjs', args: [model] };
  });
}

const named = /^(ConfigError|DataError|PolicyFileError): .{1,2000}\n$/;

let hostile: Hostile[] = [];
beforeAll(async () => {
  expect((await faultlineIn(scratch, ['--version'])).code).toBe(0); // builds what is missing, once
  hostile = [...small(), ...graphs(), ...(await models())];
}, 180_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('faultline import of damaged and malicious files', () => {
  it('has two hundred at least, of every family', () => {
    expect(new Set(hostile.map(({ what }) => what)).size).toBe(hostile.length);
    expect(hostile.length).toBeGreaterThanOrEqual(550);
    for (const family of families)
      expect(hostile.filter((one) => one.family === family).length, family).toBeGreaterThanOrEqual(14);
  });

  it.each(families)('%s: a named error for each, in less than a second of CPU and within 200 MB', async (family) => {
    const own = hostile.filter((one) => one.family === family);
    // What one file leaves behind counts against the next: parts of a hundred are stricter than a process for each, and quicker.
    for (let at = 0; at < own.length; at += 100) {
      const part = own.slice(at, at + 100);
      const { outcomes, megabytes } = await run(part.map(({ args }) => args));
      expect(outcomes).toHaveLength(part.length);
      for (const [i, { code, said, cpuSeconds }] of outcomes.entries()) {
        expect(said, part[i]!.what).toMatch(named);
        expect(code, part[i]!.what).toBe(2);
        expect(cpuSeconds, part[i]!.what).toBeLessThan(1);
      }
      if (process.platform === 'linux') expect(megabytes).toBeLessThan(200);
      if (process.env['FAULTLINE_SHOW'] !== undefined)
        console.log(`${family}: ${part.length} files, ${megabytes.toFixed(0)} MB, slowest ${Math.max(...outcomes.map((one) => one.cpuSeconds)).toFixed(2)} s`);
    }
    expect(existsSync(join(scratch, 'out'))).toBe(false);
  }, 60_000); // prettier-ignore
});

describe.skipIf(process.platform !== 'linux')('faultline import of the largest files (VmHWM is of Linux)', () => {
  it('takes less than 200 MB for each, and less than a second of CPU to refuse one', async () => {
    const large = largeFiles(scratch);
    const rest = [...large];
    const one = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
        const { outcomes, megabytes } = await run([next.args]);
        const { said, cpuSeconds } = outcomes[0]!;
        expect(said, next.what).toMatch(next.expected);
        if (!said.includes('wrote')) expect(cpuSeconds, next.what).toBeLessThan(1);
        expect(megabytes, next.what).toBeLessThan(200);
        if (process.env['FAULTLINE_SHOW'] !== undefined)
          console.log(`${next.what}: ${megabytes.toFixed(0)} MB, ${cpuSeconds.toFixed(2)} s`);
      }
    };
    await Promise.all([one(), one()]);
  }, 120_000);
});
