import type { Ascent } from '../../nn/ascent.ts';

/** How a search moves along its gradients; projection is part of the move. */
export interface StepRule {
  /**
   * A row that did not move will not move again, whatever its step size: it may be left alone. So it is for a rule that reads
   * nothing but the gradient's signs.
   */
  readonly settles: boolean;
  /** Moves the first `rows` rows; `ascent.buffers.moved` tells which changed. Returns how many. */
  move(ascent: Ascent, rows: number): number;
}

/** `x ← Π(x + step ⊙ sign(g))`: steepest ascent in the L-inf norm. A gradient that is 0 or not a number moves nothing. */
export const signStep: StepRule = {
  settles: true,
  move: (ascent, rows) => ascent.signStep(rows, 'gradient'),
};
