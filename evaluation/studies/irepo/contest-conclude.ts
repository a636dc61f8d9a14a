import { meanText } from '../seeds.ts';
import type { Cell, Claim, StudyFigure, StudyTable } from '../study.ts';
import { contestants } from './contest.ts';
import type { ContestWorth } from './contest.ts';
import type { ContestFound } from './contest-found.ts';
import { meanOf } from './mean.ts';
import { exceedsOnSeeds, less } from './verdict.ts';

/** Against whom iREPO is claimed to have more regularised utility. */
const rivals = ['dpo', 'dpo-vote', 'ipo', 'sft'] as const;

/** Claims that a contest allows, whatever its responses are. @param what the contest, to begin the claims with */
export function contestClaims<W extends ContestWorth>(what: string, found: ContestFound<W>): Claim[] {
  const j = ({ j }: W): number => j;
  const kl = ({ kl }: W): number => kl;
  const last = found.iterations;
  const growth = (name: 'irepo' | 'dpo' | 'dpo-vote'): number[] =>
    less(found.after(last, name, kl), found.after(1, name, kl));
  return [
    exceedsOnSeeds(
      `${what}: iREPO has more regularised utility than the reference`,
      less(found.chosen('irepo', j), found.reference(j)),
      0,
      'difference of J on held-out prompts',
    ),
    ...rivals.map((rival) =>
      exceedsOnSeeds(
        `${what}: iREPO has more regularised utility than ${contestants[rival].title}`,
        less(found.chosen('irepo', j), found.chosen(rival, j)),
        0,
        'difference of J on held-out prompts; rate and number of iterations chosen on validation prompts',
      ),
    ),
    ...(['dpo', 'dpo-vote'] as const).map((name) =>
      exceedsOnSeeds(
        `${what}: hard labels are over-optimised: ${contestants[name].title} ends farther from the reference and with less regularised utility than iREPO`,
        less(found.after(last, 'irepo', j), found.after(last, name, j)).map((gap, seed) =>
          Math.min(gap, less(found.after(last, name, kl), found.after(last, 'irepo', kl))[seed] ?? Number.NaN),
        ),
        0,
        `the smaller of the two gaps (J, and KL) after iteration ${last}, at one rate for both`,
      ),
    ),
    exceedsOnSeeds(
      `${what}: from iteration to iteration DPO drifts from the reference faster than iREPO`,
      less(growth('dpo'), growth('irepo')),
      0,
      `growth of KL from iteration 1 to ${last}, of DPO less of iREPO, at one rate`,
    ),
    exceedsOnSeeds(
      `${what}: squared loss is better than soft cross-entropy (the prototypes tied)`,
      less(found.chosen('irepo', j), found.chosen('soft-dpo', j)),
      0,
      'difference of J on held-out prompts',
    ),
  ];
}

/** @param figures columns beside J and KL */
export function contestTable<W extends ContestWorth>(
  title: string,
  found: ContestFound<W>,
  figures: Readonly<Record<string, (worth: W) => number>>,
  note: string,
): StudyTable {
  const last = found.iterations;
  const columns: Readonly<Record<string, (worth: W) => number>> = { ...figures, KL: ({ kl }) => kl, J: ({ j }) => j };
  return {
    title,
    columns: [
      'policy',
      ...Object.keys(columns),
      'J less iREPO',
      'chosen: rate × iterations',
      `KL after iteration ${last}`,
      `J after iteration ${last}`,
    ],
    rows: [
      [
        'reference',
        ...Object.values(columns).map((figure) => meanText(found.reference(figure), 3)),
        null,
        null,
        null,
        null,
      ],
      ...found.names.map((name): Cell[] => [
        contestants[name].title,
        ...Object.values(columns).map((figure) => meanText(found.chosen(name, figure), 3)),
        meanText(
          less(
            found.chosen(name, ({ j }) => j),
            found.chosen('irepo', ({ j }) => j),
          ),
          3,
        ),
        found.choices(name),
        meanText(
          found.after(last, name, ({ kl }) => kl),
          3,
        ),
        meanText(
          found.after(last, name, ({ j }) => j),
          3,
        ),
      ]),
    ],
    note,
  };
}

/** How far everyone goes, and what it is worth, iteration by iteration. */
export function contestFigures<W extends ContestWorth>(what: string, found: ContestFound<W>): StudyFigure[] {
  const curve = (title: string, figure: (worth: W) => number): StudyFigure => ({
    title: `${what}: ${title} from iteration to iteration`,
    x: 'iteration',
    y: title,
    points: found.names.flatMap((name) =>
      Array.from({ length: found.iterations }, (_, i) => ({ x: i + 1, values: found.after(i + 1, name, figure) }))
        .filter(({ values }) => values.length > 0)
        .map(({ x, values }) => ({ series: contestants[name].title, x, y: meanOf(values) })),
    ),
    note: 'Means over seeds, on held-out prompts; everyone at the largest rate that was tried.',
  });
  return [curve('J', ({ j }) => j), curve('KL', ({ kl }) => kl)];
}
