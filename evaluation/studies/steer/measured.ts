import type { StudyOptions } from '../study.ts';
import type { SetFigures, TaskFigures } from './cell.ts';
import type { Likeness } from './likeness.ts';
import { cellIdsOf, validationOf } from './plan.ts';

/** One figure of a set. */
export type Figure =
  | 'format'
  | 'coherent'
  | 'novel'
  | 'distinct'
  | 'entropy'
  | 'normalisedNgrams'
  | 'diversity'
  | 'duplicates'
  | keyof Likeness;

const likenessFigures: readonly string[] = [
  'mauve',
  'similarity',
  'precision',
  'recall',
  'authenticity',
  'auroc',
] satisfies (keyof Likeness)[];

/** What the cells found, by task and decoder; seeds in order. */
export class Measured {
  readonly #test: readonly (readonly TaskFigures[])[];
  readonly #validation: readonly (readonly TaskFigures[])[];

  constructor(options: StudyOptions, cells: ReadonlyMap<string, unknown>) {
    const read = (seed: number): readonly TaskFigures[] =>
      cellIdsOf(options, seed).flatMap((id) => (cells.get(id) ?? []) as readonly TaskFigures[]);
    this.#test = Array.from({ length: options.seeds }, (_, seed) => read(seed));
    this.#validation = validationOf(options).map(read);
  }

  /** Of one decoder in a task, one a seed; none where it was not measured. An entropy of no text of the form is 0. */
  values(task: string, decoder: string, figure: Figure): number[] {
    return this.#test.flatMap((cell) => valueOf(setIn(cell, task, decoder), figure));
  }

  /** `more − factor·less`, one a seed. */
  gain(task: string, more: string, less: string, figure: Figure, factor = 1): number[] {
    return this.#test.flatMap((cell) => {
      const [a] = valueOf(setIn(cell, task, more), figure);
      const [b] = valueOf(setIn(cell, task, less), figure);
      return a === undefined || b === undefined ? [] : [a - factor * b];
    });
  }

  /** Mean over the validation seeds; NaN where there are none. */
  validation(task: string, decoder: string, figure: Figure): number {
    const values = this.#validation.flatMap((cell) => valueOf(setIn(cell, task, decoder), figure));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  /**
   * Among some decoders the one with the largest figure on the validation seeds, of those whose entropy there is at least as large as asked for; of equals the
   * first. Undefined where there is none.
   */
  chosen(task: string, among: readonly string[], figure: Figure, leastEntropy = -Infinity): string | undefined {
    let best: { readonly decoder: string; readonly value: number } | undefined;
    for (const decoder of among) {
      const value = this.validation(task, decoder, figure);
      if (Number.isNaN(value) || this.validation(task, decoder, 'entropy') < leastEntropy) continue;
      if (best === undefined || value > best.value) best = { decoder, value };
    }
    return best?.decoder;
  }

  /**
   * `decoder − factor·rival`, one a seed. The rival is the one of some decoders with the largest figure on that very seed among those whose entropy there is no
   * lower than the decoder's less `slack`; where none is so diverse, the most diverse one.
   */
  overBest(
    task: string,
    decoder: string,
    among: readonly string[],
    figure: Figure,
    slack: number,
    factor = 1,
  ): number[] {
    return this.#test.flatMap((cell) => {
      const [own] = valueOf(setIn(cell, task, decoder), figure);
      const [entropy] = valueOf(setIn(cell, task, decoder), 'entropy');
      const rivals = among.flatMap((name) => {
        const set = setIn(cell, task, name);
        const [value] = valueOf(set, figure);
        return value === undefined ? [] : [{ value, entropy: valueOf(set, 'entropy')[0]! }];
      });
      if (own === undefined || rivals.length === 0) return [];
      const diverse = rivals.filter((rival) => rival.entropy >= entropy! - slack);
      const best =
        diverse.length > 0
          ? Math.max(...diverse.map(({ value }) => value))
          : rivals.reduce((most, rival) => (rival.entropy > most.entropy ? rival : most)).value;
      return [own - factor * best];
    });
  }

  /** Texts that a decoder made first, of the first seed. */
  sample(task: string, decoder: string): readonly string[] {
    return setIn(this.#test[0], task, decoder)?.sample ?? [];
  }
}

function setIn(cell: readonly TaskFigures[] | undefined, task: string, decoder: string): SetFigures | undefined {
  return cell?.find(({ id }) => id === task)?.sets.find((set) => set.decoder === decoder);
}

/** A list of one, or of none: what JSON made null of was no number, but an entropy. */
function valueOf(set: SetFigures | undefined, figure: Figure): number[] {
  if (set === undefined) return [];
  const value = likenessFigures.includes(figure)
    ? set.likeness?.[figure as keyof Likeness]
    : set[figure as Exclude<Figure, keyof Likeness>];
  if (value === null || value === undefined) return figure === 'entropy' ? [0] : [];
  return [value];
}
