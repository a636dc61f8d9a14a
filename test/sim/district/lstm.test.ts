import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import type { DynamicsData } from '../../../sim/data/dataset.ts';
import { hyperbolicTangent, sigmoid } from '../../../sim/district/gate.ts';
import { Lstm } from '../../../sim/district/lstm.ts';

/** A network of any size with weights that keep its gates busy. */
function network(seed: number, inputs: number, hidden: number, layers: number, scale = 1): DynamicsData {
  const draw = rng(seed);
  const weights = (size: number): Float32Array =>
    Float32Array.from({ length: size }, () => scale * (2 * draw.uniform() - 1));
  return {
    inputNames: Array.from({ length: inputs }, (_, i) => `input ${i}`),
    minimum: [],
    maximum: [],
    hiddenSize: hidden,
    lookback: 1,
    layers: Array.from({ length: layers }, (_, l) => ({
      inputWeights: weights(4 * hidden * (l === 0 ? inputs : hidden)),
      hiddenWeights: weights(4 * hidden * hidden),
      inputBias: weights(4 * hidden),
      hiddenBias: weights(4 * hidden),
    })),
    outputWeights: weights(hidden),
    outputBias: weights(1),
  };
}

/** The equations as they are written, matrix by matrix, with Math.exp and Math.tanh. h and c are [layers][H]. */
function byTheBook(data: DynamicsData, rows: readonly Float64Array[], h: number[][], c: number[][]): number {
  const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
  const { hiddenSize } = data;
  for (const row of rows) {
    let below: ArrayLike<number> = row;
    data.layers.forEach(({ inputWeights, hiddenWeights, inputBias, hiddenBias }, l) => {
      const inputs = below;
      const gate = (kind: number, u: number): number => {
        const j = kind * hiddenSize + u;
        let sum = inputBias[j]! + hiddenBias[j]!;
        for (let k = 0; k < inputs.length; k++) sum += inputWeights[j * inputs.length + k]! * inputs[k]!;
        for (let k = 0; k < hiddenSize; k++) sum += hiddenWeights[j * hiddenSize + k]! * h[l]![k]!;
        return sum;
      };
      const units = h[l]!.map((_, u) => u);
      const cells = units.map((u) => logistic(gate(1, u)) * c[l]![u]! + logistic(gate(0, u)) * Math.tanh(gate(2, u)));
      const outputs = units.map((u) => logistic(gate(3, u)) * Math.tanh(cells[u]!));
      c[l] = cells;
      h[l] = outputs;
      below = outputs;
    });
  }
  const last = h[data.layers.length - 1]!;
  return last.reduce((sum, value, u) => sum + data.outputWeights[u]! * value, data.outputBias[0]!);
}

/** Two roundings to float32: of w·h and of y. */
function slack(y: number, bias: number): number {
  return 2 ** -24 * (Math.abs(y) + Math.abs(y - bias)) + 1e-11;
}

const size = fc.record({
  seed: fc.nat(1e6),
  inputs: fc.integer({ min: 1, max: 9 }),
  hidden: fc.integer({ min: 1, max: 9 }),
  layers: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 1, max: 6 }),
});

describe('Lstm', () => {
  it('does what the equations say, run after run', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 3 }), ({ seed, inputs, hidden, layers, rows }, runs) => {
        const data = network(seed, inputs, hidden, layers);
        const lstm = new Lstm(data);
        const draw = rng(seed).split('inputs');
        const stateAt = 3;
        const ringAt = stateAt + lstm.stateSize;
        const memory = new Float64Array(ringAt + rows * lstm.gates);
        const h = data.layers.map(() => Array<number>(hidden).fill(0));
        const c = data.layers.map(() => Array<number>(hidden).fill(0));
        for (let run = 0; run < runs; run++) {
          const oldest = draw.int(rows);
          const matrix = Array.from({ length: rows }, (_, s) => {
            const row = Float64Array.from({ length: inputs }, () => 4 * draw.uniform() - 2);
            lstm.project(row, memory, ringAt + ((oldest + s) % rows) * lstm.gates);
            return row;
          });
          const y = lstm.run(memory, stateAt, ringAt, rows, oldest);
          const expected = byTheBook(data, matrix, h, c);
          expect(Math.abs(y - expected)).toBeLessThanOrEqual(slack(expected, data.outputBias[0]!));
          expect(y).toBe(Math.fround(y));
        }
        for (let l = 0; l < layers; l++) {
          for (let u = 0; u < hidden; u++) {
            expect(Math.abs(memory[stateAt + 2 * hidden * l + u]! - h[l]![u]!)).toBeLessThan(1e-11);
            expect(Math.abs(memory[stateAt + 2 * hidden * l + hidden + u]! - c[l]![u]!)).toBeLessThan(1e-11);
          }
        }
        expect([...memory.subarray(0, stateAt)]).toEqual([0, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('goes on where it stopped: one run over many rows is two runs over their halves', () => {
    const data = network(7, 3, 5, 2);
    const lstm = new Lstm(data);
    const ringAt = lstm.stateSize;
    const whole = new Float64Array(ringAt + 8 * lstm.gates);
    const halves = new Float64Array(ringAt + 4 * lstm.gates);
    const draw = rng(8);
    const matrix = Array.from({ length: 8 }, () => Float64Array.from({ length: 3 }, () => draw.uniform()));
    matrix.forEach((row, s) => lstm.project(row, whole, ringAt + s * lstm.gates));
    let y = Number.NaN;
    for (const half of [matrix.slice(0, 4), matrix.slice(4)]) {
      half.forEach((row, s) => lstm.project(row, halves, ringAt + s * lstm.gates));
      y = lstm.run(halves, 0, ringAt, 4, 0);
    }
    expect(lstm.run(whole, 0, ringAt, 8, 0)).toBe(y);
    expect(whole.subarray(0, ringAt)).toEqual(halves.subarray(0, ringAt));
  });

  it('stays finite with saturated gates and passes NaN on', () => {
    const lstm = new Lstm(network(3, 2, 4, 2, 1e30));
    const memory = new Float64Array(lstm.stateSize + lstm.gates);
    lstm.project(Float64Array.of(1e8, -1e8), memory, lstm.stateSize);
    expect(Number.isFinite(lstm.run(memory, 0, lstm.stateSize, 1, 0))).toBe(true);
    lstm.project(Float64Array.of(Number.NaN, 0), memory, lstm.stateSize);
    expect(lstm.run(memory, 0, lstm.stateSize, 1, 0)).toBeNaN();
  });

  it('refuses weights of another size by name', () => {
    const data = network(1, 3, 4, 2);
    const wrong = { ...data, layers: [data.layers[0]!, { ...data.layers[1]!, hiddenWeights: new Float32Array(63) }] };
    expect(() => new Lstm(wrong)).toThrow(ShapeError);
    expect(() => new Lstm(wrong)).toThrow("layer 2's hidden weights has 63 values, expected 64");
    expect(() => new Lstm({ ...data, outputBias: new Float32Array(0) })).toThrow('output bias');
  });
});

describe('gates', () => {
  it('lie within 1e-13 of the functions', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ min: -45, max: 45, noNaN: true }), fc.double({ noNaN: true })), (x) => {
        expect(Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x)))).toBeLessThan(1e-13);
        expect(Math.abs(hyperbolicTangent(x) - Math.tanh(x))).toBeLessThan(1e-13);
      }),
      { numRuns: 20_000 },
    );
    expect(sigmoid(Number.NaN)).toBeNaN();
    expect(hyperbolicTangent(Number.NaN)).toBeNaN();
  });
});
