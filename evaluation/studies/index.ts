import { bifurcationStudy } from './bifurcation/index.ts';
import type { Study } from './study.ts';

/** Studies by the name that `faultline study` takes. */
export const studies = { bifurcation: bifurcationStudy } satisfies Record<string, Study>;
