import { ShapeError } from '../core/errors.ts';
import type { AsyncGradientAccess, GradientAccess } from '../core/victim.ts';

/** Of `foundAfter`: no change of the decision was found. */
export const never = 0xffff_ffff;

/** What was asked of a victim, in rows, in all and for each row of the attacked batch. */
export class Tally {
  /** Forward passes: decisions and logits. */
  queries = 0;
  /** Objective gradients; the forward pass inside one is not counted again. */
  gradients = 0;
  /** [rows] the same of the present batch alone, by its rows: what they add up to is what the totals grew by. */
  rowQueries = new Uint32Array(0);
  rowGradients = new Uint32Array(0);
  /** [rows] how many queries a row had asked when a change of its decision was found. */
  foundAfter = new Uint32Array(0);

  /** A batch begins, and none of its rows has asked anything. */
  begin(rows: number): void {
    if (this.rowQueries.length === rows) {
      this.rowQueries.fill(0);
      this.rowGradients.fill(0);
    } else {
      this.rowQueries = new Uint32Array(rows);
      this.rowGradients = new Uint32Array(rows);
      this.foundAfter = new Uint32Array(rows);
    }
    this.foundAfter.fill(never);
  }

  /** @throws {ShapeError} for a question about no row of the batch: what no row pays for would not be counted. */
  query(rows: number, of: Int32Array | undefined): void {
    charge(this.rowQueries, rows, of);
    this.queries += rows;
  }

  /** @throws {ShapeError} as `query` does */
  gradient(rows: number, of: Int32Array | undefined): void {
    charge(this.rowGradients, rows, of);
    this.gradients += rows;
  }
}

function charge(counts: Uint32Array, rows: number, of: Int32Array | undefined): void {
  if (of === undefined && rows !== counts.length)
    throw new ShapeError(`a batch of ${counts.length} rows asks about ${rows} without saying for which of its own`);
  for (let r = 0; r < rows; r++) {
    const row = of === undefined ? r : of[r];
    if (row === undefined || !(row >= 0 && row < counts.length))
      throw new ShapeError(`row ${r} is asked for row ${row} of a batch of ${counts.length}`);
    counts[row]!++;
  }
}

/** A victim that counts what is asked of it. */
export type Metered<Victim> = Victim & { readonly tally: Tally };

/** Wraps a victim, one that answers at once or later, so that an attack's queries and gradients are counted. */
export function metered(victim: AsyncGradientAccess): Metered<AsyncGradientAccess>;
export function metered(victim: GradientAccess): Metered<GradientAccess>;
export function metered(victim: GradientAccess | AsyncGradientAccess): Metered<GradientAccess> {
  const tally = new Tally();
  return {
    tally,
    observationSize: victim.observationSize,
    actionSize: victim.actionSize,
    logitsSize: victim.logitsSize,
    head: victim.head,
    decide(x, rows, action, of) {
      tally.query(rows, of);
      return victim.decide(x, rows, action, of) as void;
    },
    logits(x, rows, out, of) {
      tally.query(rows, of);
      return victim.logits(x, rows, out) as void;
    },
    valueAndGradient(objective, x, rows, value, gradient, of) {
      tally.gradient(rows, of);
      return victim.valueAndGradient(objective, x, rows, value, gradient) as void;
    },
  };
}
