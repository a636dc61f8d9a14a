import { exceeds, meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyFigure, StudyOptions, StudyOutcome, StudyTable } from '../study.ts';
import { claimOf, tableOf } from './check.ts';
import type { DistrictLoads } from './district-loads.ts';
import { atOnce, band, feederImpact, sites } from './feeder.ts';
import type { FeederImpact, Site } from './feeder.ts';
import { frequencyChecks } from './frequency-checks.ts';
import { shifts } from './invisibility.ts';
import type { Invisibility } from './invisibility.ts';
import { networkChecks } from './network-checks.ts';
import { cellId, labels, partsOf, runId } from './plan.ts';

type Part = Pick<StudyConclusion, 'claims' | 'tables' | 'figures'>;

export function conclude(
  options: StudyOptions,
  outcomes: ReadonlyMap<string, StudyOutcome>,
  cells: ReadonlyMap<string, unknown>,
): StudyConclusion {
  const chosen = partsOf(options);
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const concluded: Part[] = [];
  if (chosen.includes('feeder'))
    concluded.push(
      feeder(
        seeds.map((seed) => {
          const loads = outcomes.get(runId(seed))!.extract as DistrictLoads;
          return feederImpact(loads, labels);
        }),
      ),
    );
  if (chosen.includes('invisibility'))
    concluded.push(falseData(seeds.map((seed) => cells.get(cellId(seed)) as Invisibility)));
  if (chosen.includes('published')) {
    const groups = [...frequencyChecks(), ...networkChecks()];
    concluded.push({ claims: groups.map(claimOf), tables: [tableOf(groups)], figures: [] });
  }
  return {
    claims: concluded.flatMap((part) => part.claims),
    tables: concluded.flatMap((part) => part.tables),
    figures: concluded.flatMap((part) => part.figures),
  };
}

const siteNames = Object.keys(sites) as Site[];

const everyLabel = [...labels, atOnce];

/** The mission's question. */
function feeder(impacts: readonly FeederImpact[]): Part {
  const of = (label: string, site: Site): FeederImpact['attacks'][string][Site][] =>
    impacts.map((impact) => impact.attacks[label]![site]);
  const spare = (label: string, goal: 'voltage' | 'overload'): Claim => {
    const room = of(label, 'spread').map((each) => (each[goal] === null ? -1 : each.homes - each[goal]));
    const what = goal === 'voltage' ? `a bus below ${band} p.u.` : 'a branch above its limit';
    return exceeds(
      `${label}: fewer than all homes of the feeder put ${what}`,
      room,
      0,
      'homes that need not be compromised (−1: all are not enough)',
    );
  };
  const drop = (label: string): number[] =>
    impacts.map(({ clean, attacks: by }) => 1000 * (clean.vmin - by[label]!.spread.vmin));
  const rows = everyLabel.flatMap((label) =>
    siteNames.flatMap((site) => {
      const all = of(label, site);
      return (['voltage', 'overload'] as const).map((goal) => {
        const reached = all.filter((each) => each[goal] !== null);
        return [
          label,
          site,
          goal === 'voltage' ? `V < ${band}` : 'overload',
          `${reached.length} of ${all.length}`,
          meanText(
            reached.map((each) => each[goal]!),
            0,
          ),
          meanText(
            reached.map((each) => (100 * each[goal]!) / impacts[all.indexOf(each)]!.homes),
            1,
          ),
          meanText(
            all.map(({ homes }) => homes),
            0,
          ),
          meanText(all.map(({ vmin }) => vmin)),
          meanText(
            all.map(({ loading }) => loading),
            3,
          ),
        ];
      });
    }),
  );
  const ends = impacts.flatMap(({ attacks: by }) => {
    const { head, end } = by[atOnce]!;
    if (end.voltage === null) return [];
    // Where all homes near the head do not reach it, more than all of them would be needed.
    return [(head.voltage ?? head.homes) - end.voltage];
  });
  return {
    claims: [
      ...['bifurcation, stealth', 'at the peak, stealth', 'at the peak, 5 %', atOnce].flatMap((label) => [
        spare(label, 'voltage'),
        spare(label, 'overload'),
      ]),
      ...(['bifurcation, stealth', 'bifurcation, 5 %', 'at the peak, stealth', 'at the peak, 5 %'] as const).map(
        (label) =>
          exceeds(
            `${label}: lowers the lowest voltage of the feeder by more than random noise on its budget`,
            drop(label).map((mV, k) => mV - drop(label.endsWith('stealth') ? 'noise, stealth' : 'noise, 5 %')[k]!),
            0,
            'mV more, all homes compromised',
          ),
      ),
      exceeds(
        'All charging at once, fewer homes reach it at the ends of the feeder than near its head',
        ends,
        0,
        'homes more near the head (at least), on seeds where those at the ends reach it',
      ),
    ],
    tables: [
      {
        title: 'How many compromised homes the feeder withstands',
        columns: [
          'attack',
          'where',
          'goal',
          'seeds that reach it',
          'homes',
          '% of all homes',
          'homes there',
          'lowest V, all of them, p.u.',
          'highest loading',
        ],
        rows,
        note: `case33bw with a quarter of its loads and as many homes as keep the clean twin at 0.955 p.u.: ${meanText(
          impacts.map(({ homes }) => homes),
          0,
        )}; clean lowest voltage ${meanText(impacts.map(({ clean }) => clean.vmin))}. Limits are what the clean twin loads to 95 %. Homes that are not compromised do as in the clean twin; “all charge at once” is a bound on what any attack on these batteries can do in a step. The battery has power factor 1, all else 0.95. Means over the seeds that reach the goal.`,
      } satisfies StudyTable,
    ],
    figures: [
      {
        title: 'Lowest voltage with all homes compromised',
        x: 'seed',
        y: 'lowest voltage, p.u.',
        points: impacts.flatMap(({ clean, attacks: by }, seed) => [
          { series: 'clean', x: seed, y: clean.vmin },
          ...everyLabel.map((label) => ({ series: label, x: seed, y: by[label]!.spread.vmin })),
        ]),
        note: `The band ends at ${band}.`,
      } satisfies StudyFigure,
    ],
  };
}

/** Whether false data is seen: specs/grid.md 7. */
function falseData(seeds: readonly Invisibility[]): Part {
  const at = (shift: number, of: 'linear' | 'exact' | 'linearJ' | 'exactJ'): number[] =>
    seeds.map(({ ac }) => ac.find((each) => each.shift === shift)![of]);
  const growth = Math.max(...seeds.map(({ dcGrowth }) => dcGrowth));
  return {
    claims: [
      {
        claim: 'a = Hc leaves J of the DC estimator as it is, to 1e-9',
        holds: growth < 1e-9,
        evidence: `largest change of J on ${seeds.length} seeds: ${growth.toExponential(1)} (case14, all angles moved)`,
      },
      exceeds(
        'The same linear attack is seen by the AC estimator once it is large: 0.2 rad',
        at(0.2, 'linear'),
        0.95,
        'share of draws with an alarm',
      ),
      exceeds(
        'a = h(x + c) − h(x) is seen no more often than chance: 0.2 rad',
        at(0.2, 'exact').map((share) => 0.15 - share),
        0,
        '0.15 less the share of draws with an alarm (nominal 0.05)',
      ),
    ],
    tables: [
      {
        title: 'False data on case14',
        columns: ['shift of an angle, rad', 'alarms, linear', 'J, linear', 'alarms, exact', 'J, exact'],
        rows: shifts.map((shift) => [
          shift,
          meanText(at(shift, 'linear'), 3),
          meanText(at(shift, 'linearJ'), 1),
          meanText(at(shift, 'exact'), 3),
          meanText(at(shift, 'exactJ'), 1),
        ]),
        note: `Chi-square test at 95 %. Without an attack: DC ${meanText(
          seeds.map((each) => each.falseAlarms.dc),
          3,
        )}, AC ${meanText(
          seeds.map((each) => each.falseAlarms.ac),
          3,
        )} of draws raise it.`,
      },
    ],
    figures: [
      {
        title: 'J of the AC estimator by the size of the attack',
        x: 'shift of an angle, rad',
        y: 'J',
        points: shifts.flatMap((shift) =>
          (['linearJ', 'exactJ'] as const).map((of) => ({
            series: of === 'linearJ' ? 'a = Hc' : 'a = h(x + c) − h(x)',
            x: shift,
            y: at(shift, of).reduce((sum, J) => sum + J / seeds.length, 0),
          })),
        ),
        note: 'Means over seeds.',
      },
    ],
  };
}
