import { amuStudy } from './amu/index.ts';
import { bifurcationStudy } from './bifurcation/index.ts';
import { dhkdStudy } from './dhkd/index.ts';
import { gridImpactStudy } from './grid-impact/index.ts';
import { irepoStudy } from './irepo/index.ts';
import { scalingLawStudy } from './scaling-law/index.ts';
import { steerStudy } from './steer/index.ts';
import type { Study } from './study.ts';
import { uldStudy } from './uld/index.ts';

/** Studies by the name that `faultline study` takes. */
export const studies = {
  amu: amuStudy,
  bifurcation: bifurcationStudy,
  dhkd: dhkdStudy,
  'grid-impact': gridImpactStudy,
  irepo: irepoStudy,
  'scaling-law': scalingLawStudy,
  steer: steerStudy,
  uld: uldStudy,
} satisfies Record<string, Study>;
