import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation, version } from './installation.ts';

const folders = ['core', 'nn', 'logits', 'sim', 'agents', 'attacks', 'defenses', 'evaluation'];

/** Which code computed a number: versions, and a hash over every source that can move a result. */
export function provenance(): { readonly versions: Readonly<Record<string, string>>; readonly codeHash: string } {
  return { versions: { faultline: version(), node: process.version.slice(1) }, codeHash: codeHash() };
}

/** SHA-256 over the sources in path order (over the compiled files where there are no sources). */
function codeHash(): string {
  const { root } = installation();
  const sources = existsSync(join(root, 'core', 'rng.ts'));
  const hash = createHash('sha256');
  for (const folder of folders) add(join(sources ? root : join(root, 'dist'), folder), folder);
  return hash.digest('hex');

  function add(path: string, name: string): void {
    if (!existsSync(path)) return;
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory()) add(join(path, entry.name), `${name}/${entry.name}`);
      else if (/(?<!\.d)\.(ts|js|wasm)$/.test(entry.name))
        hash.update(`${name}/${entry.name}\0`).update(readFileSync(join(path, entry.name)));
    }
  }
}
