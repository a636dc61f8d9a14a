import type { Tensor2D } from '@tensorflow/tfjs';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';

/** Where the parameters of one part are, [from, to). */
export type Span = readonly [from: number, to: number];

/**
 * What is trained: a backbone `h = f(x)` [B×D], the main head `z = g(h)` [B×K] that is used later, and an auxiliary head `z' = g'(h)` [B×K]
 * that is there for training only. Networks on the own kernel and on TensorFlow.js have this one form, so that objective and training are
 * written once. Asynchronous, since a GPU is read in no other way.
 *
 * All parameters are one array [P]: backbone, main head, auxiliary head.
 */
export interface Student extends Disposable {
  readonly inputs: number;
  readonly classes: number;
  /** D. */
  readonly width: number;
  /** P. */
  readonly size: number;
  readonly spans: { readonly backbone: Span; readonly main: Span; readonly auxiliary: Span };
  /**
   * @param x [rows×I]  @param main z [rows×K]  @param auxiliary z' [rows×K]; absent: only the main head is asked
   * @param training whether what is random in training is; the pull-back is of the same draw
   */
  forward(
    x: Float32Array,
    rows: number,
    main: Float32Array,
    auxiliary?: Float32Array,
    training?: boolean,
  ): Promise<void>;
  /**
   * `∂(Σ dMain∘z + Σ dAuxiliary∘z')/∂parameters` of the last forward; null: the loss does not reach this head, whose part is then 0.
   * @param dMain [rows×K]  @param dAuxiliary [rows×K]  @param out [P]
   */
  pullback(dMain: Float32Array | null, dAuxiliary: Float32Array | null, rows: number, out: Float32Array): Promise<void>;
  /** @param out h [rows×D] */
  features(x: Float32Array, rows: number, out: Float32Array): Promise<void>;
  /** z [B×K] by tensor operations, differentiable by the input [B×I]: for whoever attacks or wraps it. The caller owns the result. */
  logits(tf: Tensorflow, x: Tensor2D): Tensor2D;
  readParameters(out: Float32Array): void;
  writeParameters(parameters: Float32Array): void;
}
