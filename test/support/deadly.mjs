// Loaded ahead of everything into a process and its threads: a thread that reads the policy `deadly-thread` ends, and with one that reads
// `deadly-process` the whole process does. Each death leaves a mark beside the policy.
import { appendFileSync, promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const { readFile } = promises;
promises.readFile = (path, ...rest) => {
  const deadly = typeof path === 'string' && /[\\/]deadly-(thread|process)[\\/]policy\.safetensors$/.exec(path);
  if (!deadly || isMainThread) return readFile(path, ...rest);
  appendFileSync(join(dirname(path), 'deaths'), '.');
  if (deadly[1] === 'thread') process.exit(1);
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};
syncBuiltinESMExports();
