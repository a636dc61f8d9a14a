import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { shuffle } from '../../core/shuffle.ts';
import { tokenBatch } from './token-batch.ts';
import type { TokenBatch, TokenSequence } from './token-batch.ts';

/** The batch of every step from 0 on. It depends on the step alone, so that a resumed training needs nothing else. */
export type BatchOfStep = (step: number) => TokenBatch;

/**
 * Epochs of all sequences, each in an order of its own; the last batch of an epoch is filled up from the next one.
 * @throws {ConfigError} when there are no sequences or the batch size is no positive integer.
 */
export function epochBatches(sequences: readonly TokenSequence[], batchSize: number, rng: Rng): BatchOfStep {
  const count = sequences.length;
  if (count === 0 || !Number.isInteger(batchSize) || batchSize < 1)
    throw new ConfigError(`batches: ${count} sequences in batches of ${batchSize}, expected at least 1 of each`);
  const orders = new Map<number, Int32Array>();
  const order = (epoch: number): Int32Array => {
    let known = orders.get(epoch);
    if (known === undefined) {
      known = Int32Array.from({ length: count }, (_, index) => index);
      shuffle(known, rng.split('epoch').split(epoch));
      orders.clear(); // steps go forwards: at most the epoch that begins in this batch is made twice
      orders.set(epoch, known);
    }
    return known;
  };
  return (step) =>
    tokenBatch(
      Array.from({ length: batchSize }, (_, row) => {
        const at = step * batchSize + row;
        return sequences[order(Math.floor(at / count))[at % count]!]!;
      }),
    );
}
