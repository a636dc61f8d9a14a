import { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { sameForAll } from './controller.ts';

/** Does nothing: the reference that every KPI is divided by. */
export const idle: Definition<ControllerMaker> = {
  title: 'Idle',
  source: 'BaselineAgent of CityLearn',
  config: z.strictObject({}),
  make: () => (observation, action) => sameForAll(observation, action, () => 0),
};
