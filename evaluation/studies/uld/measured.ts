import type { StudyOptions } from '../study.ts';
import { chosenByOracle, chosenSetting } from './choice.ts';
import type { MarginSummary } from './language-arms.ts';
import { cellId, problemsOf, sharesOf, validationOf } from './plan.ts';
import type { ProblemName } from './plan.ts';
import type { PolicyArm } from './policy-arms.ts';
import { isOf } from './setting.ts';
import type { LanguageArm, Setting } from './setting.ts';

/** Who chooses hyperparameters: other seeds, or the retrained model of the very seed. */
export type Choice = 'validation' | 'oracle';

/** What the cells of one seed found. */
interface Seed<Arm> {
  readonly arms: readonly Arm[];
  /** On language, where ULD was tried. */
  readonly margins: readonly MarginSummary[];
}

/** What the cells of one problem found, seeds in order; those that are there. */
class Found<Arm> {
  readonly problem: ProblemName;
  readonly seeds: readonly Seed<Arm>[];
  /** Those on which hyperparameters are chosen. */
  readonly validation: readonly Seed<Arm>[];

  constructor(problem: ProblemName, options: StudyOptions, cells: ReadonlyMap<string, unknown>) {
    const seedOf = (seed: number): Seed<Arm> => {
      const found = sharesOf(problem).flatMap(
        (share) => (cells.get(cellId(problem, seed, share)) as Partial<Seed<Arm>> | undefined) ?? [],
      );
      return { arms: found.flatMap(({ arms }) => arms ?? []), margins: found.flatMap(({ margins }) => margins ?? []) };
    };
    this.problem = problem;
    this.seeds = Array.from({ length: options.seeds }, (_, seed) => seedOf(seed)).filter(({ arms }) => arms.length > 0);
    this.validation = validationOf(problem, options).map(seedOf);
  }
}

/** One a seed, undefined where it has none. */
export type Arms = readonly (LanguageArm | undefined)[];

/** Results on language. */
export class LanguageFound extends Found<LanguageArm> {
  /** Where nothing was tried to choose among. */
  arm(name: string): Arms {
    return this.at(name, { training: '', alpha: null });
  }

  /** An unlearner at one setting; undefined: at none. */
  at(name: string, setting: Setting | undefined): Arms {
    return this.seeds.map(({ arms }) =>
      setting === undefined ? undefined : arms.find((one) => one.arm === name && isOf(one, setting)),
    );
  }

  /** What the validation seeds choose of an unlearner's settings, or of some of them. */
  setting(name: string, among: (arm: Setting) => boolean = () => true): Setting | undefined {
    return chosenSetting(this.validation.map(({ arms }) => arms.filter((one) => one.arm === name && among(one))));
  }

  /** An unlearner as it is chosen. */
  chosen(name: string, choice: Choice, among: (arm: Setting) => boolean = () => true): Arms {
    if (choice === 'validation') return this.at(name, this.setting(name, among));
    return this.seeds.map(({ arms }) => chosenByOracle(arms.filter((one) => one.arm === name && among(one))));
  }

  /** Of every seed, the margins of the assistant that was trained so. */
  margins(training: string | undefined): readonly MarginSummary[] {
    return this.seeds.flatMap(({ margins }) => margins.find((one) => one.training === training) ?? []);
  }

  /** Unlearners, as the cells list them. */
  unlearners(): readonly string[] {
    return [
      ...new Set(this.seeds.flatMap(({ arms }) => arms.flatMap(({ arm, training }) => (training === '' ? [] : [arm])))),
    ];
  }

  /** Trainings of an unlearner, whatever their length. */
  trainings(name: string): readonly string[] {
    const all = this.seeds.flatMap(({ arms }) => arms.filter(({ arm }) => arm === name));
    return [...new Set(all.map(({ training }) => trainedBy(training)))];
  }
}

/** What a training was by, without its length. */
export function trainedBy(training: string): string {
  return training.replace(/, epoch \d+$/, '');
}

/** Of every seed that has both arms, a figure of them. */
export function pairs(a: Arms, b: Arms, figure: (a: LanguageArm, b: LanguageArm) => number): number[] {
  return a.flatMap((one, seed) => {
    const other = b[seed];
    return one === undefined || other === undefined ? [] : [figure(one, other)];
  });
}

/** Of every seed that has the arm, a figure of it. */
export function each(arms: Arms, figure: (arm: LanguageArm) => number): number[] {
  return arms.flatMap((arm) => (arm === undefined ? [] : [figure(arm)]));
}

/** Results on a controller. */
export class PolicyFound extends Found<PolicyArm> {
  /** One figure a seed. */
  of(name: string, figure: (arm: PolicyArm, all: readonly PolicyArm[]) => number): number[] {
    return this.seeds.flatMap(({ arms }) => arms.filter(({ arm }) => arm === name).map((arm) => figure(arm, arms)));
  }

  /** a − b of a figure, seed by seed. */
  gap(a: string, b: string, figure: (arm: PolicyArm) => number): number[] {
    const lesser = this.of(b, figure);
    return this.of(a, figure).map((value, seed) => value - lesser[seed]!);
  }

  names(): string[] {
    return [...new Set(this.seeds.flatMap(({ arms }) => arms.map(({ arm }) => arm)))];
  }
}

export interface Results {
  readonly language: readonly LanguageFound[];
  readonly policies: readonly PolicyFound[];
}

export function resultsOf(options: StudyOptions, cells: ReadonlyMap<string, unknown>): Results {
  const problems = problemsOf(options);
  return {
    language: problems
      .filter(({ part }) => part === 'language')
      .map((problem) => new LanguageFound(problem, options, cells)),
    policies: problems
      .filter(({ part }) => part !== 'language')
      .map((problem) => new PolicyFound(problem, options, cells)),
  };
}
