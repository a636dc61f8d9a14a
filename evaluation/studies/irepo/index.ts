import type { Study } from '../study.ts';
import { banditClaims, banditFigures, banditTables } from './bandit-conclude.ts';
import { concludeController, concludeLanguage } from './contests.ts';
import { plan } from './plan.ts';
import { scaleClaims, scaleTable } from './scale-conclude.ts';

/** Preferences with their strength, not only with their sign: iREPO beside its rivals on a problem whose optimum is known. */
export const irepoStudy: Study = {
  title: 'iREPO: implicit reward pairwise difference regression',
  source: 'arXiv 2405.15230',
  seeds: { full: 5, quick: 3 },
  plan,
  conclude: (options, _outcomes, cells) => {
    const parts = [
      {
        claims: [...banditClaims(options, cells), ...scaleClaims(options, cells)],
        tables: [...banditTables(options, cells), ...scaleTable(options, cells)],
        figures: banditFigures(options, cells),
      },
      concludeController(options, cells),
      concludeLanguage(options, cells),
    ];
    return {
      claims: parts.flatMap(({ claims }) => claims),
      tables: parts.flatMap(({ tables }) => tables),
      figures: parts.flatMap(({ figures }) => figures),
    };
  },
};
