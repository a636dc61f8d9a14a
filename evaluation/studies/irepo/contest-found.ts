import type { StudyOptions } from '../study.ts';
import { chosenOf } from './contest.ts';
import type { Contestant, ContestFigures, ContestWorth } from './contest.ts';
import { cellId } from './plan.ts';

/** What the cells of a contest found; seeds in order. */
export class ContestFound<W extends ContestWorth> {
  readonly cells: readonly ContestFigures<W>[];

  constructor(part: string, difficulty: string, { seeds }: StudyOptions, cells: ReadonlyMap<string, unknown>) {
    this.cells = Array.from(
      { length: seeds },
      (_, seed) => cells.get(cellId(part, difficulty, seed)) as ContestFigures<W> | undefined,
    ).filter((cell) => cell !== undefined);
  }

  reference(figure: (worth: W) => number): number[] {
    return this.cells.map(({ reference }) => figure(reference));
  }

  /** At the rate and iteration that validation chose. */
  chosen(name: Contestant, figure: (worth: W) => number): number[] {
    return this.cells.flatMap((cell) => {
      const chosen = chosenOf(cell, name);
      return chosen === null ? [] : [figure(chosen.test)];
    });
  }

  /** Which rate and iteration that was, for a table. */
  choices(name: Contestant): string {
    return this.cells
      .flatMap((cell) => {
        const chosen = chosenOf(cell, name);
        return chosen === null ? [] : [`${chosen.rate}×${chosen.iteration}`];
      })
      .join(', ');
  }

  /** After an iteration, from 1, at the largest rate that was tried. */
  after(iteration: number, name: Contestant, figure: (worth: W) => number): number[] {
    return this.cells.flatMap(({ trials }) => {
      const own = trials.filter((trial) => trial.name === name);
      const fastest = Math.max(...own.map(({ rate }) => rate));
      const found = own.find(({ rate }) => rate === fastest)?.iterations[iteration - 1];
      return found === undefined ? [] : [figure(found.test)];
    });
  }

  /** Iterations that were made. */
  get iterations(): number {
    return Math.max(0, ...this.cells.flatMap(({ trials }) => trials.map(({ iterations }) => iterations.length)));
  }

  /** Who took part. */
  get names(): Contestant[] {
    return [...new Set(this.cells.flatMap(({ trials }) => trials.map(({ name }) => name)))];
  }
}
