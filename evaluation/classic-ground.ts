import type { Scenario } from '../core/scenario.ts';
import { classicEnvironments } from '../sim/classic/index.ts';
import type { ClassicName } from '../sim/classic/index.ts';
import { lockstepGround } from './lockstep-ground.ts';
import type { TrainingGround } from './training-ground.ts';

/** A classic environment to train on; its episodes differ by what is drawn alone. */
export function classicGround(scenario: Scenario, laneCount: number): TrainingGround {
  const { kernel } = classicEnvironments[scenario.train.environment as ClassicName];
  return lockstepGround(scenario, laneCount, { train: kernel, choose: kernel, examine: kernel, normalisation: 'raw' });
}
