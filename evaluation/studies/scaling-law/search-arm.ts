import type { Rng } from '../../../core/rng.ts';
import { rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { logitsOf } from '../../../logits/scaling-law/response.ts';
import { childNetwork, inputScale } from '../../../logits/scaling-law/search/child.ts';
import { searchArchitectures } from '../../../logits/scaling-law/search/search.ts';
import type { Trial } from '../../../logits/scaling-law/search/search.ts';
import { nameOf, parametersOf } from '../../../logits/scaling-law/search/space.ts';
import type { Architecture } from '../../../logits/scaling-law/search/space.ts';
import { pgd } from '../../../logits/scaling-law/sign-attack.ts';
import { stepLeastLikelyTraining, trainClassifier } from '../../../logits/scaling-law/train.ts';
import type { Labelled, Trainable } from '../../../logits/scaling-law/train.ts';
import { rankCorrelation } from '../seeds.ts';
import { accuracyOf } from './accuracy.ts';
import { robustness } from './robustness.ts';
import type { Robustness } from './robustness.ts';
import type { SearchProblem } from './search-problem.ts';
import type { SearchSize } from './size.ts';

/** Fresh trainings of an architecture that is judged. */
const repeats = 3;

/** What is kept of a child. */
export interface SearchedChild {
  readonly name: string;
  readonly parameters: number;
  readonly clean: number;
  /** Accuracy under PGD on validation rows: the reward. */
  readonly reward: number;
}

/** An architecture judged on test rows, means over fresh trainings. */
export interface JudgedArchitecture extends Omit<Robustness, 'transfers'> {
  /** From a plain MLP 64-64, and from another network of its own architecture. */
  readonly transfer: number;
  readonly alike: number;
  readonly name: string;
  readonly parameters: number;
}

/** What is kept of the search on one seed. */
export interface SearchCell {
  /** In the order asked; one asked for again is there again. */
  readonly controller: readonly SearchedChild[];
  readonly random: readonly SearchedChild[];
  /** Best of each by validation, the median of the random ones, and a plain MLP of as many parameters as the controller's best. */
  readonly found: JudgedArchitecture;
  readonly foundAtRandom: JudgedArchitecture;
  readonly median: JudgedArchitecture;
  readonly baseline: JudgedArchitecture;
  /** The controller's best and the plain MLP trained with step l.l. */
  readonly foundHardened: JudgedArchitecture;
  readonly baselineHardened: JudgedArchitecture;
  /** Over all distinct children: Spearman's correlation of the reward with clean accuracy, and with the parameters. */
  readonly correlation: { readonly clean: number; readonly parameters: number };
}

/**
 * The search by a controller, and at random, with as many trainings, for networks of no more parameters than a plain MLP 64-64; and what they
 * found beside a plain network of equal size.
 */
export async function searchArm(
  problem: SearchProblem,
  { children, steps }: SearchSize,
  seed: number,
  progress: (done: number) => void,
): Promise<SearchCell> {
  const { inputs, classes, train, validation, test, epsilon } = problem;
  const root = rng(seed).split('scaling-law search');
  const standard = inputScale(train.x, inputs);
  const most = parametersOf(plain(64), inputs, classes);
  const known = new Map<string, SearchedChild>();

  const trained = async (
    architecture: Architecture,
    random: Rng,
    hardened = false,
  ): Promise<Trainable & Disposable> => {
    const network = childNetwork(architecture, inputs, classes, standard, random.split('initialise'));
    const options = hardened ? { steps, hardening: stepLeastLikelyTraining(epsilon) } : { steps };
    await trainClassifier(network, train, options, random.split('batches'));
    return network;
  };
  const judge = async (architecture: Architecture): Promise<number> => {
    const name = nameOf(architecture);
    const before = known.get(name);
    if (before !== undefined) return before.reward;
    using network = await trained(architecture, root.split(`child ${name}`));
    const child = {
      name,
      parameters: parametersOf(architecture, inputs, classes),
      clean: accuracyOf(await logitsOf(network, validation.x), validation.labels),
      reward: await underPgd(network, validation, epsilon),
    };
    known.set(name, child);
    progress((0.8 * known.size) / (2 * children));
    return child.reward;
  };
  const allowed = (architecture: Architecture): boolean => parametersOf(architecture, inputs, classes) <= most;
  const controller = await searchArchitectures(judge, { children, allowed }, root.split('controller'));
  const random = await searchArchitectures(judge, { children, allowed, controller: 'random' }, root.split('random'));

  using ordinary = await trained(plain(64), root.split('surrogate'));
  const examine = async (architecture: Architecture, hardened = false): Promise<JudgedArchitecture> => {
    using alike = await trained(architecture, root.split('surrogate alike'), hardened);
    const found: Robustness[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      using network = await trained(architecture, root.split(`examined ${repeat}`), hardened);
      found.push(await robustness(network, [ordinary, alike], test, epsilon, test.labels.length));
    }
    const mean = (of: (one: Robustness) => number): number =>
      found.reduce((sum, one) => sum + of(one), 0) / found.length;
    return {
      name: nameOf(architecture),
      parameters: parametersOf(architecture, inputs, classes),
      clean: mean(({ clean }) => clean),
      fgsm: mean(({ fgsm }) => fgsm),
      pgd: mean(({ pgd }) => pgd),
      marginPgd: mean(({ marginPgd }) => marginPgd),
      transfer: mean(({ transfers }) => transfers[0]!),
      alike: mean(({ transfers }) => transfers[1]!),
    };
  };
  const best = ranked(controller)[0]!.architecture;
  const equal = asLarge(parametersOf(best, inputs, classes), inputs, classes);
  const byChance = ranked(random);
  const seen = [...known.values()];
  const correlated = (key: 'clean' | 'parameters'): number =>
    rankCorrelation(
      seen.map((child) => child.reward),
      seen.map((child) => child[key]),
    );
  return {
    controller: controller.map(({ architecture }) => known.get(nameOf(architecture))!),
    random: random.map(({ architecture }) => known.get(nameOf(architecture))!),
    found: await examine(best),
    foundAtRandom: await examine(byChance[0]!.architecture),
    median: await examine(byChance[Math.floor(byChance.length / 2)]!.architecture),
    baseline: await examine(equal),
    foundHardened: await examine(best, true),
    baselineHardened: await examine(equal, true),
    correlation: { clean: correlated('clean'), parameters: correlated('parameters') },
  };
}

async function underPgd(network: Trainable, { x, labels }: Labelled, epsilon: number): Promise<number> {
  return accuracyOf(await logitsOf(network, await pgd(network, x, labels, crossEntropy, epsilon)), labels);
}

/** Best first; of equal ones the earlier. */
function ranked(trials: readonly Trial[]): Trial[] {
  return trials.toSorted((a, b) => b.reward - a.reward);
}

/** The baseline: two ReLU layers of one width. */
function plain(width: number): Architecture {
  return { widths: [width, width], activation: 'relu', residual: false, normalise: false, head: 'linear' };
}

/** The plain network whose parameters are the nearest to so many. */
export function asLarge(parameters: number, inputs: number, classes: number): Architecture {
  let best = plain(1);
  const distance = (architecture: Architecture): number =>
    Math.abs(parametersOf(architecture, inputs, classes) - parameters);
  for (let width = 2; width <= 512; width++) {
    const other = plain(width);
    if (distance(other) < distance(best)) best = other;
  }
  return best;
}
