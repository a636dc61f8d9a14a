import { acg, reacg } from './acg.ts';
import { apgd, apgdT } from './apgd.ts';
import { bim, miFgsm, niFgsm } from './gradient-sign.ts';

/** Iterative searches of the best point within a budget. */
export const iterated = {
  bim,
  'mi-fgsm': miFgsm,
  'ni-fgsm': niFgsm,
  apgd,
  'apgd-t': apgdT,
  acg,
  reacg,
} as const;
