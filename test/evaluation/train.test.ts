import { describe, expect, it } from 'vitest';
import { learners } from '../../agents/index.ts';
import type { LearnerName } from '../../agents/index.ts';
import { ppoConfig } from '../../agents/ppo/config.ts';
import { presets } from '../../agents/preset.ts';
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
    expect(plannedTraining(scenario({ train: { steps: 999, lanes: 3, evaluateEvery: 100 } }).train)).toMatchObject({
      steps: 999,
      lanes: 3,
      evaluateEvery: 100,
    });
  });

  it('starts from the preset, and a scenario’s own options go before it', () => {
    const config = (train: object): object => plannedTraining(scenario({ train }).train).config;
    expect(config({ algorithm: 'ppo' })).toMatchObject({ bins: 20, n_epochs: 4, gamma: 0.97, idleBaseline: true });
    expect(config({ algorithm: 'ppo', config: { gamma: 0.9 } })).toMatchObject({ gamma: 0.9, n_epochs: 4 });
    expect(config({ algorithm: 'ppo', preset: 'sb3', config: { n_steps: 512 } })).toEqual(
      ppoConfig.parse({ n_steps: 512 }),
    );
  });

  it.each(
    Object.entries(learners).flatMap(([name, { config }]) =>
      Object.entries(presets).map(([preset, of]) => ({
        name,
        preset,
        config,
        options: of[name as LearnerName].config,
      })),
    ),
  )('the preset $preset fits the options of $name', ({ config, options }) => {
    expect(config.parse(options)).toMatchObject(options);
  });

  it.each([
    ['ppo', { n_steps: 64 }],
    ['a2c', {}],
  ])(
    '%s learns something in a few seconds, judges it on a clean episode, and writes the best',
    async (algorithm, config) => {
      const value = scenario({
        district: { steps: 400 },
        train: {
          algorithm,
          steps: 49_152,
          lanes: 8,
          evaluateEvery: 6144,
          config: { net_arch: [64, 64], ...config },
        },
      });
      using run = await openTraining(value, memoryWorkspace());
      for (const event of run.training)
        if (event.type === 'evaluation')
          expect(event.point.metrics['electricity_consumption_total']).toBeGreaterThan(0);
      expect(run.training.curve).toHaveLength(8);
      expect(run.best!.score).toBe(Math.min(...run.training.curve.map((point) => point.score)));
      expect(run.best!.metrics['electricity_consumption_total']).toBeLessThan(0.95); // idle is 1
      const card = JSON.parse(run.files('t').card) as { observation: { features: unknown[]; normalisation: string } };
      expect(card.observation).toMatchObject({ normalisation: 'fixed' });
      expect(card.observation.features).toHaveLength(31);
    },
  );

  it('refuses more than one building by name', async () => {
    await expect(
      openTraining(scenario({ district: { buildings: ['Building_1', 'Building_2'] } }), memoryWorkspace()),
    ).rejects.toThrow(/district\/buildings: a controller is trained on one building, got 2/);
  });
});
