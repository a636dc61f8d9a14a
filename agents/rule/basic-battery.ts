import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { hourReader, noOptions, sameForAll } from './controller.ts';

/** Charges from 6 to 14, discharges else. */
export const basicBattery: Definition<ControllerMaker> = {
  title: 'Basic battery rule',
  source: 'BasicBatteryRBC of CityLearn (specs/citylearn.md 15)',
  config: noOptions,
  make: (raw) => {
    noOptions.parse(raw);
    return (observation, action) => {
      const hour = hourReader(observation, 'basic-battery');
      return sameForAll(observation, action, (x, at) => {
        const h = hour(x, at);
        return h >= 6 && h <= 14 ? 0.11 : -0.067;
      });
    };
  },
};
