import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it.each(['writeFile', 'replaceFile'])(
  '%s ends with an error when the working directory is gone',
  (write) => {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-gone-'));
    const source = `
    import { rmSync } from 'node:fs';
    import { ${write} } from ${JSON.stringify(new URL('../../cli/files.ts', import.meta.url).href)};
    process.chdir(${JSON.stringify(folder)});
    rmSync(${JSON.stringify(folder)}, { recursive: true });
    try { ${write}('out/runs/result.json', '{}'); } catch ({ code }) { console.log(code); }`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', source];
    const { signal, stdout, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    expect([signal, stdout.trim()], stderr).toEqual([null, 'ENOENT']);
  },
  60_000,
);
