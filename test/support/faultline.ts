import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a folder; `onStderr` sees all that it has said so far, at first nothing, and may kill it. */
export function faultlineIn(
  cwd: string,
  args: readonly string[],
  onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const bin = join(import.meta.dirname, '..', '..', 'cli', 'bin.mjs');
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    onStderr(stderr, kill);
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onStderr(stderr, kill);
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
