import type { Study } from '../study.ts';
import { conclude } from './conclude.ts';
import { largeConclusion, largeNames } from './large-part.ts';
import { plan } from './plan.ts';

/** Two heads where one contradicts itself: distillation on logits beside labels, its ablation and its rivals, down to hardened students of policies. */
export const dhkdStudy: Study = {
  title: 'Dual-head knowledge distillation',
  source: 'arXiv 2411.08937',
  seeds: { full: 5, quick: 2 },
  plan,
  conclude(options, _outcomes, cells) {
    const { only } = options;
    const large = largeConclusion(options, cells);
    if (only?.every((name) => largeNames.includes(name))) return large;
    const { claims, tables, figures } = conclude(options, cells);
    return { claims: [...claims, ...large.claims], tables: [...tables, ...large.tables], figures };
  },
};
