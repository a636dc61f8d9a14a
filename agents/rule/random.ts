import type { Definition } from '../../core/definition.ts';
import type { Rng } from '../../core/rng.ts';
import type { ControllerMaker } from './controller.ts';
import { noOptions } from './controller.ts';

/** Uniform over the action box; each row has a stream of its own, so that batching never changes a lane's bits. */
export const random: Definition<ControllerMaker> = {
  title: 'Random',
  source: 'uniform over the action space',
  config: noOptions,
  make: (raw) => {
    noOptions.parse(raw);
    return (observation, action, rng) => {
      const { features } = action;
      const streams: Rng[] = [];
      return {
        observationSize: observation.features.length,
        actionSize: features.length,
        decide(_x, rows, out) {
          for (let row = streams.length; row < rows; row++) streams.push(rng.split(row));
          for (let row = 0; row < rows; row++)
            for (const [j, { low, high }] of features.entries())
              out[row * features.length + j] = low + (high - low) * streams[row]!.uniform();
        },
      };
    };
  },
};
