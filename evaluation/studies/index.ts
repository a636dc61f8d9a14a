import { bifurcationStudy } from './bifurcation/index.ts';
import { dhkdStudy } from './dhkd/index.ts';
import type { Study } from './study.ts';

/** Studies by the name that `faultline study` takes. */
export const studies = { bifurcation: bifurcationStudy, dhkd: dhkdStudy } satisfies Record<string, Study>;
