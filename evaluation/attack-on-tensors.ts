import { asyncAttackEngine } from '../attacks/async-engine.ts';
import { threatModel } from '../attacks/threat.ts';
import { ConfigError } from '../core/errors.ts';
import type { LayerSpec } from '../core/policy.ts';
import { rng } from '../core/rng.ts';
import type { AttackSpec } from '../core/scenario.ts';
import { selectBackend } from '../nn/backend.ts';
import type { BackendName, SelectedBackend } from '../nn/backend.ts';
import { calibrate } from '../nn/crossover.ts';
import { batchResult, chunkOf, notesOf, openLoopAttack, outcomeOf, rowChunks } from './attack-batch.ts';
import type { BatchResult, ChunkOutcome } from './attack-batch.ts';
import type { VictimSource } from './workspace.ts';

/** Backends that can be faster than the kernel, the likelier first. */
const gpus: readonly BackendName[] = ['tfjs-node-gpu', 'webgpu'];

/** Fewer rows than this are attacked before a backend would be probed. */
const worthProbing = 2048;

/**
 * Rows that share one batch of gradients: on a device many, since there the number of operations is what costs; elsewhere as many
 * as leave a second or two between two reports.
 */
const chunkRows = (backend: SelectedBackend): number => (gpus.includes(backend.name) ? 16_384 : 512);

async function measuredCrossover({ tf }: SelectedBackend, layers: readonly LayerSpec[]): Promise<number | null> {
  return (await calibrate(tf, layers, () => performance.now())).crossover;
}

/**
 * The tensor backend that a batch of recorded rows is attacked on; undefined: the kernel.
 *
 * `kernel` is the kernel. A name is that backend or an error, whatever its speed. `auto` is a hardware GPU from the number of rows on at
 * which its gradients are faster than the kernel's, measured here and now; no other backend ever is.
 * @param crossoverOn the number of rows from which on the backend is the faster one for these layers, null: never
 * @param open what opens a backend by name; tests bring their own of both
 * @throws {UnknownNameError} for a name that is no backend; {BackendError} when the named one is unusable.
 */
export async function attackBackend(
  wanted: string,
  source: VictimSource,
  rows: number,
  crossoverOn: (backend: SelectedBackend, layers: readonly LayerSpec[]) => Promise<number | null> = measuredCrossover,
  open: (force: string) => Promise<SelectedBackend> = (force) => selectBackend({ force }),
): Promise<SelectedBackend | undefined> {
  if (wanted === 'kernel') return undefined;
  if (wanted !== 'auto') return open(wanted);
  if (rows < worthProbing || source.tensors === undefined) return undefined;
  for (const force of gpus) {
    const backend = await open(force).catch(() => undefined);
    if (backend === undefined) continue;
    const crossover = await crossoverOn(backend, source.tensors.layers);
    if (crossover !== null && rows >= crossover) return backend;
    backend[Symbol.dispose]();
  }
  return undefined;
}

/**
 * `chunkAttack` on a tensor backend: the same rows, streams and threat set, in larger chunks. Its bits are the backend's own.
 * Yields the number of rows done after each chunk; returns the result.
 * @param x [rows×O] as the policy observes
 * @throws {ConfigError} for a victim that is no network, and for an attack that cannot wait for its answers.
 */
export async function* attackOnTensors(
  x: Float32Array,
  source: VictimSource,
  spec: AttackSpec,
  seed: number,
  backend: SelectedBackend,
): AsyncGenerator<number, BatchResult, void> {
  const { features, tensors, name } = source;
  if (tensors === undefined)
    throw new ConfigError(`'${name}' is no network: it cannot be attacked on a tensor backend`);
  using victim = tensors.open(backend);
  const attack = openLoopAttack(spec);
  if (attack.prepare !== undefined)
    throw new ConfigError(`attack '${spec.name}' learns from the rows first, which is done on the kernel alone`);
  const engine = asyncAttackEngine({ attack, threat: threatModel(spec.threat, features), victim, features });
  const root = rng(seed).split('attack').split(spec.name);
  const size = features.length;
  const chunks = rowChunks(x.length / size, chunkRows(backend));
  const outcomes: ChunkOutcome[] = [];
  let done = 0;
  for (const chunk of chunks) {
    const { first, count, stride } = chunk;
    const before = engine.meter;
    const adversarial = new Float32Array(count * size);
    const rngs = Array.from({ length: count }, (_, k) => root.split(first + stride * k));
    await engine.perturb(chunkOf(x, size, chunk), count, first % 2, rngs, adversarial);
    outcomes.push(outcomeOf(engine, before, adversarial));
    done += count;
    yield done;
  }
  return { ...batchResult(victim.head, size, chunks, outcomes), ...notesOf(attack, victim) };
}
