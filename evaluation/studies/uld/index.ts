import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { plan } from './plan.ts';

/** An assistant that knows only what is to be forgotten, subtracted from a language model and from a poisoned controller, beside the conventional ways. */
export const uldStudy: Study = {
  title: 'ULD: unlearning from logit difference',
  source: 'Ji et al. (2024), arXiv 2406.08607',
  seeds: { full: 5, quick: 3 },
  plan,
  conclude: (options, _outcomes, cells) => conclude(options, cells),
};
