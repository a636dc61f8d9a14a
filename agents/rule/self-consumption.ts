import { z } from 'zod';
import type { Definition } from '../../core/definition.ts';
import { toPhysical } from '../../core/space.ts';
import type { ControllerMaker } from './controller.ts';
import { featureIndex, sameForAll } from './controller.ts';

const config = z.strictObject({
  capacity: z.number().positive().default(6.4).describe('Battery capacity in kWh, to turn energy into a command.'),
  gain: z.number().min(0).max(2).default(1).describe('Share of the surplus or deficit of the last hour to act on.'),
});

/**
 * Stores the last hour's surplus and covers its deficit: `a = gain·(pv − load)/capacity`, not below what the battery holds.
 *
 * Greedy and without a forecast; the upper line of what a rule can do for consumption.
 */
export const selfConsumption: Definition<ControllerMaker> = {
  title: 'Greedy self-consumption',
  source: 'the usual rule of home battery inverters',
  config,
  make: (raw) => {
    const { capacity, gain } = config.parse(raw);
    return (observation, action) => {
      const [load, pv, soc] = ['non_shiftable_load', 'solar_generation', 'electrical_storage_soc'].map((name) => {
        const index = featureIndex(observation, name, 'self-consumption');
        const feature = observation.features[index]!;
        return (x: Float32Array, at: number) => toPhysical(feature, x[at + index]!);
      }) as [Reader, Reader, Reader];
      return sameForAll(observation, action, (x, at) =>
        Math.max((gain * (pv(x, at) - load(x, at))) / capacity, -soc(x, at)),
      );
    };
  },
};

type Reader = (x: Float32Array, at: number) => number;
