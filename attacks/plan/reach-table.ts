import type { ThreatModel } from '../../core/attack.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { threatSet } from '../ball/threat-set.ts';
import type { Choices } from './plan.ts';
import { reach } from './reach.ts';

/** Where the reach of future steps is searched. */
export interface ReachGrid {
  /** Charges from empty to full. */
  readonly soc: number;
  /** Consumptions of the hour before, over what the battery can make of it. */
  readonly net: number;
  /** Gradients a side. */
  readonly steps: number;
  /** The most actions to choose from between the lowest and the highest attained. */
  readonly actions: number;
}

/**
 * What can be attained in the states of the hours to come: the reach at a grid of charges and consumptions, on a
 * continuous head interpolated between them, on bins that of the nearest point. The observations are predicted, and so are the sets
 * around them: those of the norm alone, for a threat without constraints.
 *
 * @param state before step `t0`  @param lane the row that pays for the questions
 */
export function reachTable(
  plant: KnownPlant,
  victim: GradientAccess,
  threat: ThreatModel,
  grid: ReachGrid,
  request: {
    readonly t0: number;
    readonly horizon: number;
    readonly state: Float64Array;
    readonly lane: number;
  },
): Choices {
  const { t0, horizon, state, lane } = request;
  const size = victim.observationSize;
  const points = grid.soc * grid.net;
  const rows = horizon * points;
  const x = new Float32Array(rows * size);
  const assumed = state.slice();
  const idle = new Float64Array(horizon);
  const power = Math.max(Math.abs(plant.low), Math.abs(plant.high)) * plant.capacity;
  const swing = (n: number): number => (grid.net === 1 ? 0 : power * ((2 * n) / (grid.net - 1) - 1));
  const rolling = state.slice();
  for (let h = 0; h < horizon; h++) {
    idle[h] = plant.net(rolling, 0);
    for (let s = 0; s < grid.soc; s++) {
      for (let n = 0; n < grid.net; n++) {
        assumed.set(rolling);
        plant.assume(s / (grid.soc - 1), idle[h]! + swing(n), assumed, 0);
        plant.observe(t0 + h, assumed, 0, x, (h * points + s * grid.net + n) * size);
      }
    }
    plant.advance(t0 + h, 0, rolling, 0);
  }
  const set = threatSet(threat);
  set.around(x, rows, threat);
  const found = reach(x, rows, victim, set, threat.epsilon, grid.steps, new Int32Array(rows).fill(lane));
  const { head } = victim;
  const bins = head.kind === 'categorical' ? head.values : null;
  const seen = Array.from({ length: bins === null ? 0 : rows }, (_, row) =>
    bins!.flatMap((_bin, i) => (found.seen[row * bins!.length + i] === 1 ? [i] : [])),
  );
  return {
    most: 1 + grid.actions,
    at(t, states, from, actions) {
      const h = t - t0;
      const s = within(plant.soc(states, from) * (grid.soc - 1), grid.soc - 1);
      const n = within((((plant.net(states, from) - idle[h]!) / power + 1) / 2) * (grid.net - 1), grid.net - 1);
      let count = 1;
      if (bins !== null) {
        const row = h * points + Math.round(s) * grid.net + Math.round(n);
        const places = seen[row]!;
        const most = Math.min(places.length, grid.actions);
        actions[0] = found.clean[row]!;
        for (let i = 0; i < most; i++) {
          const bin = bins[places[most === 1 ? 0 : Math.round((i * (places.length - 1)) / (most - 1))]!]!;
          if (bin !== actions[0]) actions[count++] = bin;
        }
        return count;
      }
      const between = (values: Float64Array): number => {
        const i = Math.min(Math.floor(s), grid.soc - 2);
        const j = Math.min(Math.floor(n), Math.max(0, grid.net - 2));
        const first = h * points + i * grid.net + j;
        const right = grid.net > 1 ? 1 : 0;
        const below = values[first]! + (n - j) * (values[first + right]! - values[first]!);
        const above =
          values[first + grid.net]! + (n - j) * (values[first + grid.net + right]! - values[first + grid.net]!);
        return below + (s - i) * (above - below);
      };
      actions[0] = between(found.clean);
      const low = between(found.lowest);
      const span = between(found.highest) - low;
      if (span > 0) for (let i = 0; i < grid.actions; i++) actions[count++] = low + (span * i) / (grid.actions - 1);
      return count;
    },
  };
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
