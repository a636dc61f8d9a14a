import { parentPort } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';
import type { Inflate } from '../core/zip.ts';
import { importPolicy, targetLike } from '../evaluation/import-policy.ts';
import type { ImportRequest, ImportTarget } from '../evaluation/import-policy.ts';
import type { Numbered } from './asked-thread.ts';
import { policySet } from './policy-set.ts';
import { faultOf } from './thread-fault.ts';
import type { PolicyOutcome, PolicyTarget, PolicyTask } from './worker-messages.ts';

/** Reads a policy by the readers of `faultline import`: nothing in it is run, and nothing but what was sent is looked at. */
async function read(task: PolicyTask): Promise<PolicyOutcome> {
  const { name, format, reads, options, target } = task;
  const { source, statistics } = filesOf(task);
  const result = importPolicy({ source, statistics, format, name, reads, options, target: await targetOf(target) });
  const { files, format: found, origin, layers, head, notes } = result;
  const { name: file } = source;
  return { type: 'done', file, card: files.card, weights: files.weights, format: found, origin, layers, head, notes };
}

/** The file that is the policy, and the statistics that stand before it. */
function filesOf({ file, set, statistics, bytes }: PolicyTask): Pick<ImportRequest, 'source' | 'statistics'> {
  if (!set) return { source: { name: file!, bytes, companion: () => undefined, inflate } };
  const files = policySet(bytes, file, inflate);
  if (statistics === undefined) return { source: files.source };
  return { source: files.source, statistics: { name: statistics, bytes: files.file(statistics) } };
}

const inflate: Inflate = (packed, atMost) =>
  inflateRawSync(packed, { maxOutputLength: Math.max(1, atMost), chunkSize: Math.max(64, atMost) });

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
