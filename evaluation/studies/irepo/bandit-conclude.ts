import { meanText } from '../seeds.ts';
import type { Cell, Claim, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import type { BanditFigures, Chosen, Result } from './bandit-cell.ts';
import { banditSizes } from './bandit-sizes.ts';
import { meanOf } from './mean.ts';
import { methods, methodTitles } from './methods.ts';
import type { MethodName } from './methods.ts';
import { cellId, namesOf, partsOf } from './plan.ts';
import { exceedsOnSeeds, less } from './verdict.ts';

type Cells = ReadonlyMap<string, unknown>;

/** What was found at one difficulty; seeds in order. */
class Found {
  readonly cells: readonly BanditFigures[];

  constructor(cells: Cells, difficulty: string, seeds: number) {
    this.cells = Array.from(
      { length: seeds },
      (_, seed) => cells.get(cellId('bandit', difficulty, seed)) as BanditFigures | undefined,
    ).filter((cell) => cell !== undefined);
  }

  names(): string[] {
    return [...new Set(this.cells.flatMap(({ courses }) => courses.map(({ name }) => name)))];
  }

  /** After an iteration, from 1. */
  after(iteration: number, name: string, figure: keyof Result): number[] {
    return this.cells.flatMap(({ courses }) =>
      courses
        .filter((course) => course.name === name)
        .flatMap(({ iterations }) => iterations.slice(iteration - 1, iteration).map((result) => result[figure])),
    );
  }

  chosen(method: MethodName, ownBeta: boolean): Chosen[] {
    return this.cells.flatMap(({ chosen }) => chosen.filter((one) => one.method === method && one.ownBeta === ownBeta));
  }

  tuned(method: MethodName, figure: keyof Result, ownBeta = false): number[] {
    return this.chosen(method, ownBeta).map(({ result }) => result[figure]);
  }
}

const nine = 'iREPO, h = 9';

export function banditClaims(options: StudyOptions, cells: Cells): Claim[] {
  if (!partsOf(options).includes('bandit')) return [];
  const found = new Found(cells, 'base', options.seeds);
  const first = (name: string, figure: keyof Result): number[] => found.after(1, name, figure);
  const third = (name: string, figure: keyof Result): number[] => found.after(3, name, figure);
  const slope = first(nine, 'slope');
  return [
    ...['DPO', 'IPO'].flatMap((rival) => [
      exceedsOnSeeds(
        `Bandit: iREPO has at least 0.15 more regularised utility than ${rival}`,
        less(first(nine, 'j'), first(rival, 'j')),
        0.15,
        'difference of J after the first iteration, h = 9, at the setting fixed beforehand',
      ),
      exceedsOnSeeds(
        `Bandit: iREPO is nearer to the known optimum than ${rival} by at least 0.04`,
        less(first(rival, 'tv'), first(nine, 'tv')),
        0.04,
        'total variation to π*, of the rival less of iREPO, after the first iteration',
      ),
    ]),
    exceedsOnSeeds(
      'Bandit: twenty-one annotators instead of one are worth at least 0.15',
      less(third('iREPO, h = 21', 'j'), third('iREPO, h = 1', 'j')),
      0.15,
      'difference of J after the third iteration',
    ),
    exceedsOnSeeds(
      'Bandit: the implicit reward has the scale of the true one (slope in [0.6, 1.2])',
      slope.map((value) => Math.min(value - 0.6, 1.2 - value)),
      0,
      `distance inside of the range, slope ${meanText(slope, 3)}, after the first iteration`,
    ),
    exceedsOnSeeds(
      'Bandit: the implicit reward goes with the true one (r at least 0.8)',
      first(nine, 'correlation'),
      0.8,
      'correlation of Δr_θ and Δr* on held-out pairs',
    ),
    exceedsOnSeeds(
      'Bandit: hard labels are over-optimised: DPO’s implicit reward is too steep',
      first('DPO', 'slope'),
      1.2,
      'slope of Δr_θ on Δr* after the first iteration',
    ),
    exceedsOnSeeds(
      'Bandit: hard labels are over-optimised: DPO moves away from the optimum from iteration to iteration',
      less(third('DPO', 'tv'), first('DPO', 'tv')),
      0,
      'total variation to π* after the third iteration less that after the first',
    ),
    exceedsOnSeeds(
      'Bandit: with soft labels that drift is smaller',
      less(less(third('DPO', 'tv'), first('DPO', 'tv')), less(third(nine, 'tv'), first(nine, 'tv'))),
      0,
      'drift of DPO less that of iREPO',
    ),
    exceedsOnSeeds(
      'Bandit: hard labels are over-optimised: DPO loses more than iREPO where nobody stops it',
      less(less(found.tuned('dpo', 'j'), first('DPO', 'j')), less(found.tuned('irepo', 'j'), first(nine, 'j'))),
      0,
      'J with rate and length chosen on validation contexts less J at the setting fixed beforehand, of DPO less of iREPO',
    ),
    ...(['dpo', 'ipo', 'sft'] as const).flatMap((rival) => {
      const gain = less(found.tuned('irepo', 'j'), found.tuned(rival, 'j'));
      return [
        exceedsOnSeeds(
          `Bandit: with rate and length chosen on validation contexts, iREPO still has more regularised utility than ${methodTitles[rival]}`,
          gain,
          0,
          'difference of J, as many trials for each',
        ),
        exceedsOnSeeds(
          `Bandit: with rate and length chosen on validation contexts, that is still at least 0.15 over ${methodTitles[rival]}`,
          gain,
          0.15,
          'difference of J, as many trials for each',
        ),
        exceedsOnSeeds(
          `Bandit: with rate and length chosen on validation contexts, iREPO is still nearer to the known optimum than ${methodTitles[rival]}`,
          less(found.tuned(rival, 'tv'), found.tuned('irepo', 'tv')),
          0,
          'total variation to π*, of the rival less of iREPO',
        ),
      ];
    }),
    ...(options.quick
      ? []
      : [
          ...(['dpo', 'ipo'] as const).map((rival) =>
            exceedsOnSeeds(
              `Bandit: also where each loss has a β of its own choice, iREPO has more regularised utility than ${methodTitles[rival]}`,
              less(found.tuned('irepo', 'j', true), found.tuned(rival, 'j', true)),
              0,
              'difference of J; rate, length and β chosen on validation contexts',
            ),
          ),
          exceedsOnSeeds(
            'Bandit: all pairs are worth more than the strongest against the weakest',
            less(first('iREPO, all pairs', 'j'), first(nine, 'j')),
            0,
            'difference of J after the first iteration',
          ),
          exceedsOnSeeds(
            'Bandit: a learned annotator, of one vote a pair, serves better than those votes themselves',
            less(first('iREPO, learned annotator', 'j'), first('iREPO, h = 1', 'j')),
            0,
            'difference of J after the first iteration',
          ),
        ]),
    exceedsOnSeeds(
      'Squared loss is better than soft cross-entropy (the prototypes tied)',
      less(found.tuned('irepo', 'j'), found.tuned('soft-dpo', 'j')),
      0,
      'difference of J, h = 9, rate and length chosen on validation contexts',
    ),
  ];
}

export function banditTables(options: StudyOptions, cells: Cells): StudyTable[] {
  const chosen = namesOf('bandit', banditSizes(options), options).map((name) =>
    chosenTable(new Found(cells, name, options.seeds), name),
  );
  return partsOf(options).includes('bandit')
    ? [courseTable(new Found(cells, 'base', options.seeds)), ...chosen]
    : chosen;
}

function courseTable(found: Found): StudyTable {
  const reference = (figure: 'utility' | 'j' | 'tv'): string =>
    meanText(
      found.cells.map((cell) => cell.reference[figure]),
      3,
    );
  return {
    title: 'Bandit with a known optimum',
    columns: ['policy', 'E r*', 'KL', 'J', 'TV to π*', 'slope', 'r', 'J after iteration 3', 'TV after iteration 3'],
    rows: [
      ['reference', reference('utility'), '0', reference('j'), reference('tv'), null, null, null, null],
      ...found
        .names()
        .map((name): Cell[] => [
          name,
          ...(['utility', 'kl', 'j', 'tv', 'slope', 'correlation'] as const).map((figure) =>
            meanText(found.after(1, name, figure), 3),
          ),
          meanText(found.after(3, name, 'j'), 3),
          meanText(found.after(3, name, 'tv'), 3),
        ]),
    ],
    note: `After the first iteration where nothing else is said; learning rate 0.002, 400 steps an iteration, fixed beforehand. The optimum: J* ${meanText(
      found.cells.map(({ optimum }) => optimum),
      3,
    )}.`,
  };
}

function chosenTable(found: Found, difficulty: string): StudyTable {
  return {
    title: `Bandit, ${difficulty}: one iteration with chosen hyperparameters`,
    columns: [
      'method',
      'J',
      'less iREPO',
      'TV to π*',
      'KL',
      'slope',
      'chosen: rate × steps',
      'J, own β',
      'chosen β / β',
    ],
    rows: methods.map((method): Cell[] => [
      methodTitles[method],
      ...[
        found.tuned(method, 'j'),
        less(found.tuned(method, 'j'), found.tuned('irepo', 'j')),
        found.tuned(method, 'tv'),
        found.tuned(method, 'kl'),
        found.tuned(method, 'slope'),
      ].map((values) => meanText(values, 3)),
      found
        .chosen(method, false)
        .map(({ rate, stop }) => `${rate}×${stop}`)
        .join(', '),
      meanText(found.tuned(method, 'j', true), 3),
      found
        .chosen(method, true)
        .map(({ beta }) => beta)
        .join(', '),
    ]),
    note: `Chosen by J on 512 validation contexts, by each seed for itself, among as many trials for every method. J* ${meanText(
      found.cells.map(({ optimum }) => optimum),
      3,
    )}, reference ${meanText(
      found.cells.map(({ reference }) => reference.j),
      3,
    )}.`,
  };
}

export function banditFigures(options: StudyOptions, cells: Cells): StudyFigure[] {
  if (!partsOf(options).includes('bandit')) return [];
  const found = new Found(cells, 'base', options.seeds);
  const drawn = [nine, 'soft DPO', 'DPO', 'IPO', 'SFT'];
  const curve = (figure: 'j' | 'tv', y: string): StudyFigure => ({
    title: `Bandit: ${y} from iteration to iteration`,
    x: 'iteration',
    y,
    points: drawn.flatMap((series) =>
      [1, 2, 3].flatMap((x) => {
        const values = found.after(x, series, figure);
        return values.length === 0 ? [] : [{ series, x, y: meanOf(values) }];
      }),
    ),
    note: 'Means over seeds.',
  });
  const votes = found.names().flatMap((name) => {
    const h = /^iREPO, h = (\d+)$/.exec(name)?.[1];
    return h === undefined ? [] : [{ h: Number(h), values: found.after(3, name, 'j') }];
  });
  return [
    curve('j', 'J'),
    curve('tv', 'total variation to π*'),
    {
      title: 'Bandit: J by the number of annotators',
      x: 'h',
      y: 'J after the third iteration',
      points: votes
        .toSorted((a, b) => a.h - b.h)
        .map(({ h, values }) => ({ series: 'iREPO', x: h, y: meanOf(values) })),
      note: 'Means over seeds.',
    },
  ];
}
