import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command line in a folder; `onStderr` sees all that it has said so far, at first nothing, and may kill it.
 * @param node options of Node itself, as `killedAt`
 */
export function faultlineIn(
  cwd: string,
  args: readonly string[],
  onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  node: readonly string[] = [],
): Promise<Outcome> {
  return new Promise((resolve) => {
    const bin = join(import.meta.dirname, '..', '..', 'cli', 'bin.mjs');
    const child = spawn(process.execPath, [...node, bin, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
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

/** Options of Node for a process that ends by SIGKILL in the very moment that it says `text` on stderr, however loaded the machine is. */
export function killedAt(text: string): readonly string[] {
  const code = `const write = process.stderr.write;
    process.stderr.write = function (chunk, ...rest) {
      if (String(chunk).includes(${JSON.stringify(text)})) process.kill(process.pid, 'SIGKILL');
      return write.call(this, chunk, ...rest);
    };`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}
