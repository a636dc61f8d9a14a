import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { noOptions, sameForAll } from './controller.ts';

/** Does nothing: the reference that every KPI is divided by. */
export const idle: Definition<ControllerMaker> = {
  title: 'Idle',
  source: 'BaselineAgent of CityLearn',
  config: noOptions,
  make: (raw) => {
    noOptions.parse(raw);
    return (observation, action) => sameForAll(observation, action, () => 0);
  },
};
