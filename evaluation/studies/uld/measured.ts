import type { StudyOptions } from '../study.ts';
import type { LanguageArm, MarginSummary } from './language-arms.ts';
import { cellId, problemsOf, sharesOf } from './plan.ts';
import type { ProblemName } from './plan.ts';
import type { PolicyArm } from './policy-arms.ts';

/** Who chose an arm's hyperparameters, where somebody did. */
export type Choice = 'validation' | 'oracle';

interface CellOf<Arm> {
  readonly arms: readonly Arm[];
  /** On language, where ULD was tried. */
  readonly margins?: MarginSummary | null;
}

/** What the cells of one problem found, seeds in order; those that are there. */
export class Found<Arm> {
  readonly problem: ProblemName;
  readonly seeds: readonly { readonly arms: readonly Arm[]; readonly margins: MarginSummary | null }[];

  constructor(problem: ProblemName, options: StudyOptions, cells: ReadonlyMap<string, unknown>) {
    this.problem = problem;
    this.seeds = Array.from({ length: options.seeds }, (_, seed) => {
      const found = sharesOf(problem).flatMap(
        (share) => (cells.get(cellId(problem, seed, share)) as CellOf<Arm> | undefined) ?? [],
      );
      return {
        arms: found.flatMap(({ arms }) => arms),
        margins: found.find(({ margins }) => margins)?.margins ?? null,
      };
    }).filter(({ arms }) => arms.length > 0);
  }
}

/** Results on language: one arm a seed, null where it has none. */
export class LanguageFound extends Found<LanguageArm> {
  /** Of the seeds that have an assistant. */
  margins(): readonly MarginSummary[] {
    return this.seeds.flatMap(({ margins }) => margins ?? []);
  }

  arm(name: string, choice: Choice | null = null): (LanguageArm | undefined)[] {
    return this.seeds.map(({ arms }) => arms.find((one) => one.arm === name && one.choice === choice));
  }

  /** Of every seed that has both arms, a figure of them. */
  pairs(
    a: readonly (LanguageArm | undefined)[],
    b: readonly (LanguageArm | undefined)[],
    figure: (a: LanguageArm, b: LanguageArm) => number,
  ): number[] {
    return a.flatMap((one, seed) => {
      const other = b[seed];
      return one === undefined || other === undefined ? [] : [figure(one, other)];
    });
  }

  /** Arms and choices, as the cells list them. */
  names(): { readonly arm: string; readonly choice: Choice | null }[] {
    const all = this.seeds.flatMap(({ arms }) => arms.map(({ arm, choice }) => ({ arm, choice })));
    return all.filter(({ arm, choice }, at) => all.findIndex((one) => one.arm === arm && one.choice === choice) === at);
  }
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
