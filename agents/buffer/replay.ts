import type { Rng } from '../../core/rng.ts';
import type { State } from '../state.ts';
import { stateArray } from '../state.ts';

/** Rows of a minibatch in buffers that their owner made once. */
export interface TransitionBatch {
  /** [B×O] and [B×O] */
  readonly observation: Float32Array;
  readonly nextObservation: Float32Array;
  /** [B×A] on the unit scale [−1, 1]; of what is remembered, [B×E] where the environment says what comes of an action */
  readonly action: Float32Array;
  readonly reward: Float32Array;
  /** [B] 1 where there is no next value */
  readonly terminated: Uint8Array;
}

/** A ring of transitions in typed arrays; it grows by doubling up to its capacity, then overwrites the oldest. */
export class Replay {
  readonly #capacity: number;
  readonly #inputs: number;
  readonly #actions: number;
  #room: number;
  #size = 0;
  #next = 0;
  #store: TransitionBatch;

  constructor(capacity: number, inputs: number, actions: number) {
    this.#capacity = capacity;
    this.#inputs = inputs;
    this.#actions = actions;
    this.#room = Math.min(capacity, 4096);
    this.#store = transitionBatch(this.#room, inputs, actions);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds lane `lane` of arrays that hold a row for each lane. */
  add(rows: TransitionBatch, lane: number): void {
    if (this.#next === this.#room && this.#room < this.#capacity) this.#grow(Math.min(this.#capacity, 2 * this.#room));
    if (this.#next === this.#room) this.#next = 0;
    copyRow(rows, lane, this.#store, this.#next, this.#inputs, this.#actions);
    this.#next++;
    this.#size = Math.max(this.#size, this.#next);
  }

  /** Draws rows uniformly, with replacement. */
  sample(rng: Rng, rows: number, out: TransitionBatch): void {
    for (let row = 0; row < rows; row++)
      copyRow(this.#store, rng.int(this.#size), out, row, this.#inputs, this.#actions);
  }

  save(): State {
    return {
      position: Float64Array.of(this.#size, this.#next),
      observation: this.#store.observation.slice(0, this.#size * this.#inputs),
      nextObservation: this.#store.nextObservation.slice(0, this.#size * this.#inputs),
      action: this.#store.action.slice(0, this.#size * this.#actions),
      reward: this.#store.reward.slice(0, this.#size),
      terminated: this.#store.terminated.slice(0, this.#size),
    };
  }

  restore(state: State): void {
    const [size, next] = stateArray(state, 'position', 'Float64Array', 2);
    this.#room = Math.min(this.#capacity, Math.max(4096, 2 ** Math.ceil(Math.log2(size! + 1))));
    this.#store = transitionBatch(this.#room, this.#inputs, this.#actions);
    this.#store.observation.set(stateArray(state, 'observation', 'Float32Array', size! * this.#inputs));
    this.#store.nextObservation.set(stateArray(state, 'nextObservation', 'Float32Array', size! * this.#inputs));
    this.#store.action.set(stateArray(state, 'action', 'Float32Array', size! * this.#actions));
    this.#store.reward.set(stateArray(state, 'reward', 'Float32Array', size!));
    this.#store.terminated.set(stateArray(state, 'terminated', 'Uint8Array', size!));
    this.#size = size!;
    this.#next = next!;
  }

  #grow(room: number): void {
    const bigger = transitionBatch(room, this.#inputs, this.#actions);
    bigger.observation.set(this.#store.observation);
    bigger.nextObservation.set(this.#store.nextObservation);
    bigger.action.set(this.#store.action);
    bigger.reward.set(this.#store.reward);
    bigger.terminated.set(this.#store.terminated);
    this.#room = room;
    this.#store = bigger;
  }
}

/** Buffers for `rows` transitions. */
export function transitionBatch(rows: number, inputs: number, actions: number): TransitionBatch {
  return {
    observation: new Float32Array(rows * inputs),
    nextObservation: new Float32Array(rows * inputs),
    action: new Float32Array(rows * actions),
    reward: new Float32Array(rows),
    terminated: new Uint8Array(rows),
  };
}

function copyRow(
  from: TransitionBatch,
  source: number,
  to: TransitionBatch,
  target: number,
  inputs: number,
  actions: number,
): void {
  const a = source * inputs;
  const b = target * inputs;
  for (let i = 0; i < inputs; i++) {
    to.observation[b + i] = from.observation[a + i]!;
    to.nextObservation[b + i] = from.nextObservation[a + i]!;
  }
  for (let j = 0; j < actions; j++) to.action[target * actions + j] = from.action[source * actions + j]!;
  to.reward[target] = from.reward[source]!;
  to.terminated[target] = from.terminated[source]!;
}
