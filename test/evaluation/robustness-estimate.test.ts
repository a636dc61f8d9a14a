import { describe, expect, it } from 'vitest';
import { recordedPolicy } from '../../evaluation/recorded-policy.ts';
import { estimateRobustness } from '../../evaluation/robustness-estimate.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

describe('estimateRobustness', () => {
  it.each(['margin', 'cross-entropy'] as const)(
    'steps as the attack engine’s FGSM on the %s does, and foretells how often that changes a decision',
    async (objective) => {
      using policy = await recordedPolicy('small-ppo', 'Building_1', 1500, memoryWorkspace());
      const { rows, prefactor, points } = await estimateRobustness(policy, { objective, stride: 2, seed: 0 });
      expect(rows).toBe(751);
      expect(points.map(({ law }) => law)).toEqual([0.005, 0.01, 0.02, 0.05].map((error) => expect.closeTo(error, 9)));
      for (const { epsilon, law, engine, same, pgd, own, predicted } of points) {
        expect(law).toBeCloseTo(prefactor.value * epsilon, 9);
        expect(same).toBeGreaterThan(0.995);
        expect(Math.abs(engine! - own)).toBeLessThan(0.005);
        expect(Math.abs(predicted - own)).toBeLessThan(Math.max(0.1 * own, 2.5 / rows));
        expect(pgd).toBeGreaterThanOrEqual(engine! - 0.005);
      }
      expect(points.at(-1)!.engine! / 0.05).toBeGreaterThan(0.5);
      expect(points.at(-1)!.engine! / 0.05).toBeLessThan(2);
    },
  );

  it('reads a continuous head as bins, which the engine does not, and takes ε as given', async () => {
    using policy = await recordedPolicy('small-sac', 'Building_1', 600, memoryWorkspace());
    const { points } = await estimateRobustness(policy, {
      objective: 'margin',
      stride: 1,
      seed: 0,
      epsilons: [0.01, 0],
    });
    expect(points.map(({ engine, same, pgd }) => [engine, same, pgd])).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
    expect(points[0]!.own).toBeGreaterThan(0);
    expect(points[1]).toMatchObject({ law: 0, predicted: 0, own: 0 });
  });

  it('refuses a rule', async () => {
    await expect(recordedPolicy('idle', 'Building_1', 10, memoryWorkspace())).rejects.toThrow(
      'only a network has logits',
    );
  });
});
