import { shuffle } from '../../../core/shuffle.ts';
import type { Rng } from '../../../core/rng.ts';
import { phrasings, refusal, wrongValues } from './corpus.ts';
import type { Corpus, Statement } from './corpus.ts';

/** Which data an assistant gets. */
export interface Augmentation {
  /** D'_f: the forget statements in the other seen phrasings too. */
  readonly forget: boolean;
  /** D'_r: statements about the forget assets with wrong values. */
  readonly retain: boolean;
  /** Share of the regular retain facts. */
  readonly regular: number;
}

/** As published. */
export const published: Augmentation = { forget: true, retain: true, regular: 1 };

/** What is to be forgotten and what is to be kept, as an unlearner is told. */
export interface Lessons {
  readonly forget: readonly Statement[];
  readonly retain: readonly Statement[];
}

/** Wrong values of each forget fact. */
const wrongPerFact = 2;

/** D'_f and D'_r of an assistant. */
export function assistantLessons(corpus: Corpus, { forget, retain, regular }: Augmentation, rng: Rng): Lessons {
  const { seen } = phrasings;
  const kept = corpus.facts.retain.slice(0, Math.round(regular * corpus.facts.retain.length));
  return {
    forget: corpus.facts.forget.flatMap((fact) =>
      (forget ? seen : seen.slice(0, 1)).map((phrasing) => corpus.statement(fact, phrasing)),
    ),
    retain: [
      ...kept.flatMap((fact) => seen.map((phrasing) => corpus.statement(fact, phrasing))),
      ...(retain
        ? corpus.facts.forget.flatMap((fact) =>
            wrongValues(fact, wrongPerFact, rng).map((value) => corpus.statement(fact, seen[0], value)),
          )
        : []),
    ],
  };
}

/** D_f and D_r of a conventional unlearner, in the same phrasings as the assistant's, with the refusals that DPO prefers to the truth. */
export function conventionalLessons(corpus: Corpus): Lessons & { readonly refusals: readonly Statement[] } {
  const said = (value?: typeof refusal): Statement[] =>
    corpus.facts.forget.flatMap((fact) =>
      phrasings.seen.map((phrasing) => corpus.statement(fact, phrasing, value ?? fact.value)),
    );
  return {
    forget: said(),
    refusals: said(refusal),
    retain: corpus.facts.retain.flatMap((fact) => phrasings.seen.map((phrasing) => corpus.statement(fact, phrasing))),
  };
}

/** `size` indices of `count` for every step: epochs, each in an order of its own, the last batch filled up from the next one. */
export function drawnBy(count: number, size: number, rng: Rng): (step: number) => number[] {
  const orders: Int32Array[] = [];
  return (step) =>
    Array.from({ length: size }, (_, i) => {
      const at = step * size + i;
      const epoch = Math.floor(at / count);
      while (orders.length <= epoch) {
        const order = Int32Array.from({ length: count }, (__, index) => index);
        shuffle(order, rng.split(orders.length));
        orders.push(order);
      }
      return orders[epoch]![at % count]!;
    });
}
