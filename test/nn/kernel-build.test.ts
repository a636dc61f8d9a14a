import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

describe('the checked-in kernel', () => {
  it('is what its AssemblyScript sources compile to', async () => {
    const build = fileURLToPath(new URL('../../nn/kernel/build.mjs', import.meta.url));
    await expect(promisify(execFile)(process.execPath, [build, '--check'])).resolves.toMatchObject({ stderr: '' });
  }, 60_000);
});
