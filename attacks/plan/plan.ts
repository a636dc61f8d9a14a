import type { KnownPlant } from '../../core/plant.ts';
import type { Damage } from './damage.ts';

/** What the attacker can bring about in a state. */
export interface Choices {
  /** The most actions that `at` ever gives. */
  readonly most: number;
  /**
   * The states before step `t` are these, each come about by choice `choice` in state `parent` of the step before (−1: the first); `at` is asked of them
   * next, by their place. Absent: `at` needs no more than a state.
   */
  layer?(t: number, states: Float64Array, count: number, parent: Int32Array, choice: Int32Array): void;
  /** Below 4096: what beside the state decides what can be attained after choice `choice` in a state of the layer. Absent: nothing does. */
  mark?(place: number, choice: number): number;
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
  /** Most states that a step goes on from: of those told apart by their marks alone the best come first; absent: all. */
  readonly most?: number;
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
  add(layer, state, 0, -1, Number.NaN, 0, 0);
  const layers = [layer];
  const seen = new Map<number, number>();
  for (let h = 0; h < horizon; h++) {
    const t = t0 + h;
    const next = newLayer(size);
    seen.clear();
    choices.layer?.(t, layer.states, layer.count, layer.parent, layer.choice);
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
        const mark = choices.mark?.(l, c) ?? 0;
        const key = cellOf(
          plant,
          trial,
          damage.looksBack ? net : 0,
          choices.mark === undefined ? used : used * marks + mark,
          cells,
        );
        const action = c === 0 ? Number.NaN : actions[c]!;
        const known = seen.get(key);
        if (known === undefined) {
          seen.set(key, next.count);
          add(next, trial, total, l, action, used, c);
        } else if (total > next.damage[known]!) {
          next.states.set(trial, known * size);
          next.damage[known] = total;
          next.parent[known] = l;
          next.action[known] = action;
          next.choice[known] = c;
        }
      }
    }
    layer = cells.most === undefined || next.count <= cells.most ? next : thinned(next, [...seen.keys()], size, cells);
    layers.push(layer);
  }
  return trace(plant, layers, horizon);
}

/** Marks that there may be. */
const marks = 4096;

/**
 * So many states of a layer, taken in turns from each cell of the plant, the most damage first: a cell whose future is the better one may have less
 * behind it.
 * @param keys of the states, in order
 */
function thinned(layer: Layer, keys: readonly number[], size: number, cells: Cells): Layer {
  const order = Array.from({ length: layer.count }, (_, l) => l).sort((a, b) => layer.damage[b]! - layer.damage[a]!);
  const met = new Map<number, number>();
  const rank = new Int32Array(layer.count);
  for (const l of order) {
    const cell = keys[l]! % plantCells(cells);
    rank[l] = met.get(cell) ?? 0;
    met.set(cell, rank[l]! + 1);
  }
  order.sort((a, b) => rank[a]! - rank[b]!); // stable: by damage within a rank
  const thin = newLayer(size);
  for (const l of order.slice(0, cells.most))
    add(
      thin,
      layer.states.subarray(l * size, (l + 1) * size),
      layer.damage[l]!,
      layer.parent[l]!,
      layer.action[l]!,
      layer.used[l]!,
      layer.choice[l]!,
    );
  return thin;
}

/** The states that a plan may be in after so many steps, each the best of its cell. */
interface Layer {
  count: number;
  states: Float64Array; // [count×stateSize]
  damage: Float64Array;
  parent: Int32Array;
  action: Float64Array;
  used: Int32Array;
  /** Which of the parent's choices led here. */
  choice: Int32Array;
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
    choice: new Int32Array(room),
  };
}

function add(
  layer: Layer,
  state: Float64Array,
  damage: number,
  parent: number,
  action: number,
  used: number,
  choice: number,
): void {
  const { count } = layer;
  if (count === layer.damage.length) grow(layer);
  layer.states.set(state, count * state.length);
  layer.damage[count] = damage;
  layer.parent[count] = parent;
  layer.action[count] = action;
  layer.used[count] = used;
  layer.choice[count] = choice;
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
  layer.choice = doubled(layer.choice);
}

/** How many cells the plant alone has at most: its consumption in any of 100 000. */
function plantCells({ soc, efficiency }: Cells): number {
  return (soc + 2) * (Math.ceil(1 / efficiency) + 2) * 100_000;
}

/** One number for each cell; empty and full have cells of their own. */
function cellOf(plant: KnownPlant, state: Float64Array, net: number, mark: number, cells: Cells): number {
  const charge = Math.ceil(plant.soc(state, 0) * cells.soc);
  const efficiency = Math.round(plant.efficiency(state, 0) / cells.efficiency);
  const taken = Math.round(net / cells.net) + 50_000;
  return mark * plantCells(cells) + (efficiency * 100_000 + taken) * (cells.soc + 2) + charge;
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
