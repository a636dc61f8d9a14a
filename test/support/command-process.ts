import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The command line as a process that goes on until it ends or is killed. */
export interface CommandProcess {
  /** What it has said on stderr so far. */
  said(): string;
  /** Its exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

const children = new Set<ChildProcess>();

/** Kills what a test left running. */
export function killCommands(): void {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
}

/** @param ahead a module to be loaded ahead of it, into its threads too */
export function startCommand(cwd: string, args: readonly string[], ahead?: string): CommandProcess {
  const bin = join(import.meta.dirname, '..', '..', 'cli', 'bin.mjs');
  const env = ahead === undefined ? process.env : { ...process.env, NODE_OPTIONS: `--import ${ahead}` };
  const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'exit').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  return {
    said: () => said,
    ended,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
