import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Rng } from '../core/rng.ts';

/** Scores of K alternatives on the last axis, float32 [...,K]: tokens [B,T,V], actions [B,A] (policy logits, Q/τ), classes [B,C]. */
export type Logits = Tensor;

/** Whatever gives logits, as a black box: the attack engine and every module need no more. Differentiable where X is a tensor. */
export interface LogitModel<X> {
  readonly k: number;
  /** The caller owns the result [...,K]. */
  logits(x: X): Logits;
}

/** A model cut before its last layer: `logits(x) = head(features(x))`. */
export interface FeatureModel<X> extends LogitModel<X> {
  /** [B,D] */
  features(x: X): Tensor2D;
  /** @param features [B,D]  @returns [B,K] */
  head(features: Tensor2D): Logits;
}

/** A model that can be trained. */
export interface TrainableModel<X> extends LogitModel<X> {
  readonly variables: readonly Variable[];
}

/** A causal model of sequences: logits [B,T,K] of ids int32 [B,T], where those at t tell of the id at t + 1. */
export interface SeqModel<Cache extends Disposable = Disposable> extends TrainableModel<Tensor2D> {
  /**
   * What may follow: logits [B,K] after `ids` int32 [B,T], appended to what the cache has seen. A cache is used up by the call, which gives
   * the next one; the caller owns both parts.
   */
  next(ids: Tensor2D, cache?: Cache): { readonly logits: Logits; readonly cache: Cache };
}

/**
 * A method that acts on logits: learned once, then put around any model, defense or not, which can be attacked through it.
 * At strength 0 `wrap(base)` gives the logits of `base`, up to a constant a row.
 */
export interface LogitModule<X, Data, Fitted, Report> extends Disposable {
  readonly id: string;
  /** How much it does: 0 is nothing. */
  readonly strength: number;
  /** Learns; one that needs no training says so in what it resolves to. */
  fit(data: Data, rng: Rng): Promise<Fitted>;
  /** The deployed model. It borrows `base` and this module, and lives no longer than they do. */
  wrap(base: LogitModel<X>): LogitModel<X>;
  /** Metrics with baselines and ablations, for machines to read. */
  report(data: Data): Promise<Report>;
}
