// `npm run bench [NAME…]`: runs the benchmarks and writes bench/results.json. Figures are CPU medians within one run: compare them
// with each other, not across machines.
import { cpus } from 'node:os';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const benches: Record<string, () => Promise<{ run(): Promise<readonly object[]> }>> = {
  sim: () => import('./sim.ts'),
  nn: () => import('./nn.ts'),
  backend: () => import('./backend.ts'),
  memory: () => import('./memory.ts'),
  peers: () => import('./peers.ts'),
  attack: () => import('./attack.ts'),
  evaluate: () => import('./evaluate.ts'),
  modules: () => import('./modules.ts'),
  lanes: () => import('./lanes.ts'),
  learners: () => import('./learners.ts'),
  threads: () => import('./threads.ts'),
  learning: () => import('./learning.ts'),
  updates: () => import('./updates.ts'),
  language: () => import('./language.ts'),
  grid: () => import('./grid.ts'),
  server: () => import('./server.ts'),
  hostile: () => import('./hostile.ts'),
  console: () => import('./console.ts'),
  environments: () => import('./environments.ts'),
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`unknown benchmark '${unknown}'. Known: ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
const file = join(import.meta.dirname, 'results.json');
interface Results {
  readonly machine: object;
  readonly results: Record<string, readonly object[]>;
}
// Benchmarks that were not asked for keep their last figures.
const results = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).results : {};
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  console.error(`bench ${name} ...`);
  results[name] = await (await benches[name]!()).run();
  console.table(results[name]);
}
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
