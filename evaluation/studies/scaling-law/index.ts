import type { Study } from '../study.ts';
import { controllerConclusion } from './controller-conclusion.ts';
import { engineConclusion } from './engine-conclusion.ts';
import { entropyConclusion } from './entropy-conclusion.ts';
import { entropyImagesConclusion } from './entropy-images-part.ts';
import { lawConclusion } from './law-conclusion.ts';
import { planOf } from './plan.ts';
import { searchConclusion } from './search-conclusion.ts';

/** Universal scaling of adversarial error, entropy penalty, and the search for robust architectures. */
export const scalingLawStudy: Study = {
  title: 'Intriguing properties of adversarial examples: one error law, entropy penalty, architecture search',
  source: 'arXiv 1711.02846; specs/logit-methods.md 2',
  seeds: { full: 5, quick: 3 },
  plan: planOf,
  conclude(options, _outcomes, cells) {
    const parts = [
      lawConclusion,
      engineConclusion,
      entropyConclusion,
      entropyImagesConclusion,
      controllerConclusion,
      searchConclusion,
    ].map((conclude) => conclude(options, cells));
    return {
      claims: parts.flatMap(({ claims }) => claims),
      tables: parts.flatMap(({ tables }) => tables),
      figures: parts.flatMap(({ figures }) => figures),
    };
  },
};
