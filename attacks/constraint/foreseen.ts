import type { ForeseenSets, ThreatModel } from '../../core/attack.ts';
import type { ConstrainedSet } from './constrained-set.ts';

/**
 * Sets around what is foreseen, beside those of the engine.
 * @param engine whose memory they begin with  @param own of the same rules, with a memory of its own  @param actions A
 */
export function foreseenSets(
  engine: ConstrainedSet,
  own: ConstrainedSet,
  threat: ThreatModel,
  actions: number,
): ForeseenSets {
  let x: Float32Array = new Float32Array(0);
  let rows = 0;
  return {
    get isBox() {
      return own.isBox;
    },
    bounds: (low, high) => own.bounds(low, high),
    project: (point, count, of) => own.project(point, count, of),
    sample: (row, rng, point) => own.sample(row, rng, point),
    free: (i) => own.free(i),
    counts: own.counts,
    memory: (lane) => engine.memory(lane),
    around(foreseen, memories) {
      x = foreseen;
      rows = memories.length;
      own.recall(memories, actions);
      own.around(x, rows, threat);
    },
    settle(shown, action) {
      own.note(x, shown, rows);
      own.act(action);
      return Array.from({ length: rows }, (_, row) => own.memory(row));
    },
  };
}
