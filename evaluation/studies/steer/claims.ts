import { exceeds } from '../seeds.ts';
import type { Claim, StudyOptions } from '../study.ts';
import { decoderName, samplingGrid } from './decoders.ts';
import type { Decoder } from './decoders.ts';
import type { Figure, Measured } from './measured.ts';
import { ablations, demonstrated, demonstration, generation, mask } from './plan.ts';

/** The name of STEER at a setting. */
export function steered(gamma: number, eta: number, rho: number, more: { readonly negatives?: number } = {}): string {
  return decoderName({ kind: 'steer', setting: { gamma, eta, rho }, ...more });
}

export function sampled(temperature: number): string {
  return decoderName(samplingGrid([temperature]).find(({ cut }) => cut === 'top-10')!);
}

/** Decoders that the claims choose among; as many of STEER as of sampling. */
export interface Trials {
  readonly steer: readonly string[];
  readonly sampling: readonly string[];
}

/** @param ablated those of STEER that are no trial */
function trialsAmong(decoders: readonly Decoder[], ablated: (decoder: Decoder) => boolean = () => false): Trials {
  const named = (kind: Decoder['kind']): string[] =>
    decoders.filter((decoder) => decoder.kind === kind && !ablated(decoder)).map(decoderName);
  return { steer: named('steer'), sampling: named('sampling') };
}

export function demonstrationTrials(options: StudyOptions): Trials {
  return trialsAmong(demonstration(options), (one) => ablations.includes(one));
}

export function generationTrials(options: StudyOptions): Trials {
  return trialsAmong(generation(options));
}

/** Entropy may be this much lower and still count as equal (specs/logit-methods.md 4.3). */
const equalEntropy = 0.05;

/** Floors of entropy at which the fronts of STEER and of sampling are compared. */
const floors = [0.5, 0.6, 0.7, 0.8];

/** The criteria of specs/logit-methods.md 4.3, with its mask of ρ = 0.05. */
export function specificationClaims(measured: Measured): readonly Claim[] {
  const half = sampled(0.5);
  const gain = (more: string, less: string, figure: Figure, factor = 1): number[] =>
    measured.gain(demonstrated, more, less, figure, factor);
  const at = (gamma: number, eta = 0, rho = mask): string => steered(gamma, eta, rho);
  return [
    exceeds(
      'γ = 1.5 has at least 1.4 times the share of texts in the form that T = 0.5 has',
      gain(at(1.5), half, 'format', 1.4),
      0,
      'share − 1.4 × that of T = 0.5',
    ),
    ...[
      [0, 0.5],
      [0.5, 1],
      [1, 1.5],
    ].map(([less, more]) =>
      exceeds(
        `the coherent share rises from γ = ${less!} to γ = ${more!}`,
        gain(at(more!), at(less!), 'coherent'),
        0,
        'difference of shares',
      ),
    ),
    exceeds(
      'γ = 1.5, η = 0.3 beats T = 0.5 in coherence by 0.04',
      gain(at(1.5, 0.3), half, 'coherent'),
      0.04,
      'difference of shares',
    ),
    exceeds(
      '… and is as diverse as T = 0.5: H no lower by 0.05',
      gain(at(1.5, 0.3), half, 'entropy'),
      -equalEntropy,
      'difference of H',
    ),
    exceeds('η = 0.3 raises H over η = 0, at γ = 1.5', gain(at(1.5, 0.3), at(1.5), 'entropy'), 0, 'difference of H'),
    exceeds(
      '… and costs no more than 0.1 of the texts in the form',
      gain(at(1.5, 0.3), at(1.5), 'format'),
      -0.1,
      'difference of shares',
    ),
    exceeds(
      'Over-steering without the mask collapses validity: η = 0.6 leaves less than half of the form at γ = 1.5',
      gain(at(1.5, 0, 0), at(1.5, 0.6, 0), 'format', 2),
      0,
      'share at η = 0 − 2 × that at η = 0.6',
    ),
    exceeds(
      '… and η = 1 less than a tenth',
      gain(at(1.5, 0, 0), at(1.5, 1, 0), 'format', 10),
      0,
      'share at η = 0 − 10 × that at η = 1',
    ),
    exceeds(
      'Normalised 3-grams fall with γ at η = 0 (the published grid)',
      gain(at(0, 0, 0), at(1.5, 0, 0), 'normalisedNgrams'),
      0,
      'γ = 0 less γ = 1.5',
    ),
    exceeds(
      'Normalised 3-grams rise from η = 0 to η = 0.3 at γ = 1.5 (the published grid)',
      gain(at(1.5, 0.3, 0), at(1.5, 0, 0), 'normalisedNgrams'),
      0,
      'η = 0.3 less η = 0',
    ),
    exceeds(
      'The examples of the negative prompt matter: without them, at γ = 1.5 and η = 0.6, there are fewer new coherent texts',
      gain(at(1.5, 0.6), steered(1.5, 0.6, mask, { negatives: 0 }), 'novel'),
      0,
      'difference of shares',
    ),
  ];
}

/** What stands in claims for a setting that was chosen, or could not be. */
const shown = (decoder: string | undefined): string => decoder ?? '–';

/**
 * STEER against sampling, each at what the validation seeds chose: the most valid of either, the most valid STEER beside what of sampling is as diverse, and both at
 * floors of diversity.
 */
export function frontClaims(measured: Measured, { steer, sampling }: Trials): readonly Claim[] {
  const task = demonstrated;
  const best = (among: readonly string[], least?: number): string | undefined =>
    measured.chosen(task, among, 'coherent', least);
  const against = (claim: string, a: string | undefined, b: string | undefined): Claim =>
    exceeds(claim, gained(measured, task, a, b, 'coherent'), 0, 'difference of coherent shares');
  const steering = best(steer);
  const rival = best(
    sampling,
    steering === undefined ? undefined : measured.validation(task, steering, 'entropy') - equalEntropy,
  );
  const most = best(sampling);
  return [
    against(
      `The most valid STEER (${shown(steering)}) is more valid than the best sampling of its diversity (${shown(rival)})`,
      steering,
      rival,
    ),
    against(
      `… and than the most valid sampling of any diversity (${shown(most)}), be it one text over and over`,
      steering,
      most,
    ),
    ...floors.map((floor) => {
      const [a, b] = [best(steer, floor), best(sampling, floor)];
      return against(
        `With H of at least ${floor} on the validation seeds, STEER (${shown(a)}) is more valid than sampling (${shown(b)})`,
        a,
        b,
      );
    }),
  ];
}

/**
 * In a task, what the specification fixes (γ = 1.5, η = 0.3) against the best temperature of no lower diversity. The temperature is chosen on the very seed on
 * which it is judged, which is to its advantage, and nothing of STEER is.
 */
export function bestTemperatureClaims(measured: Measured, task: string, sampling: readonly string[]): readonly Claim[] {
  const over = (factor: number): number[] =>
    measured.overBest(task, steered(1.5, 0.3, mask), sampling, 'coherent', equalEntropy, factor);
  return [
    exceeds(
      `${task}: STEER (γ = 1.5, η = 0.3) is more valid than the best temperature at equal or better diversity`,
      over(1),
      0,
      'difference of coherent shares',
    ),
    exceeds(
      `${task}: STEER doubles domain validity against the best temperature at equal or better diversity`,
      over(2),
      0,
      'coherent share − 2 × that of the temperature',
    ),
  ];
}

function gained(
  measured: Measured,
  task: string,
  more: string | undefined,
  less: string | undefined,
  figure: Figure,
): number[] {
  return more === undefined || less === undefined ? [] : measured.gain(task, more, less, figure);
}

/** In a task of generation: what is chosen for a figure on the validation seeds, against the best of sampling chosen alike, and the paper's decoders as they are. */
export function generationClaims(measured: Measured, task: string, { steer, sampling }: Trials): readonly Claim[] {
  const against = (figure: Figure, what: string): Claim => {
    const a = measured.chosen(task, steer, figure);
    const b = measured.chosen(task, sampling, figure);
    return exceeds(
      `${task}: STEER (${a ?? '–'}) ${what} than sampling (${b ?? '–'})`,
      gained(measured, task, a, b, figure),
      0,
      'difference',
    );
  };
  return [
    against('coherent', 'makes more valid texts'),
    against('novel', 'makes more texts that are valid, new and different'),
    against('mauve', 'is more coherent by MAUVE'),
    against('authenticity', 'is more authentic'),
  ];
}
