import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openQuestions } from '../../server/run-thread.ts';
import type { QueryTask } from '../../server/worker-messages.ts';
import { mostChildMemory } from '../support/child-memory.ts';
import { tempFolder } from '../support/server.ts';

const entry = fileURLToPath(new URL('../../server/query-process-source.mjs', import.meta.url));
/** 2 GB that a function of DuckDB fills, which cannot be interrupted. */
const large = "select md5(repeat(repeat('x', 1000000), 2000))";
const long = "select levenshtein(repeat('a', 1000000), repeat('b', 1000000))";

function question(sql: string): { readonly id: number; readonly value: QueryTask } {
  return { id: 1, value: { sql, limit: 1, timeoutMs: 1000, tables: [], logs: [] } };
}

/** The process as it is where the operating system does not limit it. */
function openUnlimited(folder: string): ChildProcess & Disposable {
  const child = fork(entry, [folder], { env: {}, execArgv: [], stdio: 'ignore', serialization: 'advanced' });
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill('SIGKILL') });
}

describe('the process of questions', { timeout: 300_000 }, () => {
  it('ends itself at 1.5 GB while DuckDB works on, without a limit of the operating system', async () => {
    using folder = tempFolder();
    using child = openUnlimited(folder.path);
    const most = await mostChildMemory(async () => {
      child.send(question(large));
      await once(child, 'exit');
    });
    expect(most).toBeGreaterThan(2 ** 30); // it was looked at
    expect(most).toBeLessThan(2.5 * 2 ** 30);
  });

  it('does not outlive its server, whatever DuckDB does', async () => {
    using folder = tempFolder();
    using child = openUnlimited(folder.path);
    child.send(question('select 1'));
    await once(child, 'message');
    child.send(question(long));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(child.exitCode).toBeNull();
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  });

  it.runIf(process.platform === 'linux')('is not given memory that it may not have, let alone fills it', async () => {
    using folder = tempFolder();
    const most = await mostChildMemory(async () => {
      const child = openQuestions(folder.path);
      const gone = new Promise((resolve) => child.on('exit', resolve));
      child.postMessage(question(large), []);
      await gone;
    });
    expect(most).toBeGreaterThan(50 * 2 ** 20); // it was looked at
    expect(most).toBeLessThan(2 ** 29);
  });
});
