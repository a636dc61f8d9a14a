import type { Rng } from '../../../core/rng.ts';
import type { Method } from './arms.ts';
import { scoreOf } from './problem.ts';
import type { Rows, Score } from './problem.ts';

/** What a method reached with each of its settings, where they are chosen and where they are judged. */
export interface MethodScores {
  readonly method: string;
  readonly settings: readonly { readonly setting: string; readonly validation: Score; readonly test: Score }[];
}

/** What a cell found: each method at each number of shots. */
export interface ShotFigures {
  readonly results: readonly { readonly shots: number; readonly methods: readonly MethodScores[] }[];
}

/** How much of a comparison by shots is done. */
export interface ShotSize {
  readonly shots: readonly number[];
  /** Names of the methods that take part; absent: all. */
  readonly methods?: readonly string[];
  /** Methods that stop at so many shots: beyond, they take the most time and no claim is about them. */
  readonly short?: { readonly most: number; readonly methods: readonly string[] };
  /** Share of the methods' epochs: 1 but in tests. */
  readonly effort?: number;
}

/** Where rows come from. */
export interface RowSource {
  readonly test: Rows;
  /** So many labelled rows of each class, class after class. */
  shots(perClass: number, random: Rng): Rows;
  /** Rows that hyperparameters are chosen on, beside so many shots. */
  validation(shots: number, random: Rng): Rows;
}

/** Rows a step: the published 8 at few shots, more at many, where an epoch has more. */
export function batchOf(shots: number): number {
  return Math.max(8, Math.min(32, 2 * shots));
}

/** Every method at every number of shots, on the same shots. @param progress to be told the share done, 0…1 */
export function figuresByShots(
  all: readonly Method[],
  source: RowSource,
  size: ShotSize,
  random: Rng,
  progress: (done: number) => void,
): ShotFigures {
  const methods = all.filter(({ name }) => size.methods?.includes(name) ?? true);
  const results = size.shots.map((shots, s) => {
    const draw = random.split(`${shots} shots`);
    const own = source.shots(shots, draw.split('shots'));
    const validation = source.validation(shots, draw.split('validation'));
    const taking = methods.filter(
      ({ name }) => size.short === undefined || shots <= size.short.most || !size.short.methods.includes(name),
    );
    const found = taking.map(({ name, settings, learn }, m): MethodScores => {
      const answer = learn(own, draw.split('training'), { batch: batchOf(shots), share: size.effort });
      const [onValidation, onTest] = [validation, source.test].map((of) =>
        answer(of).map((logits) => scoreOf(logits, of)),
      );
      progress((s + (m + 1) / taking.length) / size.shots.length);
      return {
        method: name,
        settings: settings.map((setting, i) => ({ setting, validation: onValidation![i]!, test: onTest![i]! })),
      };
    });
    return { shots, methods: found };
  });
  return { results };
}
