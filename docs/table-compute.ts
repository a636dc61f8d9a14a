/**
 * Writes the tables of docs/compute.md between their markers from bench/results.json: networks and learning by engine and batch, and the
 * kernel beside PyTorch.
 *
 *     npm run bench nn peers learning && npx tsx docs/table-compute.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { NetworkBenchRow } from '../bench/nn.ts';
import type { LearningBenchRow } from '../bench/learning.ts';
import type { PeerBenchRow } from '../bench/peers.ts';

const { machine, results } = JSON.parse(readFileSync('bench/results.json', 'utf8')) as {
  readonly machine: { readonly node: string; readonly cpu: string };
  readonly results: { readonly nn: readonly NetworkBenchRow[]; readonly peers: readonly PeerBenchRow[]; readonly learning: readonly LearningBenchRow[] };
};

const engines = ['kernel', 'reference', 'tfjs wasm', 'tfjs cpu', 'tfjs webgpu', 'tfjs tfjs-node', 'tfjs tfjs-node-gpu'];

function networks(): string {
  const cases = results.nn.filter((row) => row.engine === 'kernel');
  const head = `| ms | MFLOP | GFLOP/s of the kernel | ${engines.map((engine) => engine.replace(/^tfjs (tfjs-)/, '$1')).join(' | ')} |`;
  const lines = cases.map((own) => {
    const cells = engines.map((engine) => {
      const row = results.nn.find((other) => other.engine === engine && other.case === own.case && other.rows === own.rows);
      return row?.ms === undefined || row.ms === null ? missing(engine) : short(row.ms);
    });
    return `| ${own.case}, ${own.rows} ${own.rows === 1 ? 'row' : 'rows'} | ${short(own.mflop)} | ${short(own.gflops!)} | ${cells.join(' | ')} |`;
  });
  return [head, `| --- | --: | --: |${' --: |'.repeat(engines.length)}`, ...lines].join('\n');
}

/** An engine that was there but not asked for so large a batch, or that was not there. */
function missing(engine: string): string {
  return results.nn.some((row) => row.engine === engine && row.ms !== null) ? '–' : 'not measured';
}

function learning(): string {
  const cases = results.learning.filter((row) => row.engine === 'kernel');
  const others = engines.filter((engine) => engine !== 'reference');
  const head = `| ms | MFLOP | GFLOP/s of the kernel | ${others.map((engine) => engine.replace(/^tfjs (tfjs-)/, '$1')).join(' | ')} |`;
  const lines = cases.map((own) => {
    const cells = others.map((engine) => {
      const row = results.learning.find((other) => other.engine === engine && other.case === own.case && other.batch === own.batch);
      if (row?.ms !== undefined && row.ms !== null) return short(row.ms);
      return results.learning.some((other) => other.engine === engine && other.ms !== null) ? '–' : 'not measured';
    });
    return `| ${own.case}, batch ${own.batch} | ${short(own.mflop)} | ${short(own.gflops!)} | ${cells.join(' | ')} |`;
  });
  return [head, `| --- | --: | --: |${' --: |'.repeat(others.length)}`, ...lines].join('\n');
}

function peers(): string {
  const lines = results.peers.map(
    (row) =>
      `| ${row.case}, ${row.rows} ${row.rows === 1 ? 'row' : 'rows'} | ${short(row.ours)} | ${short(row.torch)} | ${row.ratio.toFixed(2)} | ${row.difference.toExponential(0)} |`,
  );
  const peer = results.peers[0]?.peer ?? 'PyTorch was not there';
  return [`| CPU ms, one thread | kernel | ${peer} | times as fast | largest difference |`, '| --- | --: | --: | --: | --: |', ...lines].join('\n');
}

function short(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en').replaceAll(',', ' ') : String(Number(value.toPrecision(3)));
}

const file = 'docs/compute.md';
const texts = { networks: networks(), learning: learning(), peers: peers(), machine: `Node ${machine.node}, ${machine.cpu}.` };
let page = readFileSync(file, 'utf8');
for (const [name, text] of Object.entries(texts)) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  if (!page.includes(start) || !page.includes(end)) throw new Error(`${file} has no markers ${start} … ${end}`);
  page = `${page.slice(0, page.indexOf(start) + start.length)}\n${text}\n${page.slice(page.indexOf(end))}`;
}
writeFileSync(file, page);
