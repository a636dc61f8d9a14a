import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { plan } from './plan.ts';

/** The bifurcation attack on building controllers, reproduced on controllers trained here, each of its attacks beside a correct one. */
export const bifurcationStudy: Study = {
  title: 'The bifurcation attack on building controllers',
  source: 'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182',
  seeds: { full: 5, quick: 2 },
  plan,
  conclude,
};
