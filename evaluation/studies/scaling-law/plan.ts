import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { entropyArm } from './entropy-arm.ts';
import { lawArms, shippedSeeds } from './law-arms.ts';
import type { LawArm } from './law-arms.ts';
import { searchArm } from './search-arm.ts';
import { sizeOf } from './size.ts';

/** Names of the parts beside those of `lawArms`, for `only`. */
export const entropyPart = 'entropy';
export const searchPart = 'search';

/** An arm's law on one seed and difficulty. */
export function lawId(arm: string, difficulty: number, seed: number): string {
  return `law-${arm}-difficulty${difficulty}-seed${seed}`;
}

export function entropyId(lambda: number, difficulty: number, seed: number): string {
  return `entropy${lambda}-difficulty${difficulty}-seed${seed}`;
}

export function searchId(difficulty: number, seed: number): string {
  return `search-difficulty${difficulty}-seed${seed}`;
}

/** The arms that a study of these options measures. */
export function armsOf({ quick, only }: StudyOptions): [name: string, arm: LawArm][] {
  return Object.entries<LawArm>(lawArms).filter(([name, arm]) => only?.includes(name) ?? (arm.quick || !quick));
}

/** Difficulties of an arm: recorded observations have one. */
export function difficultiesOf(arm: LawArm, options: StudyOptions): readonly number[] {
  return arm.policy ? [1] : sizeOf(options).difficulties;
}

/** Seeds of an arm: of policies no more than ship. */
export function seedsOf(arm: LawArm, { seeds }: StudyOptions): number[] {
  return Array.from({ length: arm.policy ? Math.min(seeds, shippedSeeds) : seeds }, (_, seed) => seed);
}

/** A cell for each arm, difficulty and seed; the long ones first, so that no thread is left with one at the end. */
export function planOf(options: StudyOptions): StudyPlan {
  const { seeds, only } = options;
  const size = sizeOf(options);
  const wants = (part: string): boolean => only?.includes(part) ?? true;
  const every = Array.from({ length: seeds }, (_, seed) => seed);
  const cells: StudyCell[] = [];
  for (const difficulty of size.difficulties) {
    if (wants(searchPart))
      for (const seed of every)
        cells.push({
          id: searchId(difficulty, seed),
          title: `Architecture search, difficulty ${difficulty}, seed ${seed}`,
          run: (progress, workspace) => searchArm({ seed, difficulty, size, workspace }, progress),
        });
    if (wants(entropyPart))
      for (const lambda of size.entropy.strengths)
        for (const seed of every)
          cells.push({
            id: entropyId(lambda, difficulty, seed),
            title: `Entropy penalty ${lambda}, difficulty ${difficulty}, seed ${seed}`,
            run: (_progress, workspace) => entropyArm(lambda, { seed, difficulty, size, workspace }),
          });
  }
  for (const [name, arm] of armsOf(options))
    for (const difficulty of difficultiesOf(arm, options))
      for (const seed of seedsOf(arm, options))
        cells.push({
          id: lawId(name, difficulty, seed),
          title: `Error law of ${arm.title}, difficulty ${difficulty}, seed ${seed}`,
          run: (_progress, workspace) => arm.run({ seed, difficulty, size, workspace }),
        });
  return { trainings: [], runs: [], cells };
}
