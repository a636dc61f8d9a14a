import { assertLength } from '../../core/errors.ts';
import type { DynamicsData } from '../data/dataset.ts';
import { hyperbolicTangent, sigmoid } from './gate.ts';

/** One layer's matrices, gates i, f, g, o side by side so that one pass over the inputs makes a unit's four sums. */
interface Layer {
  /** Of [h of the layer below, own h]; the first layer's inputs are projected beforehand: own h only. */
  readonly inputs: number;
  /** [H][inputs][4] */
  readonly weights: Float64Array;
  /** [H][4], of inputs and h together; the first layer's is in its projections */
  readonly bias: Float64Array;
  /** [inputs], the vector that the weights multiply */
  readonly vector: Float64Array;
}

/**
 * An LSTM with a linear output, run over rows for one lane: `i, f, o = σ(Wx + b + Uh + d)`, `g = tanh(…)`, `c ← f·c + i·g`, `h ← o·tanh c`,
 * layer upon layer, and `y = w·h + v` after the last row.
 *
 * Evaluated in float64 from float32 weights, then `y = F(F(w·h) + v)`: where `w·h` is larger than y its rounding shows in y, hour after hour, and
 * is PyTorch's. What remains is the order in which PyTorch's matrix library adds in float32, which differs between processors; of a temperature
 * it makes 2.5e-7 at most, and more than half of all values are the same float32.
 * Source: specs/citylearn.md 7; Hochreiter and Schmidhuber (1997), with forget gates.
 */
export class Lstm {
  /** Numbers of state a lane has: h and c of each layer. */
  readonly stateSize: number;
  /** Numbers that a row of inputs is projected to. */
  readonly gates: number;
  readonly #hidden: number;
  readonly #layers: readonly Layer[];
  readonly #inputs: number;
  /** [H][inputs][4] */
  readonly #inputWeights: Float64Array;
  readonly #outputWeights: Float64Array;
  readonly #outputBias: number;
  readonly #next: Float64Array;

  constructor(data: DynamicsData) {
    const { hiddenSize, layers } = data;
    const where = 'LSTM';
    this.#hidden = hiddenSize;
    this.gates = 4 * hiddenSize;
    this.stateSize = 2 * hiddenSize * layers.length;
    this.#inputs = data.inputNames.length;
    this.#layers = layers.map((layer, l) => {
      const inputs = l === 0 ? this.#inputs : hiddenSize;
      const name = `layer ${l + 1}`;
      assertLength(layer.inputWeights, this.gates * inputs, `${name}'s input weights`, where);
      assertLength(layer.hiddenWeights, this.gates * hiddenSize, `${name}'s hidden weights`, where);
      assertLength(layer.inputBias, this.gates, `${name}'s input bias`, where);
      assertLength(layer.hiddenBias, this.gates, `${name}'s hidden bias`, where);
      const own = columnsByUnit(layer.hiddenWeights, hiddenSize, hiddenSize);
      const below = l === 0 ? [] : columnsByUnit(layer.inputWeights, hiddenSize, inputs);
      const weights = own.flatMap((unit, u) => [...(below[u] ?? []), ...unit]);
      const count = (l === 0 ? 0 : inputs) + hiddenSize;
      return {
        inputs: count,
        weights: Float64Array.from(weights),
        bias: Float64Array.from(layer.inputBias, (_, i) => {
          const at = (i % 4) * hiddenSize + Math.floor(i / 4);
          return layer.inputBias[at]! + layer.hiddenBias[at]!;
        }),
        vector: new Float64Array(count),
      };
    });
    this.#inputWeights = Float64Array.from(columnsByUnit(layers[0]!.inputWeights, hiddenSize, this.#inputs).flat());
    assertLength(data.outputWeights, hiddenSize, 'output weights', where);
    assertLength(data.outputBias, 1, 'output bias', where);
    this.#outputWeights = Float64Array.from(data.outputWeights);
    this.#outputBias = data.outputBias[0]!;
    this.#next = new Float64Array(hiddenSize);
  }

  /** What a row of inputs adds to the first layer's gates, biases included, [H][4]: computed once, however many runs the row takes part in. */
  project(inputs: Float64Array, out: Float64Array, at: number): void {
    const weights = this.#inputWeights;
    const bias = this.#layers[0]!.bias;
    const count = this.#inputs;
    let w = 0;
    for (let first = 0; first < this.gates; first += 4) {
      let i = bias[first]!;
      let f = bias[first + 1]!;
      let g = bias[first + 2]!;
      let o = bias[first + 3]!;
      for (let k = 0; k < count; k++) {
        const x = inputs[k]!;
        i += weights[w]! * x;
        f += weights[w + 1]! * x;
        g += weights[w + 2]! * x;
        o += weights[w + 3]! * x;
        w += 4;
      }
      out[at + first] = i;
      out[at + first + 1] = f;
      out[at + first + 2] = g;
      out[at + first + 3] = o;
    }
  }

  /**
   * Runs over projected rows, which lie as a ring of `rows` in `memory` from `ringAt` on; `oldest` is the first one's place in it.
   * h and c are read from and left in `memory` at `stateAt`. Returns y, a float32 value.
   */
  run(memory: Float64Array, stateAt: number, ringAt: number, rows: number, oldest: number): number {
    const layers = this.#layers;
    const hidden = this.#hidden;
    for (let l = 0; l < layers.length; l++) {
      const { vector, inputs } = layers[l]!;
      const from = stateAt + 2 * hidden * l;
      for (let u = 0; u < hidden; u++) vector[inputs - hidden + u] = memory[from + u]!;
    }
    let place = oldest;
    for (let row = 0; row < rows; row++) {
      const projected = ringAt + place * this.gates;
      for (let l = 0; l < layers.length; l++) {
        const layer = layers[l]!;
        const cellAt = stateAt + 2 * hidden * l + hidden;
        if (l === 0) this.#advance(layer, memory, projected, memory, cellAt);
        else this.#advance(layer, layer.bias, 0, memory, cellAt);
        const { vector, inputs } = layer;
        vector.set(this.#next, inputs - hidden);
        if (l + 1 < layers.length) layers[l + 1]!.vector.set(this.#next);
      }
      place = place + 1 === rows ? 0 : place + 1;
    }
    for (let l = 0; l < layers.length; l++) {
      const { vector, inputs } = layers[l]!;
      const to = stateAt + 2 * hidden * l;
      for (let u = 0; u < hidden; u++) memory[to + u] = vector[inputs - hidden + u]!;
    }
    const last = this.#next;
    let y = 0;
    for (let u = 0; u < hidden; u++) y += this.#outputWeights[u]! * last[u]!;
    return Math.fround(Math.fround(y) + this.#outputBias);
  }

  /** One layer over one row: sums begin from `base`, c is updated in place, h goes to `#next`. */
  #advance(layer: Layer, base: Float64Array, baseAt: number, cells: Float64Array, cellAt: number): void {
    const { inputs, weights, vector } = layer;
    const next = this.#next;
    let w = 0;
    for (let u = 0; u < this.#hidden; u++) {
      const first = baseAt + 4 * u;
      let i = base[first]!;
      let f = base[first + 1]!;
      let g = base[first + 2]!;
      let o = base[first + 3]!;
      for (let k = 0; k < inputs; k++) {
        const x = vector[k]!;
        i += weights[w]! * x;
        f += weights[w + 1]! * x;
        g += weights[w + 2]! * x;
        o += weights[w + 3]! * x;
        w += 4;
      }
      const cell = sigmoid(f) * cells[cellAt + u]! + sigmoid(i) * hyperbolicTangent(g);
      cells[cellAt + u] = cell;
      next[u] = sigmoid(o) * hyperbolicTangent(cell);
    }
  }
}

/** A [4H×n] matrix as [H] lists of [n][4]: a unit's four gates side by side. */
function columnsByUnit(matrix: Float32Array, hidden: number, n: number): number[][] {
  return Array.from({ length: hidden }, (_, unit) =>
    Array.from({ length: 4 * n }, (_, i) => matrix[((i % 4) * hidden + unit) * n + Math.floor(i / 4)]!),
  );
}
