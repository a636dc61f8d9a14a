import { exceeds, meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyOptions } from '../study.ts';
import { entropyEpsilon } from './entropy-arm.ts';
import type { EntropyCell, EntropyTrial } from './entropy-arm.ts';
import { entropyId } from './plan.ts';
import { sizeOf } from './size.ts';
import type { EntropySize } from './size.ts';
import { all } from './within.ts';

type Figure = keyof EntropyTrial;

/** The entropy penalty: what it does to logits, and whether that makes a network more robust. */
export function entropyConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const { entropy, difficulties } = sizeOf(options);
  const of = (one: EntropySize, difficulty: number): EntropyCell[] =>
    Array.from({ length: options.seeds }, (_, seed) => seed).flatMap(
      (seed) => (cells.get(entropyId(one, difficulty, seed)) as EntropyCell | undefined) ?? [],
    );
  const parts = entropy.flatMap((one) => {
    const measured = difficulties.filter((difficulty) => of(one, difficulty).length > 0);
    return measured.length === 0 ? [] : [{ one, measured }];
  });
  return {
    claims: parts.flatMap(({ one, measured }) => (measured.includes(1) ? claimsOf(one, of(one, 1)) : [])),
    tables: parts.map(({ one, measured }) => ({
      title: `Entropy penalty, MLP ${one.widths.join('-')}, ${one.steps} steps`,
      columns: ['network', 'difficulty', ...Object.values(columns)],
      rows: measured.flatMap((difficulty) => {
        const found = of(one, difficulty);
        const row = (name: string, pick: (cell: EntropyCell) => EntropyTrial) => [
          name,
          difficulty,
          ...(Object.keys(columns) as (keyof typeof columns)[]).map((key) =>
            meanText(
              found.map((cell) => pick(cell)[key]),
              3,
            ).replaceAll('+', ''),
          ),
        ];
        return [
          ...one.strengths.map((lambda, at) => row(`λ = ${lambda}`, ({ trials }) => trials[at]!)),
          row('λ chosen on validation', (cell) => chosen(cell, true)),
          row('plain, learning rate chosen on validation', (cell) => chosen(cell, false)),
        ];
      }),
      note: `Accuracy on the labels, ε = ${entropyEpsilon}; L = CE + λ H. FGSM and PGD follow the cross-entropy; the margin's PGD does not see how sure the softmax is. The penalty's λ and the plain network's learning rate are each chosen among ${one.strengths.length - 1} by margin PGD on validation rows. A = p̂_Δ12(0) χ̄: the penalty stretches logits, and χ̄ with them.`,
    })),
    figures: [],
  };
}

const columns = {
  clean: 'clean',
  fgsm: 'FGSM',
  pgd: 'PGD',
  marginPgd: 'margin PGD',
  transfer: 'transfer',
  entropy: 'entropy, nats',
  medianDifference: 'median Δ_12',
  density: 'p̂_Δ12(0)',
  susceptibility: 'χ̄',
  prefactor: 'A',
} as const satisfies Partial<Record<Figure, string>>;

/** The penalised network, or the plain one, that is best on validation rows; of equals the first. */
function chosen({ trials }: EntropyCell, penalised: boolean): EntropyTrial {
  return trials
    .filter(({ lambda }) => lambda > 0 === penalised)
    .reduce((best, trial) => (trial.validation > best.validation ? trial : best));
}

function claimsOf({ widths, steps: length, strengths }: EntropySize, found: readonly EntropyCell[]): Claim[] {
  const on = `MLP ${widths.join('-')}, ${length} steps`;
  const steps = strengths.slice(1).map((to, at) => ({ name: `λ ${strengths[at]!} to ${to}`, at }));
  const grows = (key: Figure, at: number, sign: 1 | -1): number[] =>
    found.map(({ trials }) => sign * (trials[at + 1]![key] - trials[at]![key]));
  const gain = (key: Figure, what: string): Claim =>
    exceeds(
      `under ${what}`,
      found.map((cell) => chosen(cell, true)[key] - chosen(cell, false)[key]),
      0,
      'accuracy with the penalty above that without, each as chosen on validation rows',
    );
  return [
    all(
      `entropy falls with every step of the penalty λ (${on})`,
      steps.map(({ name, at }) => exceeds(name, grows('entropy', at, -1), 0, 'nats less')),
    ),
    all(
      `logit differences grow with every step of λ (${on})`,
      steps.map(({ name, at }) => exceeds(name, grows('medianDifference', at, 1), 0, 'median Δ_12 more')),
    ),
    // A sure softmax hides its gradient: where the margin's attack does not agree, there is no gain.
    all(`the penalty makes a network more robust to white-box attack, PGD on the margin included (${on})`, [
      gain('fgsm', 'FGSM'),
      gain('pgd', 'PGD'),
      gain('marginPgd', 'PGD on the margin'),
    ]),
    { ...gain('transfer', 'transfer'), claim: `the penalty makes a network more robust to black-box transfer (${on})` },
  ];
}
