import { meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyOptions, StudyTable } from '../study.ts';
import { contestClaims, contestFigures, contestTable } from './contest-conclude.ts';
import { ContestFound } from './contest-found.ts';
import { controllerSizes, languageSizes } from './contest-sizes.ts';
import type { ScheduleWorth } from './controller.ts';
import type { SentenceWorth } from './language.ts';
import { namesOf, partsOf } from './plan.ts';
import { concerns } from './schedule.ts';
import { exceedsOnSeeds, less } from './verdict.ts';

type Cells = ReadonlyMap<string, unknown>;

/** Nats of a day, a quarter of one for each decision: as far as an aligned controller may go from its reference. */
const budget = 6;

/** What operators' preferences make of a controller. */
export function concludeController(options: StudyOptions, cells: Cells): StudyConclusion {
  const at = (difficulty: string): ContestFound<ScheduleWorth> =>
    new ContestFound('controller', difficulty, options, cells);
  const found = at('base');
  const disutility = ({ disutility }: ScheduleWorth): number => disutility;
  const own: Claim[] = [
    exceedsOnSeeds(
      'Controller: the panel’s disutility is lower than under the reference',
      less(found.reference(disutility), found.chosen('irepo', disutility)),
      0,
      'mean disutility of the reference less that of iREPO on held-out days',
    ),
    exceedsOnSeeds(
      `Controller: iREPO keeps within a budget of ${budget} nats a day`,
      found.chosen('irepo', ({ kl }) => budget - kl),
      0,
      'what is left of the budget',
    ),
  ];
  const figures = {
    disutility,
    ...Object.fromEntries(concerns.map((concern, f) => [concern, ({ burden }: ScheduleWorth) => burden[f]!])),
  };
  const note =
    'Means over held-out days and schedules of a day: disutility of the panel; imports in $, Σ|Δnet|, Σ|battery|, largest import and energy that a cut of four hours leaves unserved, in kWh; KL of a day in nats; J = −disutility − β KL.';
  const claimed = partsOf(options).includes('controller');
  return {
    claims: claimed ? [...own, ...contestClaims('Controller', found)] : [],
    tables: namesOf('controller', controllerSizes(options), options).map((name) =>
      contestTable(`Controller of Building_1, ${name}`, at(name), figures, note),
    ),
    figures: claimed ? contestFigures('Controller', found) : [],
  };
}

/** What a preference over sentences makes of a small language model. */
export function concludeLanguage(options: StudyOptions, cells: Cells): StudyConclusion {
  const at = (difficulty: string): ContestFound<SentenceWorth> =>
    new ContestFound('language', difficulty, options, cells);
  const found = at('base');
  const orders = ({ orders }: SentenceWorth): number => orders;
  const table = (name: string): StudyTable =>
    contestTable(
      `Language model of dispatchers’ orders, ${name}`,
      at(name),
      { 'E r': ({ utility }) => utility, 'are orders': orders },
      `Means over sentences to held-out prompts. KL by ln π/π_ref of the model’s own sentences. Share of orders under the reference: ${meanText(found.reference(orders), 3)}.`,
    );
  const claimed = partsOf(options).includes('language');
  return {
    claims: claimed ? contestClaims('Language', found) : [],
    tables: namesOf('language', languageSizes(options), options).map(table),
    figures: claimed ? contestFigures('Language', found) : [],
  };
}
