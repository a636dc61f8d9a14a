import type { Objective, GradientAccess } from '../../core/victim.ts';
import type { Network } from '../../nn/network.ts';
import { decodeAction } from '../../nn/victim.ts';

/** A function of rows with its own derivative: a controller's logits, a network's features. */
export interface RowFunction {
  readonly inputs: number;
  readonly outputs: number;
  /** @param x [rows×I]  @param out [rows×K] */
  readonly value: (x: Float32Array, rows: number, out: Float32Array) => void;
  /** `dOutᵀ ∂out/∂x`. @param dX [rows×I], may not alias x */
  readonly pullback: (x: Float32Array, rows: number, dOut: Float32Array, dX: Float32Array) => void;
}

/** A controller's logits, differentiated as an attack differentiates: by an objective that is linear in them. It borrows the controller. */
export function ofController(access: GradientAccess): RowFunction {
  return {
    inputs: access.observationSize,
    outputs: access.logitsSize,
    value: (x, rows, out) => access.logits(x, rows, out),
    pullback(x, rows, dOut, dX) {
      const covector: Objective = {
        name: 'covector',
        check: () => undefined,
        evaluate(_head, _logits, _goal, _rows, value, gradient) {
          value.fill(0);
          gradient.set(dOut);
        },
      };
      const goal = { x, clean: dOut, side: new Int8Array(rows), action: new Float64Array(0) };
      access.valueAndGradient({ objective: covector, goal }, x, rows, new Float32Array(rows), dX);
    },
  };
}

/** A network's outputs. It borrows the network. */
export function ofNetwork(network: Network): RowFunction {
  const { inputs, outputs } = network;
  return {
    inputs,
    outputs,
    value: (x, rows, out) => network.forward(x, rows, out),
    pullback(x, rows, dOut, dX) {
      network.forward(x, rows, new Float32Array(rows * outputs)); // the way back goes over the activations of the last forward
      network.backwardInput(dOut, rows, dX);
    },
  };
}

/** One row of what several functions give, as logits. */
export interface RowFusion {
  /** @param sources each [rows×K_i]  @param x [rows×O]  @param out [rows×K] */
  value(sources: readonly Float32Array[], x: Float32Array, row: number, out: Float32Array): void;
  /**
   * Adds the slopes of the same row. @param dOut [rows×K]  @param slopes each [rows×K_i], by the sources
   * @param dX [rows×O], by x itself
   */
  slope(
    sources: readonly Float32Array[],
    x: Float32Array,
    row: number,
    dOut: Float32Array,
    slopes: readonly Float32Array[],
    dX: Float32Array,
  ): void;
}

/**
 * Logits made of several functions of the observation, on typed arrays: the fast form of a logit module around a victim, white box. It borrows
 * what it is made of.
 */
export function fusedAccess(
  sources: readonly RowFunction[],
  fusion: RowFusion,
  victim: GradientAccess,
): GradientAccess {
  const { head, observationSize, actionSize, logitsSize: k } = victim;
  const values = (x: Float32Array, rows: number): Float32Array[] =>
    sources.map(({ value, outputs }) => {
      const out = new Float32Array(rows * outputs);
      value(x, rows, out);
      return out;
    });
  const fused = (of: readonly Float32Array[], x: Float32Array, rows: number): Float32Array => {
    const out = new Float32Array(rows * k);
    for (let row = 0; row < rows; row++) fusion.value(of, x, row, out);
    return out;
  };
  const exactly = (x: Float32Array, rows: number): Float32Array => x.subarray(0, rows * observationSize);
  return {
    head,
    observationSize,
    actionSize,
    logitsSize: k,
    decide(x, rows, action) {
      const own = exactly(x, rows);
      decodeAction(head, fused(values(own, rows), own, rows), rows, action);
    },
    logits(x, rows, out) {
      const own = exactly(x, rows);
      out.set(fused(values(own, rows), own, rows));
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const own = exactly(x, rows);
      const of = values(own, rows);
      const dOut = new Float32Array(rows * k);
      objective.evaluate(head, fused(of, own, rows), goal, rows, value, dOut);
      const slopes = sources.map(({ outputs }) => new Float32Array(rows * outputs));
      const dX = new Float32Array(own.length);
      for (let row = 0; row < rows; row++) fusion.slope(of, own, row, dOut, slopes, dX);
      const part = new Float32Array(own.length);
      for (const [s, { pullback }] of sources.entries()) {
        pullback(own, rows, slopes[s]!, part);
        for (let i = 0; i < dX.length; i++) dX[i]! += part[i]!;
      }
      gradient.set(dX);
    },
  };
}
