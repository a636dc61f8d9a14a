import { z } from 'zod';
import type { ObservationAttack } from '../core/attack.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, searchFields, targetField } from './options.ts';
import { ascend } from './search/ascend.ts';
import { targetOf } from './target/index.ts';

const searchConfig = z.strictObject(searchFields);
const config = z.strictObject({ objective: objectiveField(), target: targetField, ...searchFields });

function search(options: z.output<typeof config>): ObservationAttack {
  return ascend(objectiveOf(options.objective), targetOf(options.target), options);
}

/** Projected gradient descent with restarts and the best iterate. */
export const pgd = define('Projected gradient', 'Madry et al. (2018), arXiv 1706.06083', config, search);

/** PGD on the grouped margin, to the side opposite of the clean decision. */
export const bifurcation = define(
  'Bifurcation: to the other side of zero',
  'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182, with the true maximum over groups',
  searchConfig,
  (options) => search({ ...options, objective: 'grouped-margin', target: 'untargeted' }),
);

/** PGD on the grouped margin, to discharge on even steps and to charge on odd ones. */
export const toggleBifurcation = define(
  'Toggled bifurcation: discharge, charge, discharge …',
  'Broda-Milian, Al-Mallah, Dagdougui (2024), arXiv 2407.05182',
  searchConfig,
  (options) => search({ ...options, objective: 'grouped-margin', target: 'toggle' }),
);
