import type { ForeseenSets, LaneMemory, ThreatModel } from '../../core/attack.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { GradientAccess } from '../../core/victim.ts';
import type { Choices } from './plan.ts';
import { reach } from './reach.ts';

/**
 * What can be attained in the states of the hours to come within constraints that remember what was shown: the reach of every state that a plan
 * may pass through, in the set that the engine will put around it after all that the plan shows on its way there. The choices are what the
 * controller does along the way from the point of its lowest action to that of its highest, each attained.
 *
 * @param grid gradients a side, and the most points of that way  @param lane the engine's row: whose memory it begins with, and who pays
 */
export function confinedChoices(
  plant: KnownPlant,
  victim: GradientAccess,
  threat: ThreatModel,
  sets: ForeseenSets,
  grid: { readonly steps: number; readonly actions: number },
  lane: number,
): Choices {
  const size = victim.observationSize;
  const most = 1 + grid.actions;
  const { low: least, high: greatest } = plant;
  let rows = 0;
  /** [rows] steps that were attacked on the way, where a rule counts them. */
  let struck = new Int32Array(0);
  let memories: readonly LaneMemory[] = [];
  let x = new Float32Array(0);
  /** [most][rows×O] and [most][rows×A] what is shown and done by each choice. */
  let shown: Float32Array[] = [];
  let done: Float64Array[] = [];

  /** The memories of states, from those of the states that they came from. */
  function follow(count: number, parent: Int32Array, choice: Int32Array): readonly LaneMemory[] {
    const truth = new Float32Array(count * size);
    const point = new Float32Array(count * size);
    const action = new Float64Array(count);
    for (let k = 0; k < count; k++) {
      const from = parent[k]! * size;
      truth.set(x.subarray(from, from + size), k * size);
      point.set(shown[choice[k]!]!.subarray(from, from + size), k * size);
      action[k] = done[choice[k]!]![parent[k]!]!;
    }
    sets.around(
      truth,
      Array.from({ length: count }, (_, k) => memories[parent[k]!]!),
    );
    return sets.settle(point, action);
  }

  return {
    most,
    layer(t, states, count, parent, choice) {
      const first = parent[0] === -1;
      memories = first ? [sets.memory(lane)] : follow(count, parent, choice);
      const before = struck;
      struck = new Int32Array(count);
      if (!first && sets.counts)
        for (let k = 0; k < count; k++) struck[k] = before[parent[k]!]! + (choice[k]! > 0 ? 1 : 0);
      rows = count;
      x = new Float32Array(rows * size);
      for (let k = 0; k < rows; k++) plant.observe(t, states, k * plant.stateSize, x, k * size);
      sets.around(x, memories);
      const of = new Int32Array(rows).fill(lane);
      const { low, high, clean } = reach(x, rows, victim, sets, threat.epsilon, grid.steps, of);
      const own = x.slice();
      sets.project(own);
      shown = [own];
      done = [clean];
      for (let c = 0; c < grid.actions; c++) {
        const share = c / (grid.actions - 1);
        const point = x.slice();
        for (let i = 0; i < point.length; i++) if (sets.free(i)) point[i] = low[i]! + share * (high[i]! - low[i]!);
        sets.project(point);
        const action = new Float64Array(rows);
        victim.decide(point, rows, action, of);
        shown.push(point);
        done.push(action);
      }
    },
    mark(place, choice) {
      // How far off the truth is what is shown, told by what it does; and what was spent.
      const off = (done[choice]![place]! - done[0]![place]!) / (greatest - least);
      const spent = sets.counts ? struck[place]! + (choice > 0 ? 1 : 0) : 0;
      return Math.round(20 * (off + 1)) * 64 + Math.min(63, spent);
    },
    at(_t, _states, from, actions) {
      const k = from / plant.stateSize;
      for (let c = 0; c < most; c++) actions[c] = done[c]![k]!;
      return most;
    },
  };
}
