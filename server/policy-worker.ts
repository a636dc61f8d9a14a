import { parentPort } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';
import { importPolicy, targetLike } from '../evaluation/import-policy.ts';
import type { ImportTarget } from '../evaluation/import-policy.ts';
import type { Numbered } from './asked-thread.ts';
import { faultOf } from './thread-fault.ts';
import type { PolicyOutcome, PolicyTarget, PolicyTask } from './worker-messages.ts';

/** Reads one policy file by the readers of `faultline import`: nothing in it is run, and nothing beside it is looked for. */
async function read({ name, file, bytes, format, reads, options, target }: PolicyTask): Promise<PolicyOutcome> {
  const source = {
    name: file,
    bytes,
    companion: () => undefined,
    inflate: (packed: Uint8Array, atMost: number) =>
      inflateRawSync(packed, { maxOutputLength: Math.max(1, atMost), chunkSize: Math.max(64, atMost) }),
  };
  const result = importPolicy({ source, format, name, reads, options, target: await targetOf(target) });
  const { files, format: found, origin, layers, head, notes } = result;
  return { type: 'done', card: files.card, weights: files.weights, format: found, origin, layers, head, notes };
}

async function targetOf(target: PolicyTarget): Promise<ImportTarget> {
  const { normalisation } = target;
  const own = normalisation === undefined ? {} : { normalisation };
  if (target.kind === 'none') return own;
  if (target.kind === 'like') return { ...targetLike(target.card, target.name), ...own };
  const { dataset, building, roots, modelsDir } = target;
  // Loaded here: most uploads say nothing of a district.
  const { districtSpaces } = await import('../evaluation/district-spaces.ts');
  const { fileWorkspace } = await import('./workspace.ts');
  const spaces = await districtSpaces(fileWorkspace({ roots, modelsDir }), dataset, building, normalisation);
  return { ...spaces, observation: spaces.observation.features, action: spaces.action.features };
}

const port = parentPort;
port?.on('message', ({ id, value }: Numbered<PolicyTask>) => {
  void read(value)
    .catch((error: unknown): PolicyOutcome => ({ type: 'failed', ...faultOf(error) }))
    .then((value) => port.postMessage({ id, value } satisfies Numbered<PolicyOutcome>));
});
