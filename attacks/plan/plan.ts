import type { KnownPlant } from '../../core/plant.ts';
import type { Damage } from './damage.ts';

/** What the attacker can bring about in a state. */
export interface Choices {
  /** The most actions that `at` ever gives. */
  readonly most: number;
  /** Fills `actions` with what can be attained before step `t`, the victim's own action first; returns how many. */
  at(t: number, state: Float64Array, from: number, actions: Float64Array): number;
}

/** How finely states are told apart: two in one cell share the future of the one with more damage behind it. */
export interface Cells {
  /** Cells from empty to full. */
  readonly soc: number;
  /** Width of a cell of the last efficiency, and of the last hour's consumption where damage looks back, kWh. */
  readonly efficiency: number;
  readonly net: number;
}

const defaultCells: Cells = { soc: 50, efficiency: 0.04, net: 0.5 };

export interface Plan {
  /** [horizon] what to force; NaN: leave the victim alone. */
  readonly actions: Float64Array;
  /** [horizon] charge after each step. */
  readonly soc: Float64Array;
  readonly damage: number;
}

/**
 * The most damaging sequence of attainable actions, of which at most `budget` are not the victim's own, by dynamic programming over
 * (step, cell of the state, attacks left).
 *
 * ```
 * D_{t+1}(c') = max { add(D_t(c), net) : c' = cell(advance(s(c), a)), a attainable in s(c) }
 * ```
 * It runs forwards, and a cell keeps the exact state s(c) of the best way into it: the plan's damage is what the simulator gives for its
 * actions, to the bit, and so a bound from below of what is attainable; finer cells come closer to the optimum.
 * Cost: horizon · cells · budget · choices battery steps. Source: Bellman (1957); k-of-T: specs/attacks-and-defenses.md 2.7.
 *
 * @param state [stateSize] before step `t0`
 */
export function planAttack(
  plant: KnownPlant,
  choices: Choices,
  damage: Damage,
  request: {
    readonly t0: number;
    readonly horizon: number;
    readonly state: Float64Array;
    /** Steps that may be attacked; absent: all. */
    readonly budget?: number | undefined;
    readonly cells?: Cells;
  },
): Plan {
  const { t0, horizon, state, cells = defaultCells } = request;
  const budget = request.budget === undefined || request.budget >= horizon ? undefined : request.budget;
  const size = plant.stateSize;
  const actions = new Float64Array(choices.most);
  const trial = new Float64Array(size);
  let layer = newLayer(size);
  add(layer, state, 0, -1, Number.NaN, 0);
  const layers = [layer];
  const seen = new Map<number, number>();
  for (let h = 0; h < horizon; h++) {
    const t = t0 + h;
    const next = newLayer(size);
    seen.clear();
    for (let l = 0; l < layer.count; l++) {
      const from = l * size;
      const before = plant.net(layer.states, from);
      const count = choices.at(t, layer.states, from, actions);
      for (let c = 0; c < count; c++) {
        const used = layer.used[l]! + (c > 0 && budget !== undefined ? 1 : 0);
        if (budget !== undefined && used > budget) break;
        for (let i = 0; i < size; i++) trial[i] = layer.states[from + i]!;
        plant.advance(t, actions[c]!, trial, 0);
        const net = plant.net(trial, 0);
        const total = damage.add(layer.damage[l]!, net, before, plant.price[t]!, plant.carbon[t]!);
        const key = cellOf(plant, trial, damage.looksBack ? net : 0, used, cells);
        const action = c === 0 ? Number.NaN : actions[c]!;
        const known = seen.get(key);
        if (known === undefined) {
          seen.set(key, next.count);
          add(next, trial, total, l, action, used);
        } else if (total > next.damage[known]!) {
          next.states.set(trial, known * size);
          next.damage[known] = total;
          next.parent[known] = l;
          next.action[known] = action;
        }
      }
    }
    layers.push(next);
    layer = next;
  }
  return trace(plant, layers, horizon);
}

/** The states that a plan may be in after so many steps, each the best of its cell. */
interface Layer {
  count: number;
  states: Float64Array; // [count×stateSize]
  damage: Float64Array;
  parent: Int32Array;
  action: Float64Array;
  used: Int32Array;
}

function newLayer(size: number): Layer {
  const room = 64;
  return {
    count: 0,
    states: new Float64Array(room * size),
    damage: new Float64Array(room),
    parent: new Int32Array(room),
    action: new Float64Array(room),
    used: new Int32Array(room),
  };
}

function add(layer: Layer, state: Float64Array, damage: number, parent: number, action: number, used: number): void {
  const { count } = layer;
  if (count === layer.damage.length) grow(layer);
  layer.states.set(state, count * state.length);
  layer.damage[count] = damage;
  layer.parent[count] = parent;
  layer.action[count] = action;
  layer.used[count] = used;
  layer.count++;
}

function grow(layer: Layer): void {
  const doubled = <Numbers extends Float64Array | Int32Array>(old: Numbers): Numbers => {
    const fresh = new (old.constructor as new (length: number) => Numbers)(2 * old.length);
    fresh.set(old);
    return fresh;
  };
  layer.states = doubled(layer.states);
  layer.damage = doubled(layer.damage);
  layer.parent = doubled(layer.parent);
  layer.action = doubled(layer.action);
  layer.used = doubled(layer.used);
}

/** One number for each cell; empty and full have cells of their own. */
function cellOf(plant: KnownPlant, state: Float64Array, net: number, used: number, cells: Cells): number {
  const charge = Math.ceil(plant.soc(state, 0) * cells.soc);
  const efficiency = Math.round(plant.efficiency(state, 0) / cells.efficiency);
  const taken = Math.round(net / cells.net) + 50_000;
  return ((used * 1000 + efficiency) * 100_000 + taken) * (cells.soc + 2) + charge;
}

function trace(plant: KnownPlant, layers: readonly Layer[], horizon: number): Plan {
  const last = layers[horizon]!;
  let best = 0;
  for (let l = 1; l < last.count; l++) if (last.damage[l]! > last.damage[best]!) best = l;
  const actions = new Float64Array(horizon);
  const soc = new Float64Array(horizon);
  for (let h = horizon, l = best; h > 0; h--) {
    const layer = layers[h]!;
    actions[h - 1] = layer.action[l]!;
    soc[h - 1] = plant.soc(layer.states, l * plant.stateSize);
    l = layer.parent[l]!;
  }
  return { actions, soc, damage: last.damage[best]! };
}
