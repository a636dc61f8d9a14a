import type { ArmName } from './arms.ts';
import type { Lesson, Lessons } from './lesson.ts';

/** The lessons of one problem over its seeds. */
export class Measured {
  readonly seeds: readonly Lessons[];

  constructor(seeds: readonly Lessons[]) {
    this.seeds = seeds;
  }

  get teacher(): number[] {
    return this.seeds.map(({ teacher }) => teacher);
  }

  /** Weights that an arm was tried with. */
  alphas(arm: ArmName): number[] {
    return [
      ...new Set(this.seeds.flatMap(({ lessons }) => lessons.filter((l) => l.arm === arm).map(({ alpha }) => alpha))),
    ];
  }

  /** One lesson a seed. */
  of(arm: ArmName, alpha: number | undefined): Lesson[] {
    return this.seeds.flatMap(({ lessons }) => lessons.filter((l) => l.arm === arm && l.alpha === alpha));
  }

  /** The weight with the best mean accuracy on validation rows; of equal ones the smaller. The test rows have no say. */
  chosenAlpha(arm: ArmName): number | undefined {
    const mean = (alpha: number): number => average(this.of(arm, alpha).map(({ validation }) => validation));
    return this.alphas(arm)
      .toSorted((a, b) => a - b)
      .reduce<number | undefined>(
        (best, alpha) => (best === undefined || mean(alpha) > mean(best) ? alpha : best),
        undefined,
      );
  }

  /** Lessons with the published weight 1; of an arm without a teacher, all. */
  published(arm: ArmName): Lesson[] {
    return this.of(arm, this.alphas(arm).includes(1) ? 1 : this.alphas(arm)[0]);
  }

  chosen(arm: ArmName): Lesson[] {
    return this.of(arm, this.chosenAlpha(arm));
  }
}

/** a − b, seed by seed: students of one seed share problem, teacher and first weights. */
export function gains(a: readonly Lesson[], b: readonly Lesson[]): number[] {
  return a.slice(0, b.length).map(({ test }, seed) => test - b[seed]!.test);
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
