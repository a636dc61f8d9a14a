import { ShapeError } from '../../core/errors.ts';

/** What was true and what was shown in the last steps of every lane, and what the controller did then. */
export interface History {
  /** [·] rows of past steps; addressed with `at`. */
  readonly truth: Float32Array;
  readonly shown: Float32Array;
  /** [rows×A] the last action of each lane, physical; NaN before the first. */
  readonly action: Float64Array;
  readonly actions: number;
  /** Offset in `truth` and `shown` of lane `row`'s numbers `lag` ≥ 1 steps ago; −1 when its episode is younger. */
  at(row: number, lag: number): number;
  /** Checks that a step is of the lanes before. @throws {ShapeError} */
  open(rows: number): void;
  /** A step is over. @param x, out [rows×O] */
  push(x: Float32Array, out: Float32Array): void;
  /** What the controllers did in the step pushed last. @param action [rows×A] physical */
  act(action: Float64Array): void;
  /** What is held of a lane, and as many lanes going on from such. */
  remember(row: number): PastSteps;
  recall(past: readonly PastSteps[], actions: number): void;
  /** Lane `row` begins another episode. */
  forget(row: number): void;
}

/** The last steps of one lane, the latest first. */
export interface PastSteps {
  readonly truth: Float32Array; // [depth×O]
  readonly shown: Float32Array;
  readonly age: number;
  readonly action: Float64Array; // [A]
}

/** @param features O  @param depth steps remembered */
export function openHistory(features: number, depth: number): History {
  const slots = Math.max(1, depth);
  let rows = 0;
  let truth = new Float32Array(0);
  let shown = truth;
  let action = new Float64Array(0);
  let age = new Int32Array(0);
  let next = 0;
  return {
    get truth() {
      return truth;
    },
    get shown() {
      return shown;
    },
    get action() {
      return action;
    },
    get actions() {
      return rows === 0 ? 0 : action.length / rows;
    },
    at(row, lag) {
      if (lag > depth || lag > age[row]!) return -1;
      return (((next - lag + slots) % slots) * rows + row) * features;
    },
    open(count) {
      if (count === rows) return;
      if (rows > 0)
        throw new ShapeError(
          `constraints with a memory met ${count} rows after ${rows}: every step must hold the same lanes, in the same order`,
        );
      rows = count;
      truth = new Float32Array(slots * rows * features);
      shown = new Float32Array(slots * rows * features);
      age = new Int32Array(rows);
    },
    push(x, out) {
      truth.set(x.subarray(0, rows * features), next * rows * features);
      shown.set(out.subarray(0, rows * features), next * rows * features);
      next = (next + 1) % slots;
      for (let row = 0; row < rows; row++) age[row]!++;
      action.fill(Number.NaN);
    },
    act(values) {
      if (action.length !== values.length) action = new Float64Array(values.length);
      action.set(values);
    },
    remember(row) {
      const past = {
        truth: new Float32Array(depth * features),
        shown: new Float32Array(depth * features),
        age: age[row] ?? 0,
        action: action.slice((row * action.length) / rows, ((row + 1) * action.length) / rows),
      };
      for (let lag = 1; lag <= Math.min(depth, past.age); lag++) {
        const at = this.at(row, lag);
        past.truth.set(truth.subarray(at, at + features), (lag - 1) * features);
        past.shown.set(shown.subarray(at, at + features), (lag - 1) * features);
      }
      return past;
    },
    recall(past, actions) {
      rows = 0;
      this.open(past.length);
      next = 0;
      action = new Float64Array(rows * actions).fill(Number.NaN);
      past.forEach((one, row) => {
        age[row] = one.age;
        action.set(one.action, row * actions);
        for (let lag = 1; lag <= Math.min(depth, one.age); lag++) {
          const at = this.at(row, lag);
          truth.set(one.truth.subarray((lag - 1) * features, lag * features), at);
          shown.set(one.shown.subarray((lag - 1) * features, lag * features), at);
        }
      });
    },
    forget(row) {
      age[row] = 0;
    },
  };
}
