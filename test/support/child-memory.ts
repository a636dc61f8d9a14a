import { execFileSync } from 'node:child_process';

/** Resident memory of the largest process that this one started, bytes. */
function childMemory(): number {
  const table = execFileSync('ps', ['-o', 'rss=', '--ppid', String(process.pid)], { encoding: 'utf8' });
  return Math.max(...table.split('\n').map(Number)) * 1024;
}

/** The most that a process that this one started had while something was done, bytes; looks five times a second. */
export async function mostChildMemory(work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, childMemory())), 200);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return most;
}
