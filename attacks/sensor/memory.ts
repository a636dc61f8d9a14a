import type { AttackContext, ObservationAttackOf } from '../../core/attack.ts';

/** What a broken or taken-over sensor shows of one lane. Made for each lane anew; all it knows is what it was shown before. */
export interface LaneMemory {
  /**
   * @param x [rows×O]  @param at the lane's first number in it  @param out the same place is filled  @param step of the lane's episode
   */
  show(x: Float32Array, at: number, step: number, row: number, context: AttackContext, out: Float32Array): void;
}

/**
 * An attack with a memory of each lane, which an episode's end empties. What it shows is confined to the threat set, so that the mask
 * says which sensors it has.
 */
export function withMemory(remember: (size: number) => LaneMemory): ObservationAttackOf<'none'> {
  let size = 0;
  let lanes: { memory: LaneMemory; step: number }[] = [];
  return {
    stage: 'observation',
    access: 'none',
    ordered: true,
    perturb(x, rows, victim, context, out) {
      if (size !== victim.observationSize || lanes.length !== rows) {
        size = victim.observationSize;
        lanes = Array.from({ length: rows }, () => ({ memory: remember(size), step: 0 }));
      }
      for (let row = 0; row < rows; row++) {
        const lane = lanes[row]!;
        lane.memory.show(x, row * size, lane.step++, row, context, out);
      }
      context.set.project(out);
    },
    reset(ended) {
      lanes.forEach((_, row) => {
        if (ended[row] === 1) lanes[row] = { memory: remember(size), step: 0 };
      });
    },
  };
}
