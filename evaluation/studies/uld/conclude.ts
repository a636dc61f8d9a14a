import { meanText } from '../seeds.ts';
import type { StudyConclusion, StudyFigure, StudyOptions, StudyTable } from '../study.ts';
import { alphas } from './assistants.ts';
import { claimsOf } from './claims.ts';
import type { LanguageArm } from './language-arms.ts';
import { resultsOf } from './measured.ts';
import type { LanguageFound, PolicyFound } from './measured.ts';
import { policyAlphas } from './policy-arms.ts';

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

function languageTable(found: LanguageFound): StudyTable {
  const columns: readonly (readonly [string, (arm: LanguageArm) => number])[] = [
    ['log10 FQ', ({ forgetQuality }) => Math.log10(Math.max(forgetQuality, 1e-300))],
    ['forget accuracy', ({ forgetAccuracy }) => forgetAccuracy],
    ['model utility', ({ modelUtility }) => modelUtility],
    ['retain accuracy', ({ retainAccuracy }) => retainAccuracy],
    ['held-out accuracy', ({ heldOutAccuracy }) => heldOutAccuracy],
    ['world accuracy', ({ worldAccuracy }) => worldAccuracy],
  ];
  return {
    title: `Unlearning facts: ${titleOf(found)}`,
    columns: ['method', 'chosen by', ...columns.map(([title]) => title), 'settings'],
    rows: found.names().map(({ arm, choice }) => {
      const all = found.arm(arm, choice).filter((one) => one !== undefined);
      return [
        arm,
        choice ?? '',
        ...columns.map(([, figure]) => meanText(all.map(figure), 3)),
        all.map(({ setting }) => setting).join(' | '),
      ];
    }),
    note:
      'FQ: p of the Kolmogorov-Smirnov test of truth ratios against the retrained model. Chosen by validation: of all settings and epochs whose forget facts look as unknown as facts about assets that do not exist ' +
      '(p ≥ 0.05), the one that keeps most validation facts. By oracle: the highest FQ, as in the paper, for which the retrained model has to be at hand. The unlearner sees the retain facts, never the held-out and world facts.',
  };
}

/** Both sides of the margin rule, of the assistant that validation chose. */
function marginTable(found: LanguageFound): StudyTable {
  const margins = found.margins();
  return {
    title: `Margins: ${titleOf(found)}`,
    columns: ['target, Δz_θ', 'assistant, Δz_a', 'α* that dethrones 0.9 of the forget tokens'],
    rows: [
      [
        meanText(
          margins.map(({ target }) => target),
          2,
        ),
        meanText(
          margins.map(({ assistant }) => assistant),
          2,
        ),
        meanText(
          margins.flatMap(({ alpha }) => alpha ?? []),
          2,
        ),
      ],
    ],
    note: 'By how much a forget token leads the best other that the filter keeps, mean over the tokens where it keeps one, in a phrasing that the assistant was not shown; it is dethroned where α Δz_a > Δz_θ. Seeds of which no α is enough are not in the last column.',
  };
}

function costTable(found: LanguageFound): StudyTable {
  const rows = found.names().flatMap(({ arm, choice }) => {
    const made = found.arm(arm, choice).flatMap((one) => (one?.cost ? [one.cost] : []));
    if (choice !== 'validation' || made.length === 0) return [];
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
    title: `What a trial costs: ${titleOf(found)}`,
    columns: ['method', 'steps', 'trainable parameters', 'seconds', 'milliseconds a step'],
    rows,
    note: 'Means over seeds, without the looks at it. Times compare within one run.',
  };
}

function languageFigure(found: LanguageFound): StudyFigure {
  const series: readonly (readonly [string, (arm: LanguageArm) => number])[] = [
    ['probability of the forget facts', ({ forgetProbability }) => forgetProbability],
    ['held-out accuracy', ({ heldOutAccuracy }) => heldOutAccuracy],
    ['model utility', ({ modelUtility }) => modelUtility],
  ];
  return {
    title: `What the weight of the difference does: ${titleOf(found)}`,
    x: 'α',
    y: 'share',
    points: series.flatMap(([name, figure]) =>
      alphas.flatMap((x) =>
        point(
          name,
          x,
          found.arm(`ULD at α ${x}`).flatMap((arm) => (arm === undefined ? [] : [figure(arm)])),
        ),
      ),
    ),
    note: 'Means over seeds, of the assistant that validation chose.',
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
