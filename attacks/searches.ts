import type { ObservationAttack } from '../core/attack.ts';
import type { Definition } from '../core/definition.ts';
import { acgArt } from './acg-art.ts';
import { cwL2 } from './cw-l2.ts';
import { deepfool } from './deepfool.ts';
import { fmn } from './fmn.ts';
import { greedySensors } from './greedy-sensors.ts';
import { minEpsilon } from './min-epsilon.ts';
import { iterated } from './iterated.ts';
import { universal } from './universal.ts';

/** Searches of the best point within a budget, of the least perturbation that is enough, and of one for all steps. */
export const searches = {
  ...iterated,
  'acg-art-1.16': acgArt,
  'min-epsilon': minEpsilon,
  fmn,
  deepfool,
  'cw-l2': cwL2,
  'greedy-sensors': greedySensors,
  universal,
} satisfies Record<string, Definition<ObservationAttack>>;
