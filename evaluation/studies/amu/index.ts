import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { plan } from './plan.ts';

/** AMU-Tuning beside its baselines and without each ingredient: on generated images, whose two encoders are trained here on different tasks, and on incidents in a building that its detector does not know. */
export const amuStudy: Study = {
  title: 'AMU-Tuning: logit bias for few-shot adaptation',
  source: 'Tang et al. (2024), arXiv 2404.08958',
  seeds: { full: 5, quick: 5 },
  plan,
  conclude,
};
