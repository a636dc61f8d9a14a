import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { attackRows } from '../../cli/attack-threads.ts';
import type { AttackOptions } from '../../cli/attack-threads.ts';
import { exitCodeOf } from '../../cli/exit.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { AttackSpec } from '../../core/scenario.ts';
import { batchResult, chunkAttack, chunkOf, openLoopVictim, rowChunks } from '../../evaluation/attack-batch.ts';
import type { BatchResult } from '../../evaluation/attack-batch.ts';
import { ruleSource } from '../../evaluation/workspace.ts';
import type { VictimSource } from '../../evaluation/workspace.ts';
import { fileWorkspace } from '../../server/workspace.ts';

const modelsDir = join(import.meta.dirname, '..', '..', 'models');
const policy = 'ppo20-builtin';
const toggling: AttackSpec = { name: 'toggle-bifurcation', threat: {}, config: { steps: 5 } };
const noise: AttackSpec = { name: 'random-noise', threat: {}, config: {} };
const rows = 500;
const workspace = fileWorkspace({ roots: null, modelsDir });
let source: VictimSource;
let x: Float32Array;

beforeAll(async () => {
  source = await workspace.victim(policy);
  const draw = rng(4);
  x = Float32Array.from({ length: rows * source.features.length }, () => draw.uniform());
});

const attack = (options: Partial<AttackOptions>, task: Partial<{ policy: string; attack: AttackSpec }> = {}) =>
  attackRows(
    x,
    source,
    { policy, modelsDir, attack: toggling, seed: 2, ...task },
    { workers: 2, signal: new AbortController().signal, onProgress: () => {}, leastWork: 0, workspace, ...options },
  );

describe('chunks of recorded rows', () => {
  it('hold every row once, each chunk those of one parity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), (count) => {
        const chunks = rowChunks(count);
        const all = chunks.flatMap((chunk) => Array.from({ length: chunk.count }, (_, k) => chunk.first + 2 * k));
        expect(all.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
        expect(Math.min(...chunks.map((chunk) => chunk.count))).toBeGreaterThan(0);
      }),
    );
  });

  it.each([toggling, noise])('give what each row gives alone ($name)', async (spec) => {
    const size = source.features.length;
    const victim = openLoopVictim(source);
    const perturb = chunkAttack(source.features, victim, spec, 2);
    const single = [...Array(rows).keys()].map((first) => ({ first, count: 1, stride: 2 as const }));
    const alone = batchResult(
      victim.head,
      size,
      single,
      single.map((chunk) => perturb(chunkOf(x, size, chunk), chunk)),
    );
    const together = await attack({ workers: 1 }, { attack: spec });
    expect(together.adversarial).toEqual(alone.adversarial);
    expect([together.queries, together.gradients]).toEqual([alone.queries, alone.gradients]);
    expect(together.success.rate).toBe(alone.success.rate);
  });
});

describe('recorded rows in threads', () => {
  it('the same bits for every number of workers', async () => {
    const results: BatchResult[] = [];
    for (const workers of [1, 2, 3]) {
      const seen: number[] = [];
      results.push(await attack({ workers, onProgress: (done) => seen.push(done) }));
      expect(seen).toHaveLength(rowChunks(rows).length);
      expect(seen.at(-1)).toBe(rows);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(results[0]!.norms.linfMax).toBeGreaterThan(0);
  });

  it('what a thread throws comes with its name and exit code', async () => {
    // This thread has the policy; the others look for it.
    const error: unknown = await attack({}, { policy: 'nobody' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'UnknownNameError', code: 'unknown-name' });
    expect(String(error)).toContain("unknown policy 'nobody'");
    expect(exitCodeOf(error)).toBe(2);
  });

  it('few rows stay in this thread', async () => {
    await expect(attack({ leastWork: 1e9 }, { policy: 'nobody' })).resolves.toBeDefined();
  });

  it.each([1, 2])('an interruption ends it, with %i workers', async (workers) => {
    const stop = new AbortController();
    let done = 0;
    const running = attack({
      workers,
      signal: stop.signal,
      onProgress(count) {
        done = count;
        // With two workers: the second report is a thread's.
        if (workers === 1 || count > 96) stop.abort();
      },
    });
    await expect(running).rejects.toThrow(CancelledError);
    expect(done).toBeLessThan(rows);
  });

  it('a rule is refused', async () => {
    const rule = ruleSource('idle');
    await expect(
      attackRows(
        x,
        rule,
        { policy: 'idle', modelsDir, attack: toggling, seed: 0 },
        {
          workers: 1,
          signal: new AbortController().signal,
          onProgress: () => {},
          workspace,
        },
      ),
    ).rejects.toThrow(ConfigError);
  });
});
