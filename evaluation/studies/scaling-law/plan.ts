import type { StudyCell, StudyOptions, StudyPlan } from '../study.ts';
import { controllersShape, engineShape, entropyShape, lawShape, searchShape } from './cell-shape.ts';
import { controllerArm } from './controller-arm.ts';
import { engineArm } from './engine-arm.ts';
import { entropyArm } from './entropy-arm.ts';
import { entropyImagesCells } from './entropy-images-part.ts';
import { lawArms, shippedSeeds } from './law-arms.ts';
import type { LawArm } from './law-arms.ts';
import { searchArm } from './search-arm.ts';
import { detectorProblem, vectorProblem } from './search-problem.ts';
import { sizeOf } from './size.ts';
import type { EntropySize } from './size.ts';

/** Names of the parts beside those of `lawArms`, for `only`. */
const entropyPart = 'entropy';
const searchPart = 'search';
const controllerPart = 'controllers';
const detectorPart = 'detector';
const enginePart = 'engine';
const rangePart = 'difficulty';
const lawPart = 'law';

/** Policies on which the law is held against the attack engine. */
export const checkedModels = { ppo20: 'ppo20-builtin', dqn: 'dqn-builtin' } as const;

/** An arm's law on one seed and difficulty. */
export function lawId(arm: string, difficulty: number, seed: number): string {
  return `law-${arm}-difficulty${difficulty}-seed${seed}`;
}

export function entropyId({ widths }: EntropySize, difficulty: number, seed: number): string {
  return `entropy-${widths.join('-')}-difficulty${difficulty}-seed${seed}`;
}

export function searchId(difficulty: number, seed: number): string {
  return `search-difficulty${difficulty}-seed${seed}`;
}

export function controllerId(seed: number): string {
  return `controllers-seed${seed}`;
}

export function detectorId(seed: number): string {
  return `detector-seed${seed}`;
}

export function engineId(model: string, seed: number): string {
  return `engine-${model}-seed${seed}`;
}

/** The arms that a study of these options measures. */
export function armsOf({ quick, only }: StudyOptions): [name: string, arm: LawArm][] {
  const ranged = only?.some((wanted) => rangesOf(lawPart).includes(wanted));
  return Object.entries<LawArm>(lawArms).filter(
    ([name, arm]) =>
      (only?.includes(name) ?? (arm.quick || !quick)) || (ranged === true && arm.everyDifficulty === true),
  );
}

/** What `only` calls the range of difficulty of a part: that of all, or its own. */
function rangesOf(part: string): readonly string[] {
  return [rangePart, `${part}-${rangePart}`];
}

/** Whether something of this name is done at a difficulty: at 1 where it is asked for by name, elsewhere where the range of its part is. */
function isWanted(name: string, difficulty: number, { only }: StudyOptions, part = name): boolean {
  return only?.some((wanted) => (difficulty === 1 ? wanted === name : rangesOf(part).includes(wanted))) ?? true;
}

/** Difficulties of an arm: recorded observations have one, and not every network is measured in all. */
export function difficultiesOf(name: string, arm: LawArm, options: StudyOptions): readonly number[] {
  const all = arm.everyDifficulty === true ? sizeOf(options).difficulties : [1];
  return all.filter((difficulty) => isWanted(name, difficulty, options, lawPart));
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
    const search = difficulty === 1 ? size.search : { ...size.search, children: size.searchElsewhere };
    if (isWanted(searchPart, difficulty, options))
      for (const seed of every)
        cells.push({
          id: searchId(difficulty, seed),
          title: `Architecture search, difficulty ${difficulty}, seed ${seed}`,
          shape: searchShape(search),
          run: (progress, workspace) =>
            searchArm(vectorProblem({ seed, difficulty, size, workspace }), search, seed, progress),
        });
    if (isWanted(entropyPart, difficulty, options))
      for (const one of size.entropy)
        for (const seed of one.everyDifficulty || difficulty === 1 ? every : [])
          cells.push({
            id: entropyId(one, difficulty, seed),
            title: `Entropy penalty, MLP ${one.widths.join('-')}, difficulty ${difficulty}, seed ${seed}`,
            shape: entropyShape(one),
            run: (progress, workspace) => entropyArm(one, { seed, difficulty, size, workspace }, progress),
          });
  }
  if (wants(controllerPart))
    for (const seed of every)
      cells.push({
        id: controllerId(seed),
        title: `Controllers with the entropy penalty, seed ${seed}`,
        shape: controllersShape(size.controllers),
        run: (progress, workspace) => controllerArm({ seed, difficulty: 1, size, workspace }, progress),
      });
  if (wants(detectorPart))
    for (const seed of every.slice(0, shippedSeeds))
      cells.push({
        id: detectorId(seed),
        title: `Architecture search for the attack detector, seed ${seed}`,
        shape: searchShape(size.detector),
        run: async (progress, workspace) =>
          searchArm(await detectorProblem({ seed, difficulty: 1, size, workspace }), size.detector, seed, progress),
      });
  if (wants(enginePart))
    for (const [name, model] of Object.entries(checkedModels))
      for (const seed of every.slice(0, shippedSeeds))
        cells.push({
          id: engineId(name, seed),
          title: `Attack engine beside the law on ${model}, seed ${seed}`,
          shape: engineShape,
          run: (_progress, workspace) => engineArm(model, { seed, difficulty: 1, size, workspace }),
        });
  for (const [name, arm] of armsOf(options))
    for (const difficulty of difficultiesOf(name, arm, options))
      for (const seed of seedsOf(arm, options))
        cells.push({
          id: lawId(name, difficulty, seed),
          title: `Error law of ${arm.title}, difficulty ${difficulty}, seed ${seed}`,
          shape: lawShape,
          run: (_progress, workspace) => arm.run({ seed, difficulty, size, workspace }),
        });
  return { trainings: [], runs: [], cells: [...cells, ...entropyImagesCells(options)] };
}
