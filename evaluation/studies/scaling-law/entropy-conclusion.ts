import { exceeds, meanText } from '../seeds.ts';
import type { Claim, StudyConclusion, StudyOptions } from '../study.ts';
import { entropyEpsilon } from './entropy-arm.ts';
import type { EntropyCell } from './entropy-arm.ts';
import { entropyId } from './plan.ts';
import { sizeOf } from './size.ts';
import { all } from './within.ts';

type Figure = keyof EntropyCell;

/** The entropy penalty: what it does to logits, and whether that makes a network more robust. */
export function entropyConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const size = sizeOf(options);
  const strengths = size.entropy.strengths;
  const cellOf = (lambda: number, difficulty: number, seed: number): EntropyCell | undefined =>
    cells.get(entropyId(lambda, difficulty, seed)) as EntropyCell | undefined;
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed).filter((seed) =>
    strengths.every((lambda) => cellOf(lambda, 1, seed) !== undefined),
  );
  if (seeds.length === 0) return { claims: [], tables: [], figures: [] };
  const gains = (key: Figure, from: number, to: number): number[] =>
    seeds.map((seed) => cellOf(to, 1, seed)![key] - cellOf(from, 1, seed)![key]);
  const steps = strengths.slice(1).map((to, at) => [strengths[at]!, to] as const);
  const last = strengths.at(-1)!;
  const gain = (key: Figure, what: string): Claim =>
    exceeds(`under ${what}`, gains(key, 0, last), 0, `accuracy at λ = ${last} above that at 0`);
  return {
    claims: [
      all(
        'entropy falls with every step of the penalty λ',
        steps.map(([from, to]) =>
          exceeds(
            `λ ${from} to ${to}`,
            gains('entropy', from, to).map((value) => -value),
            0,
            'nats less',
          ),
        ),
      ),
      all(
        'logit differences grow with every step of λ',
        steps.map(([from, to]) =>
          exceeds(`λ ${from} to ${to}`, gains('medianDifference', from, to), 0, 'median Δ_12 more'),
        ),
      ),
      // A sure softmax hides its gradient: where the margin's attack does not agree, there is no gain.
      all('the penalty makes a network more robust to white-box attack, PGD on the margin included', [
        gain('fgsm', 'FGSM'),
        gain('pgd', 'PGD'),
        gain('marginPgd', 'PGD on the margin'),
      ]),
      { ...gain('transfer', 'transfer'), claim: 'the penalty makes a network more robust to black-box transfer' },
    ],
    tables: [
      {
        title: 'Entropy penalty',
        columns: ['λ', 'difficulty', 'clean', 'FGSM', 'PGD', 'margin PGD', 'transfer', 'entropy, nats', 'median Δ_12'],
        rows: size.difficulties.flatMap((difficulty) =>
          strengths.map((lambda) => [
            lambda,
            difficulty,
            ...(['clean', 'fgsm', 'pgd', 'marginPgd', 'transfer', 'entropy', 'medianDifference'] as const).map((key) =>
              meanText(
                seeds.flatMap((seed) => cellOf(lambda, difficulty, seed)?.[key] ?? []),
                3,
              ).replaceAll('+', ''),
            ),
          ]),
        ),
        note: `Accuracy on the labels, ε = ${entropyEpsilon}; L = CE + λ H. FGSM and PGD follow the cross-entropy, which a sure softmax flattens; the margin's PGD does not see that.`,
      },
    ],
    figures: [],
  };
}
