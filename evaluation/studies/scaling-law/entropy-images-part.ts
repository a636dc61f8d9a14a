import { onTensors } from '../on-tensors.ts';
import { exceeds, meanText } from '../seeds.ts';
import type { Claim, StudyCell, StudyConclusion, StudyOptions } from '../study.ts';
import { entropyImagesShape } from './cell-shape.ts';
import { entropyImages, entropyImagesSize } from './entropy-images.ts';
import type { EntropyImagesTrial, ImagesUnderAttack } from './entropy-images.ts';
import { all } from './within.ts';

/** What `--only` calls the attempt with convolutional nets; no version of the study does it unasked. */
export const entropyImagesName = 'entropy-images';

function cellId(seeds: number): string {
  return `${entropyImagesName}-seeds${seeds}`;
}

/** One cell with all seeds in it. */
export function entropyImagesCells(options: StudyOptions): StudyCell[] {
  const { only, seeds } = options;
  if (only?.includes(entropyImagesName) !== true) return [];
  return [
    {
      id: cellId(seeds),
      title: `Entropy penalty on images, ${seeds} seeds`,
      shape: entropyImagesShape(seeds, entropyImagesSize),
      run: (progress) => onTensors(options, ({ tf }) => entropyImages(tf, seeds, entropyImagesSize, progress)),
    },
  ];
}

/** As for the dense nets: what the penalty does to logits, and whether a net is more robust for it. */
export function entropyImagesConclusion(options: StudyOptions, cells: ReadonlyMap<string, unknown>): StudyConclusion {
  const found = cells.get(cellId(options.seeds)) as EntropyImagesTrial[][] | undefined;
  if (found === undefined) return { claims: [], tables: [], figures: [] };
  const { noise, rows, side, classes, net, epochs, strengths, learningRates, epsilons } = entropyImagesSize;
  const on = `convolutional nets of ${net.filters.join('-')} channels on ${rows} images`;
  const lambdas = [0, ...strengths];
  const at = (trials: readonly EntropyImagesTrial[], lambda: number): EntropyImagesTrial =>
    trials.find((trial) => trial.lambda === lambda)!; // the plain net's usual rate comes first
  const grows = (key: 'entropy' | 'medianDifference', what: string, sign: 1 | -1): Claim[] =>
    strengths.map((to, i) =>
      exceeds(
        `λ ${lambdas[i]!} to ${to}`,
        found.map((trials) => sign * (at(trials, to)[key] - at(trials, lambdas[i]!)[key])),
        0,
        what,
      ),
    );
  return {
    claims: [
      all(`entropy falls with every step of the penalty λ (${on})`, grows('entropy', 'nats less', -1)),
      all(`logit differences grow with every step of λ (${on})`, grows('medianDifference', 'median Δ_12 more', 1)),
      ...epsilons.flatMap((epsilon, e) => robustnessClaims(found, e, `${on}, ε = ${epsilon}`)),
    ],
    tables: epsilons.map((epsilon, e) => ({
      title: `Entropy penalty, ${on}, ε = ${epsilon}`,
      columns: ['net', 'rate', 'clean', 'FGSM', 'PGD', 'margin PGD', 'transfer', 'entropy, nats', 'median Δ_12'],
      rows: [
        ...found[0]!.map((_, i) =>
          row(
            found.map((trials) => trials[i]!),
            e,
          ),
        ),
        row(
          found.map((trials) => chosen(trials, e, true)),
          e,
          'λ chosen on validation',
        ),
        row(
          found.map((trials) => chosen(trials, e, false)),
          e,
          'plain, rate chosen on validation',
        ),
      ],
      note: `Accuracy on the labels; ${rows} images of ${side}×${side} pixels in ${classes} classes, noise ${noise}, ${epochs} epochs in batches of 256, ${options.backend ?? 'wasm'}. λ, and the plain net's rate, are each chosen among ${learningRates.length} by margin PGD on validation rows.`,
    })),
    figures: [],
  };
}

/** The penalised net, or the plain one, that is best on validation rows under this ε; of equals the first. */
function chosen(trials: readonly EntropyImagesTrial[], e: number, penalised: boolean): EntropyImagesTrial {
  return trials
    .filter(({ lambda }) => lambda > 0 === penalised)
    .reduce((best, trial) => (trial.attacks[e]!.validation > best.attacks[e]!.validation ? trial : best));
}

function robustnessClaims(found: readonly EntropyImagesTrial[][], e: number, on: string): Claim[] {
  const gain = (key: Exclude<keyof ImagesUnderAttack, 'epsilon' | 'validation'>, what: string): Claim =>
    exceeds(
      `under ${what}`,
      found.map((trials) => chosen(trials, e, true).attacks[e]![key] - chosen(trials, e, false).attacks[e]![key]),
      0,
      'accuracy with the penalty above that without, each as chosen on validation rows',
    );
  return [
    all(`the penalty makes a network more robust to white-box attack, PGD on the margin included (${on})`, [
      gain('fgsm', 'FGSM'),
      gain('pgd', 'PGD'),
      gain('marginPgd', 'PGD on the margin'),
    ]),
    { ...gain('transfer', 'transfer'), claim: `the penalty makes a network more robust to black-box transfer (${on})` },
  ];
}

function row(trials: readonly EntropyImagesTrial[], e: number, name?: string): (string | number | null)[] {
  const text = (values: readonly number[]): string => meanText(values, 3).replaceAll('+', '');
  return [
    name ?? `λ = ${trials[0]!.lambda}`,
    name === undefined ? trials[0]!.learningRate : null,
    text(trials.map(({ clean }) => clean)),
    ...(['fgsm', 'pgd', 'marginPgd', 'transfer'] as const).map((key) =>
      text(trials.map(({ attacks }) => attacks[e]![key])),
    ),
    text(trials.map(({ entropy }) => entropy)),
    text(trials.map(({ medianDifference }) => medianDifference)),
  ];
}
