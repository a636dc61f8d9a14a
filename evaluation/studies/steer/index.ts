import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { plan } from './plan.ts';

/** STEER on generated languages: experts fine-tuned from a base here, guided and negatively prompted, beside sampling, beam and contrastive search. */
export const steerStudy: Study = {
  title: 'STEER: contrastive expert guidance and negative prompting',
  source: "O'Neill et al. (2023), arXiv 2308.07645",
  seeds: { full: 5, quick: 5 },
  plan,
  conclude,
};
