import { meanText } from '../seeds.ts';
import type { StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import { alphas } from './assistants.ts';
import { logQuality } from './choice.ts';
import { claimsOf } from './claims.ts';
import { each, resultsOf, trainedBy } from './measured.ts';
import type { Arms, Choice, LanguageFound, PolicyFound } from './measured.ts';
import { filterVariants } from './language-arms.ts';
import { policyAlphas } from './policy-arms.ts';
import { settingText } from './setting.ts';
import type { LanguageArm } from './setting.ts';

/** Tables, curves and claims from what the cells found. */
export function conclude(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const results = resultsOf(options, cells);
  return {
    claims: claimsOf(results),
    tables: [
      ...results.language.flatMap((found) => [languageTable(found), marginTable(found), costTable(found)]),
      ...results.policies.map(policyTable),
    ],
    figures: [...results.language.map(languageFigure), ...results.policies.map(policyFigure)],
  };
}

function titleOf({ problem }: LanguageFound | PolicyFound): string {
  return `${problem.part}, ${problem.difficulty}`;
}

/** Rows of the table: what, by whom its settings were chosen, and its arms. */
function languageRows(found: LanguageFound): (readonly [name: string, choice: Choice | '', arms: Arms])[] {
  const setting = found.setting('ULD');
  const weighted = alphas.map(
    (alpha) =>
      [
        `ULD at α ${alpha}`,
        '',
        found.at('ULD', setting === undefined ? undefined : { training: setting.training, alpha }),
      ] as const,
  );
  const variants = filterVariants.map((name) => [name, '', found.at(name, setting)] as const);
  const alone = found
    .trainings('ULD')
    .map(
      (by) =>
        [
          `ULD, only ${by}`,
          'validation',
          found.chosen('ULD', 'validation', ({ training }) => trainedBy(training) === by),
        ] as const,
    );
  const byRule = found.chosen('ULD', 'validation', ({ alpha }) => alpha === 'margin rule');
  return [
    ['target', '', found.arm('target')],
    ['retrained', '', found.arm('retrained')],
    ...found
      .unlearners()
      .filter((name) => !filterVariants.includes(name))
      .flatMap((name) => [
        ...choices.map((choice) => [name, choice, found.chosen(name, choice)] as const),
        ...(name === 'ULD'
          ? [['ULD, α by the margin rule', 'validation', byRule] as const, ...weighted, ...variants, ...alone]
          : []),
      ]),
  ];
}

const choices: readonly Choice[] = ['validation', 'oracle'];

function languageTable(found: LanguageFound): StudyTable {
  const columns: readonly (readonly [string, (arm: LanguageArm) => number])[] = [
    ['log10 FQ', logQuality],
    ['forget accuracy', ({ forgetAccuracy }) => forgetAccuracy],
    ['model utility', ({ modelUtility }) => modelUtility],
    ['retain accuracy', ({ retainAccuracy }) => retainAccuracy],
    ['held-out accuracy', ({ heldOutAccuracy }) => heldOutAccuracy],
    ['world accuracy', ({ worldAccuracy }) => worldAccuracy],
  ];
  return {
    title: `Unlearning facts: ${titleOf(found)}`,
    columns: ['method', 'chosen by', ...columns.map(([title]) => title), 'settings'],
    rows: languageRows(found).map(([name, choice, arms]) => [
      name,
      choice,
      ...columns.map(([, figure]) => meanText(each(arms, figure), 3)),
      [...new Set(arms.flatMap((arm) => (arm === undefined ? [] : [settingText(arm)])))].join(' | '),
    ]),
    note:
      'FQ: p of the Kolmogorov-Smirnov test of truth ratios against the retrained model. Chosen by validation: of all settings and epochs those whose mean log10 FQ on the validation seeds is that of p = 0.05 or more, ' +
      'and of them the one that keeps most held-out facts there; these seeds have corpora, targets and retrained models of their own, and one setting goes for all seeds that are judged. By oracle: the highest FQ of the very seed, as in the paper. ' +
      'The unlearner sees the retain facts, never the held-out and world facts.',
  };
}

/** Both sides of the margin rule, of the assistant that is chosen for it. */
function marginTable(found: LanguageFound): StudyTable {
  const margins = found.margins(found.setting('ULD', ({ alpha }) => alpha === 'margin rule')?.training);
  const columns = [
    margins.map(({ target }) => target),
    margins.map(({ assistant }) => assistant),
    margins.flatMap(({ alpha }) => alpha ?? []),
  ];
  return {
    title: `Margins: ${titleOf(found)}`,
    columns: ['target, Δz_θ', 'assistant, Δz_a', 'α* that dethrones 0.9 of the forget tokens'],
    rows: [columns.map((values) => meanText(values, 2))],
    note: 'By how much a forget token leads the best other that the filter keeps, mean over the tokens where it keeps one, in a phrasing that the assistant was not shown; it is dethroned where α Δz_a > Δz_θ. Seeds of which no α is enough are not in the last column.',
  };
}

function costTable(found: LanguageFound): StudyTable {
  const rows = found
    .unlearners()
    .filter((name) => !filterVariants.includes(name))
    .flatMap((arm) => {
      const made = found.chosen(arm, 'validation').flatMap((one) => (one?.cost ? [one.cost] : []));
      if (made.length === 0) return [];
      const mean = (of: (cost: (typeof made)[number]) => number): number =>
        made.reduce((sum, cost) => sum + of(cost), 0) / made.length;
      const ofStep = mean(({ seconds, steps }) => (1000 * seconds) / steps);
      return [
        [
          arm,
          mean(({ steps }) => steps),
          mean(({ parameters }) => parameters),
          Number(mean(({ seconds }) => seconds).toPrecision(3)),
          Number(ofStep.toPrecision(3)),
        ],
      ];
    });
  return {
    title: `What the chosen training costs: ${titleOf(found)}`,
    columns: ['method', 'steps', 'trainable parameters', 'seconds', 'milliseconds a step'],
    rows,
    note: 'Means over seeds, up to the epoch that is chosen, without the looks at it. Times compare within one run.',
  };
}

function languageFigure(found: LanguageFound): StudyFigure {
  const training = found.setting('ULD')?.training;
  const at = (alpha: number): Arms => found.at('ULD', training === undefined ? undefined : { training, alpha });
  const series: readonly (readonly [string, (arm: LanguageArm) => number])[] = [
    ['probability of the forget facts', ({ forgetProbability }) => forgetProbability],
    ['held-out accuracy', ({ heldOutAccuracy }) => heldOutAccuracy],
    ['model utility', ({ modelUtility }) => modelUtility],
  ];
  return {
    title: `What the weight of the difference does: ${titleOf(found)}`,
    x: 'α',
    y: 'share',
    points: series.flatMap(([name, figure]) => alphas.flatMap((x) => point(name, x, each(at(x), figure)))),
    note: 'Means over seeds, of the assistant that the validation seeds chose.',
  };
}

function policyTable(found: PolicyFound): StudyTable {
  return {
    title: `Removing a backdoor: ${titleOf(found)}`,
    columns: ['method', 'clean accuracy', 'attack success', 'right on triggered states', 'settings'],
    rows: found.names().map((arm) => [
      arm,
      meanText(
        found.of(arm, ({ clean }) => clean),
        3,
      ),
      meanText(
        found.of(arm, ({ success }) => success),
        3,
      ),
      meanText(
        found.of(arm, ({ triggered }) => triggered),
        3,
      ),
      found.seeds
        .flatMap(({ arms }) => arms.filter((one) => one.arm === arm).map(({ setting }) => setting))
        .join(' | '),
    ]),
    note: 'ULD and what has no other word: hyperparameters by the harmonic mean of incidents not repeated and clean accuracy, on held-out incidents and clean states; α by the margin rule on the held-out incidents, all of which it dethrones.',
  };
}

function policyFigure(found: PolicyFound): StudyFigure {
  return {
    title: `What the weight of the difference does: ${titleOf(found)}`,
    x: 'α',
    y: 'share',
    points: (['clean', 'success', 'triggered'] as const).flatMap((figure) =>
      policyAlphas.flatMap((x) =>
        point(
          figure,
          x,
          found.of(`ULD at α ${x}`, (arm) => arm[figure]),
        ),
      ),
    ),
    note: 'Means over seeds: accuracy on clean states, attack success, accuracy on triggered states.',
  };
}

function point(series: string, x: number, values: readonly number[]): StudyFigure['points'] {
  return values.length === 0 ? [] : [{ series, x, y: values.reduce((sum, value) => sum + value, 0) / values.length }];
}
