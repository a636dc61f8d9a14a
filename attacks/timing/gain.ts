import type { Rehearsal } from '../../core/attack.ts';
import { StateError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { learnQ, watched } from '../critic/learning.ts';
import type { LearningOptions } from '../critic/learning.ts';
import type { QFunction } from '../critic/q-function.ts';
import { actionRange, onUnit } from '../critic/transitions.ts';

/** How much a step is worth to an attacker, by a critic that it has learnt, and how that compares with the steps that it watched. */
export class Gain {
  readonly #options: LearningOptions;
  readonly #of: (q: QFunction, x: Float32Array, action: Float32Array, rows: number, out: Float64Array) => void;
  #q: QFunction | undefined;
  #physical = new Float64Array(0);
  #action = new Float32Array(0);
  #out = new Float64Array(0);
  /** [n] what the watched steps were worth, ascending. */
  watched = new Float64Array(0);

  /** @param of fills `out` [rows] from the critic, the observations and the decisions [rows×A] on −1 … 1 */
  constructor(
    options: LearningOptions,
    of: (q: QFunction, x: Float32Array, action: Float32Array, rows: number, out: Float64Array) => void,
  ) {
    this.#options = options;
    this.#of = of;
  }

  *prepare(rehearsal: Rehearsal): Generator<number, void, void> {
    const seen = watched(rehearsal, this.#options);
    const plain = { smoothness: { radius: 0, weight: 0 }, successor: 'ordered' } as const;
    this.dispose();
    this.#q = yield* learnQ(seen, this.#options, plain, rehearsal.rng);
    this.watched = this.at(seen.x, seen.count, rehearsal.victim).slice(0, seen.count).sort();
  }

  dispose(): void {
    this.#q?.[Symbol.dispose]();
  }

  /** [≥ rows] the gain of each row: one decision asked. @throws {StateError} before it has learnt */
  at(x: Float32Array, rows: number, victim: GradientAccess): Float64Array {
    if (this.#q === undefined)
      throw new StateError('the critic of a timed attack has not been learnt; an attack is prepared first');
    const actions = victim.actionSize;
    if (this.#out.length < rows) {
      this.#physical = new Float64Array(rows * actions);
      this.#action = new Float32Array(rows * actions);
      this.#out = new Float64Array(rows);
    }
    victim.decide(x, rows, this.#physical);
    toUnit(victim.head, this.#physical, rows * actions, this.#action);
    this.#of(this.#q, x, this.#action, rows, this.#out);
    return this.#out;
  }
}

function toUnit(head: Head, physical: Float64Array, count: number, out: Float32Array): void {
  const [low, high] = actionRange(head);
  for (let i = 0; i < count; i++) {
    const b = i % low.length;
    out[i] = onUnit(physical[i]!, low[b]!, high[b]!);
  }
}

/** Points of the action grid that the worst action is looked for among, ends included. */
const grid = 9;

/**
 * `Q(x, μ(x)) − min_a Q(x, a)`: what forcing the worst action costs, the other components of an action left as decided; summed over
 * components.
 */
export function worstActionGain(): (
  q: QFunction,
  x: Float32Array,
  action: Float32Array,
  rows: number,
  out: Float64Array,
) => void {
  let own = new Float32Array(0);
  let other = own;
  let moved = own;
  return (q, x, action, rows, out) => {
    const actions = q.actionSize;
    if (own.length < rows) {
      own = new Float32Array(rows);
      other = new Float32Array(rows);
      moved = new Float32Array(rows * actions);
    }
    q.value(x, action, rows, own);
    out.fill(0, 0, rows);
    for (let b = 0; b < actions; b++) {
      const least = own.slice(0, rows);
      for (let k = 0; k < grid; k++) {
        for (let i = 0; i < rows * actions; i++) moved[i] = i % actions === b ? (2 * k) / (grid - 1) - 1 : action[i]!;
        q.value(x, moved, rows, other);
        for (let r = 0; r < rows; r++) if (other[r]! < least[r]!) least[r] = other[r]!;
      }
      for (let r = 0; r < rows; r++) out[r]! += own[r]! - least[r]!;
    }
  };
}
