import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { plan } from './plan.ts';

/** What attacks on loads do to a power system: published numbers reproduced, and how many compromised homes a feeder withstands. */
export const gridImpactStudy: Study = {
  title: 'What attacks on building controllers do to the grid',
  source: 'specs/grid.md 4 to 7 and the sources it names',
  seeds: { full: 5, quick: 5 },
  plan,
  conclude,
};
