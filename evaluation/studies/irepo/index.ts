import type { Study } from '../study.ts';
import { banditClaims, banditFigures, banditTables, scaleClaims } from './bandit-conclude.ts';
import { plan } from './plan.ts';

/** Preferences with their strength, not only with their sign: iREPO beside its rivals on a problem whose optimum is known. */
export const irepoStudy: Study = {
  title: 'iREPO: implicit reward pairwise difference regression',
  source: 'arXiv 2405.15230',
  seeds: { full: 5, quick: 3 },
  plan,
  conclude: (options, _outcomes, cells) => ({
    claims: [...banditClaims(options, cells), ...scaleClaims(options, cells)],
    tables: banditTables(options, cells),
    figures: banditFigures(options, cells),
  }),
};
