import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { AttackSpec } from '../../core/scenario.ts';
import { batchResult, chunkAttack, chunkOf, openLoopVictim, rowChunks } from '../../evaluation/attack-batch.ts';
import type { BatchResult } from '../../evaluation/attack-batch.ts';
import { attackBackend, attackOnTensors } from '../../evaluation/attack-on-tensors.ts';
import { ruleSource } from '../../evaluation/workspace.ts';
import type { VictimSource } from '../../evaluation/workspace.ts';
import { selectBackend } from '../../nn/backend.ts';
import type { SelectedBackend } from '../../nn/backend.ts';
import { fileWorkspace } from '../../server/workspace.ts';

const modelsDir = join(import.meta.dirname, '..', '..', 'models');
const rows = 60;
const toggling: AttackSpec = { name: 'toggle-bifurcation', threat: {}, config: { steps: 8 } };
let source: VictimSource;
let x: Float32Array;

beforeAll(async () => {
  source = await fileWorkspace({ roots: null, modelsDir }).victim('ppo20-builtin');
  const draw = rng(4);
  x = Float32Array.from({ length: rows * source.features.length }, () => draw.uniform());
});

function onKernel(spec: AttackSpec): BatchResult {
  const size = source.features.length;
  const victim = openLoopVictim(source);
  const perturb = chunkAttack(source.features, victim, spec, 2);
  const chunks = rowChunks(rows);
  return batchResult(
    victim.head,
    size,
    chunks,
    chunks.map((chunk) => perturb(chunkOf(x, size, chunk), chunk)),
  );
}

async function onTensors(backend: SelectedBackend, spec: AttackSpec): Promise<BatchResult> {
  const attack = attackOnTensors(x, source, spec, 2, backend);
  for (;;) {
    const next = await attack.next();
    if (next.done === true) return next.value;
    expect(next.value).toBeGreaterThan(0);
  }
}

describe('recorded rows on a tensor backend', () => {
  it.each(['wasm', 'cpu'])('are attacked as on the kernel, within the threat set (%s)', async (force) => {
    using backend = await selectBackend({ force });
    const { numTensors } = backend.tf.memory();
    const expected = onKernel(toggling);
    const got = await onTensors(backend, toggling);
    // A sign may tip where a gradient is rounding alone; no more than a few values of 60·31 do.
    const differs = got.adversarial.filter((value, i) => Math.abs(value - expected.adversarial[i]!) > 1e-6).length;
    expect(differs).toBeLessThan(20);
    expect(got.success.rate).toBeCloseTo(expected.success.rate!, 1);
    expect(got.norms.linfMax).toBe(expected.norms.linfMax);
    expect(Math.abs(got.gradients - expected.gradients)).toBeLessThan(20);
    expect(backend.tf.memory().numTensors).toBe(numTensors);
  });

  it('frees what it holds when it is left', async () => {
    using backend = await selectBackend({ force: 'cpu' });
    const { numTensors } = backend.tf.memory();
    const attack = attackOnTensors(x, source, toggling, 2, backend);
    await attack.next();
    await attack.return(undefined as never);
    expect(backend.tf.memory().numTensors).toBe(numTensors);
  });

  it('refuses a rule, and an attack that cannot wait', async () => {
    using backend = await selectBackend({ force: 'cpu' });
    await expect(attackOnTensors(x, ruleSource('idle'), toggling, 2, backend).next()).rejects.toThrow(ConfigError);
    const noise: AttackSpec = { name: 'random-noise', threat: {}, config: {} };
    await expect(onTensors(backend, noise)).rejects.toThrow(ConfigError);
  });
});

describe('where a batch is attacked', () => {
  /** A backend that stands for a GPU; what it says of itself does not matter here. */
  const opened: string[] = [];
  const open = async (force: string): Promise<SelectedBackend> => {
    opened.push(force);
    if (force === 'tfjs-node-gpu') throw new Error('not installed');
    return selectBackend({ force: 'wasm' });
  };
  const from = (rows: number | null) => () => Promise.resolve(rows);

  it('is the kernel when it is asked for, and for few rows', async () => {
    opened.length = 0;
    expect(await attackBackend('kernel', source, 1e6, from(1), open)).toBeUndefined();
    expect(await attackBackend('auto', source, 100, from(1), open)).toBeUndefined();
    expect(await attackBackend('auto', ruleSource('idle'), 1e6, from(1), open)).toBeUndefined();
    expect(opened).toEqual([]);
  });

  it('is a GPU where it is faster, measured here, and the kernel where it is not', async () => {
    opened.length = 0;
    using backend = await attackBackend('auto', source, 5000, from(4999), open);
    expect(backend?.name).toBe('wasm');
    expect(opened).toEqual(['tfjs-node-gpu', 'webgpu']);
    const { numTensors } = backend!.tf.memory();
    expect(await attackBackend('auto', source, 5000, from(5001), open)).toBeUndefined();
    expect(await attackBackend('auto', source, 5000, from(null), open)).toBeUndefined();
    expect(backend!.tf.memory().numTensors).toBe(numTensors);
  });

  it('is measured where nothing else is said: plain JavaScript never overtakes the kernel', async () => {
    expect(await attackBackend('auto', source, 1e6, undefined, () => selectBackend({ force: 'cpu' }))).toBeUndefined();
  }, 60_000);

  it('is the named one, or an error', async () => {
    using backend = await attackBackend('wasm', source, 1);
    expect(backend?.name).toBe('wasm');
    await expect(attackBackend('wsam', source, 1)).rejects.toThrow(UnknownNameError);
  });
});
