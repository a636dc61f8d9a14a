import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the console of the tree as it is, not what was built some time ago, into a folder. */
export async function buildConsole(folder: string): Promise<string> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  // The test runner's own NODE_ENV would give React's development build.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', 'server/console', '--outDir', folder], {
    cwd: root,
    env,
  });
  return folder;
}
