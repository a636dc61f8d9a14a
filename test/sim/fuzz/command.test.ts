import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentError } from '../../../core/document.ts';
import { FaultlineError } from '../../../core/errors.ts';
import { folderReader } from '../../../server/folder-reader.ts';
import { readCityLearnFolder } from '../../../sim/data/citylearn-folder.ts';
import { baseFolders } from './base-folders.ts';
import { damagedFolder, writeFolder } from './damaged-folder.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'faultline-fuzz-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function simulate(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'cli', 'bin.mjs'), 'simulate', ...args], {
      cwd: scratch,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The first damaged folders that no profile can read, no two with the same words about the same file. */
async function refusedFolders(count: number): Promise<{ readonly path: string; readonly what: string }[]> {
  const found: { readonly path: string; readonly what: string }[] = [];
  const seen = new Set<string>();
  for (let number = baseFolders.length; found.length < count; number++) {
    const { files, what } = damagedFolder(number);
    const path = writeFolder(scratch, number, files);
    const error: unknown = await readCityLearnFolder(folderReader(path)).catch((reason: unknown) => reason);
    if (!(error instanceof FaultlineError)) continue;
    const place = error instanceof DocumentError ? error.issues[0]!.place : error.place;
    const kind = `${place?.file?.slice(path.length)} ${error.name}`;
    if (seen.has(kind)) continue;
    seen.add(kind);
    found.push({ path, what });
  }
  return found;
}

describe('faultline simulate', () => {
  // Compiles what is missing, once.
  beforeAll(async () => {
    const { code, stderr } = await simulate('--help');
    expect(code, stderr).toBe(0);
  }, 240_000);

  it('runs a sound folder of each kind', { timeout: 120_000 }, async () => {
    for (const [number] of baseFolders.entries()) {
      const { files, what } = damagedFolder(number);
      const dataset = writeFolder(scratch, number, files);
      const args = ['--dataset', dataset, '--profile', 'head', '--actions', 'random', '--steps', '20'];
      const { code, stderr } = await simulate(...args, '--out', `out-${number}`);
      expect(code, `${what}\n${stderr}`).toBe(0);
      expect(existsSync(join(scratch, `out-${number}`, 'kpis.csv'))).toBe(true);
    }
  });

  it('refuses ten damaged ones with a place and without a stack', { timeout: 120_000 }, async () => {
    for (const { path, what } of await refusedFolders(10)) {
      const { code, stdout, stderr } = await simulate('--dataset', path, '--out', 'refused');
      const told = `${what}\n${stderr}`;
      expect(code, told).toBe(2);
      expect(stdout, told).toBe('');
      expect(stderr, told).toMatch(/^(DataError|ConfigError|DocumentError|UnknownNameError): /m);
      // file:line:column, file:line, file /pointer, or what is wrong with a file as a whole.
      const whole = String.raw`: (there is no such file|cannot be read|is not a whole gzip|is no PyTorch file|.*\(byte \d+\))`;
      const escaped = path.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      expect(stderr, told).toMatch(new RegExp(String.raw`${escaped}/\S+?(:\d+(:\d+)?( /|: )| /\S|${whole})`));
      expect(stderr, told).not.toMatch(/^\s+at /m);
      expect(existsSync(join(scratch, 'refused')), told).toBe(false);
    }
  });

  it('refuses cars in a release without them, with a pointer', { timeout: 60_000 }, async () => {
    const number = baseFolders.findIndex(({ name }) => name === 'cars');
    const dataset = writeFolder(scratch, number, damagedFolder(number).files);
    const { code, stderr } = await simulate('--dataset', dataset, '--profile', 'v1', '--out', 'refused');
    expect(stderr).toMatch(/\/buildings\/Building_1.*'v1'/);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});
