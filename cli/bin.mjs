#!/usr/bin/env node
// The `faultline` command. Compiles what is missing or stale in this checkout, then runs it; a packaged copy has no sources
// and is run as it is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = ['core', 'nn', 'logits', 'sim', 'agents', 'attacks', 'defenses', 'evaluation', 'server', 'cli'];

function newest(path, skip) {
  if (path === skip || !existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let latest = 0;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory() || /\.(ts|tsx|mjs|css|html)$/.test(entry.name))
      latest = Math.max(latest, newest(join(path, entry.name), skip));
  }
  return latest;
}

function build(script, stamp, sources, skip) {
  const stampFile = join(root, 'dist', stamp);
  const builtAt = existsSync(stampFile) ? statSync(stampFile).mtimeMs : 0;
  if (builtAt > Math.max(...sources.map((folder) => newest(join(root, folder), skip)))) return;
  process.stderr.write(`faultline: ${script} ...\n`);
  const started = Date.now();
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['run', '--silent', script], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write(`faultline: ${script} failed\n`);
    process.exit(3);
  }
  writeFileSync(stampFile, '');
  process.stderr.write(`faultline: ${script} done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Two commands started together must not compile into the same folder: the second waits for the first. */
function withLock(work) {
  const lock = join(root, 'dist', '.lock');
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      // Asked in one call: between two, whoever holds the lock may give it back.
      const held = statSync(lock, { throwIfNoEntry: false });
      const age = held === undefined ? 0 : Date.now() - held.mtimeMs;
      if (age > 120_000) rmSync(lock, { recursive: true, force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}

if (existsSync(join(root, 'tsconfig.build.json')) && existsSync(join(root, 'node_modules', 'typescript'))) {
  withLock(() => {
    const console = join(root, 'server', 'console');
    build('build:server', '.built-server', folders, console);
    if (process.argv[2] === 'serve')
      build('build:console', '.built-console', ['server/console', 'core', 'server/events.ts']);
  });
}
const { main } = await import(pathToFileURL(join(root, 'dist', 'cli', 'main.js')).href);
await main(process.argv);
