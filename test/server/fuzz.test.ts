import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeRecordedRuns } from '../support/recorded-run.ts';
import { attackServer } from '../support/hostile-inputs.ts';
import { openServer, runOf, tempFolder } from '../support/server.ts';

it('six hundred hostile inputs: no 5xx, nothing outside of the store, and it serves as before', async () => {
  using folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(store, [{ id: 'kept' }]);
  await using server = await openServer({ maxConcurrent: 0, store, writesPerMinute: 1e6 });
  const before = await runOf(server.url, 'kept');
  const files = readdirSync(server.folder);
  const { statuses, faults } = await attackServer(server.url, 600, 1);
  expect(faults).toEqual([]);
  // It was let in far enough to be refused for many reasons.
  for (const status of ['400', '403', '404', '413', '422', 'env error 422'])
    expect([status, statuses[status] ?? 0]).toEqual([status, expect.toSatisfy((count: number) => count > 0)]);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  expect(readdirSync(server.folder)).toEqual(files);
  expect(readdirSync(folder.path)).toEqual(['store']);
  expect(await runOf(server.url, 'kept')).toEqual(before);
});
