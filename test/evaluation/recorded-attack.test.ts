import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { rng } from '../../core/rng.ts';
import type { AttackSpec } from '../../core/scenario.ts';
import { batchResult, chunkOf, openLoopVictim } from '../../evaluation/attack-batch.ts';
import type { BatchResult } from '../../evaluation/attack-batch.ts';
import { isApart, recordedAttack } from '../../evaluation/recorded-attack.ts';
import type { VictimSource } from '../../evaluation/workspace.ts';
import { fileWorkspace } from '../../server/workspace.ts';

const workspace = fileWorkspace({ roots: null, modelsDir: join(import.meta.dirname, '..', '..', 'models') });
const rows = 210; // more than two chunks
let source: VictimSource;
let size: number;
let x: Float32Array;

beforeAll(async () => {
  source = await workspace.victim('ppo20-builtin');
  size = source.features.length;
  const draw = rng(4);
  x = Float32Array.from({ length: rows * size }, () => draw.uniform());
});

interface Asked {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly threat?: Readonly<Record<string, unknown>>;
}

const specOf = (name: string, { config = {}, threat = {} }: Asked): AttackSpec => ({ name, config, threat });

/** The whole attack, as the command line makes it. */
async function attacked(name: string, asked: Asked = {}): Promise<BatchResult> {
  const victim = openLoopVictim(source);
  using recorded = await recordedAttack({ x, source, victim, spec: specOf(name, asked), seed: 2, workspace });
  const shares = [...recorded.prepare()];
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  const outcomes = recorded.chunks.map((chunk) => recorded.attack(chunkOf(x, size, chunk), chunk));
  return { ...batchResult(victim.head, size, recorded.chunks, outcomes), ...recorded.notes() };
}

const rowOf = (values: Float32Array, row: number): Float32Array => values.subarray(row * size, (row + 1) * size);
const changed = (adversarial: Float32Array): readonly number[] =>
  [...Array(rows).keys()].filter((row) => rowOf(adversarial, row).some((value, j) => value !== x[row * size + j]));

describe('rows in the order of time', () => {
  const threat = { preset: 'unbounded' };

  it('a delayed sensor shows the row of some steps ago, over every border of a chunk', async () => {
    const { adversarial, queries } = await attacked('sensor-delay', { config: { steps: 5 }, threat });
    for (let t = 0; t < rows; t++) expect(rowOf(adversarial, t)).toEqual(rowOf(x, Math.max(0, t - 5)));
    expect(queries).toBe(0);
  });

  it('a replayed window is shown again and again', async () => {
    const { adversarial } = await attacked('sensor-replay', { config: { window: 24, from: 10 }, threat });
    for (let t = 0; t < rows; t++) expect(rowOf(adversarial, t)).toEqual(rowOf(x, t < 34 ? t : 10 + ((t - 10) % 24)));
  });

  it('a sensor that dropped out holds what it last showed, and a masked one never does', async () => {
    const asked = { config: { probability: 0.4 }, threat: { ...threat, mask: ['hour_cos'] } };
    const { adversarial } = await attacked('sensor-dropout', asked);
    let held = 0;
    for (let i = size; i < x.length; i++) {
      if (adversarial[i] === x[i]) continue;
      held++;
      expect(adversarial[i]).toBe(adversarial[i - size]);
      expect(source.features[i % size]!.name).not.toBe('hour_cos');
    }
    expect(held / x.length).toBeGreaterThan(0.35);
    expect(held / x.length).toBeLessThan(0.42);
  });

  it('constraints that look back hold from row to row', async () => {
    const budget = { name: 'budget', steps: 6, of: 24 };
    const limits = { non_shiftable_load: 0.02 };
    const asked = (constraints: readonly object[]): Asked => ({ config: { steps: 3 }, threat: { constraints } });
    const { adversarial } = await attacked('pgd', asked([budget]));
    const struck = changed(adversarial);
    expect(struck.length).toBeGreaterThan(40);
    for (const first of struck)
      expect(struck.filter((t) => t >= first && t < first + 24).length).toBeLessThanOrEqual(6);

    const load = source.features.findIndex(({ name }) => name === 'non_shiftable_load');
    const { adversarial: rated } = await attacked('pgd', asked([{ name: 'rate', limits, units: 'normalised' }]));
    const { adversarial: free } = await attacked('pgd', asked([]));
    let more = 0;
    for (let t = 1; t < rows; t++) {
      const change = (of: Float32Array): number => of[t * size + load]! - of[(t - 1) * size + load]!;
      // What is shown may jump as far as the truth does, and by 0.02 anyway.
      const [least, most] = [Math.min(-0.02, change(x)) - 1e-6, Math.max(0.02, change(x)) + 1e-6];
      expect(change(rated)).toBeGreaterThanOrEqual(least);
      expect(change(rated)).toBeLessThanOrEqual(most);
      if (change(free) < least || change(free) > most) more++;
    }
    expect(more).toBeGreaterThan(20);
  });

  it('a list of steps is of the rows of the file', async () => {
    const { adversarial } = await attacked('fgsm', { config: { timing: { steps: [0, 5, 130] } } });
    expect(changed(adversarial)).toEqual([0, 5, 130]);
  });

  it('are taken in any order where nothing depends on it', () => {
    const apart = (name: string, asked: Asked = {}): boolean => isApart(specOf(name, asked), source.features);
    expect(apart('pgd')).toBe(true);
    expect(apart('pgd', { threat: { constraints: [{ name: 'circle' }] } })).toBe(true);
    expect(apart('pgd', { threat: { constraints: [{ name: 'budget', steps: 1 }] } })).toBe(false);
    expect(apart('sensor-delay')).toBe(false);
    expect(apart('snooping')).toBe(false);
  });
});

describe('what learns first', () => {
  it('listens to what the policy does on the rows, and asks it nothing', async () => {
    const config = { hidden: [32], epochs: 3, inner: { name: 'fgsm' } };
    const result = await attacked('snooping', { config });
    expect(result).toMatchObject({ queries: 0, gradients: 0 });
    expect(result.notes).toEqual([
      expect.stringMatching(/^imitator of 167 recorded pairs, 3 epochs; on 42 later ones/),
    ]);
    expect(changed(result.adversarial)).toHaveLength(rows);
    expect((await attacked('snooping', { config })).adversarial).toEqual(result.adversarial);
  });

  it('is given the networks that it names, and no rule', async () => {
    const config = { steps: 20, target: { imitate: 'ppo20-builtin-seed1' } };
    const towards = await attacked('pgd', { config, threat: { epsilon: 0.2 } });
    const other = await workspace.victim('ppo20-builtin-seed1');
    const wanted = new Float64Array(rows);
    const done = new Float64Array(rows);
    other.network!.decide(x, rows, wanted);
    const agreeing = (shown: Float32Array): number => {
      openLoopVictim(source).decide(shown, rows, done);
      return done.filter((action, row) => action === wanted[row]).length / rows;
    };
    expect(agreeing(towards.adversarial)).toBeGreaterThan(agreeing(x) + 0.3);
    const rule = { ...config, target: { imitate: 'idle' } };
    await expect(attacked('pgd', { config: rule })).rejects.toThrow(/'idle' is no network; run it with `evaluate`/);
  });

  it.each([
    ['critic', {}, /'critic' learns from the closed loop \(it tries out actions\)/],
    ['critic', { config: { exploration: 0 } }, /\(it reads rewards\)/],
    ['fgsm', { config: { timing: { valueAbove: 0.5 } } }, /'fgsm' learns from the closed loop \(it reads rewards\)/],
    ['planned', {}, /'planned' learns from the closed loop \(it knows the plant\)/],
    ['evasive', {}, /evades detectors/],
    ['action-flip', {}, /changes actions/],
    ['pgd', { threat: { constraints: [{ name: 'soc' }] } }, ConfigError],
  ])('is refused by name where it needs the plant: %s %j', async (name, asked, message) => {
    await expect(attacked(name, asked)).rejects.toThrow(ConfigError);
    await expect(attacked(name, asked)).rejects.toThrow(message);
  });
});
