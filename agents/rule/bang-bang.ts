import type { Definition } from '../../core/definition.ts';
import type { ControllerMaker } from './controller.ts';
import { hourReader, noOptions, sameForAll } from './controller.ts';

/**
 * Full charge on even hours, full discharge on odd ones: what the strongest attack on a controller amounts to.
 * The hour is read from the observation, so that a lane's decisions do not depend on who else is in the batch.
 */
export const bangBang: Definition<ControllerMaker> = {
  title: 'Bang-bang',
  source: 'specs/bifurcation.md 3.3: bins 19, 0, 19, 0, … from an episode start at hour 24',
  config: noOptions,
  make: (raw) => {
    noOptions.parse(raw);
    return (observation, action) => {
      const hour = hourReader(observation, 'bang-bang');
      return sameForAll(observation, action, (x, at) =>
        hour(x, at) % 2 === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
      );
    };
  },
};
