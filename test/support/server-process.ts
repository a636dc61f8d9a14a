import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ServerOptions } from '../../server/server.ts';
import { writeModels } from './model-folder.ts';

const root = join(import.meta.dirname, '..', '..');
const entry = fileURLToPath(new URL('./serve.ts', import.meta.url));
/** To be loaded into a process and its threads: reading the policy `deadly-thread`, or `deadly-process`, then ends the thread, or the process. */
export const deadly = new URL('./deadly.mjs', import.meta.url).href;
const children = new Set<ChildProcessByStdio<null, Readable, Readable>>();
/** Kills what a test left running. */
export function killServers(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}

/** Options of a server in a folder, with `small-ppo` alone; it says only what went wrong. */
export async function childOptions(folder: string): Promise<ServerOptions> {
  return {
    host: '127.0.0.1',
    port: 0,
    store: join(folder, 'store'),
    modelsDir: await writeModels(join(folder, 'models')),
    dataRoots: [],
    consoleDir: join(folder, 'console'),
    logLevel: 'error',
  };
}

/** Starts the server in a process of its own; resolves with its URL. @param more modules to be loaded ahead */
export async function spawnServer(
  options: ServerOptions,
  ...more: readonly string[]
): Promise<{ url: string; pid: number; ended: Promise<unknown>; kill(): Promise<void> }> {
  const imports = ['tsx', ...more].flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, entry, JSON.stringify(options)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const ended = once(child, 'exit');
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${complaints}`)));
  });
  return {
    url,
    pid: child.pid!,
    ended,
    async kill() {
      children.delete(child);
      // One that ended by itself says no second time that it did, and was not meant to.
      if (child.exitCode !== null) throw new Error(`the server had ended with ${child.exitCode}: ${complaints}`);
      child.kill('SIGKILL');
      await ended;
    },
  };
}
