import { describe, expect, it } from 'vitest';
import { scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import { openTraining, plannedTraining } from '../../evaluation/train.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { memoryWorkspace } from '../support/memory-workspace.ts';

const scenario = (value: object): Scenario => scenarioFrom(value, 'test', schema);

describe('training', () => {
  it('takes what the learner needs where the scenario leaves it open', () => {
    const sac = plannedTraining(scenario({ train: { algorithm: 'sac' } }).train);
    const ppo = plannedTraining(scenario({}).train);
    expect(ppo.steps).toBeGreaterThan(sac.steps);
    expect(ppo.evaluateEvery).toBe(ppo.steps / 20);
    expect(plannedTraining(scenario({ train: { steps: 999, lanes: 3, evaluateEvery: 100 } }).train)).toEqual({
      steps: 999,
      lanes: 3,
      evaluateEvery: 100,
    });
  });

  it('learns something in a few seconds, judges it on a clean episode, and writes the best', async () => {
    const value = scenario({
      district: { steps: 400 },
      train: {
        algorithm: 'ppo',
        steps: 49_152,
        lanes: 8,
        evaluateEvery: 6144,
        config: { hidden: [64, 64], rolloutSteps: 512 },
      },
    });
    using run = await openTraining(value, memoryWorkspace());
    for (const event of run.training)
      if (event.type === 'evaluation') expect(event.point.metrics['electricity_consumption_total']).toBeGreaterThan(0);
    expect(run.training.curve).toHaveLength(8);
    expect(run.best!.score).toBe(Math.min(...run.training.curve.map((point) => point.score)));
    expect(run.best!.metrics['electricity_consumption_total']).toBeLessThan(0.95); // idle is 1
    const card = JSON.parse(run.files('t').card) as { observation: { features: unknown[]; normalisation: string } };
    expect(card.observation).toMatchObject({ normalisation: 'fixed' });
    expect(card.observation.features).toHaveLength(31);
  });

  it('refuses more than one building by name', async () => {
    await expect(
      openTraining(scenario({ district: { buildings: ['Building_1', 'Building_2'] } }), memoryWorkspace()),
    ).rejects.toThrow(/district\/buildings: a controller is trained on one building, got 2/);
  });
});
