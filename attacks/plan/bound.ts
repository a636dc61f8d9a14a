import type { BoxedPlant } from '../../core/plant.ts';
import type { Damage } from './damage.ts';

/** Ends of the actions that can be brought about anywhere in boxes of states. */
export interface CertifiedActions {
  /** The only actions there are, ascending; absent: all between the ends. */
  readonly values?: readonly number[] | undefined;
  /**
   * @param low, high [rows×stateSize] ends of the boxes, before step `t`  @param attacked whether observations are perturbed
   * @param lowest, highest [rows] physical
   */
  bounds(
    t: number,
    low: Float64Array,
    high: Float64Array,
    rows: number,
    attacked: boolean,
    lowest: Float64Array,
    highest: Float64Array,
  ): void;
}

/** How finely states are told apart: what falls into one cell goes on as one box. */
export interface BoundCells {
  /** Cells from empty to full. */
  readonly soc: number;
  /** Width of a cell of the last hour's consumption, kWh. */
  readonly net: number;
  /** Actions are certified for so many cells at once, in charge and in consumption. */
  readonly certified: { readonly soc: number; readonly net: number };
}

export interface DamageBound {
  /** No attack within what is certified does more. */
  readonly damage: number;
  /** [horizon] the charges that can be, after each step. */
  readonly soc: { readonly low: Float64Array; readonly high: Float64Array };
  /** [horizon] the widest certified interval of each step, as a share of all actions; 1: nothing is certified. */
  readonly freedom: Float64Array;
}

/**
 * An upper bound on the damage of any sequence of actions within certified intervals, of which at most `budget` are attacked, by dynamic
 * programming over boxes of states.
 *
 * ```
 * D_{t+1}(c') = max { max add(D_t(c), net, net') : advanceBox(box(c), A) meets c' },   A: the certified interval of box(c), in pieces
 * ```
 * A state of a run is in one of the boxes of its step and its damage so far at most the cell's: at the start both are exact; an action lies in
 * one of the pieces, the next state in the piece's box, and each of the cells that this meets takes in its part of it. The share of an hour
 * is piecewise linear in both consumptions, with kinks at net = 0 and where they are equal, so it is largest at a corner or at net = 0.
 * Errors of a step are a cell's width of charge (energy that comes from nothing) and a piece's of action; boxes are the hull of what
 * fell into their cell, so that what is known exactly stays narrow.
 * Cost: horizon · boxes · pieces battery steps. Source: specs/attacks-and-defenses.md 2.7, 2.15; ours.
 *
 * @param plant begins in the state to bound from  @returns the bound; yields the share done, 0…1
 */
export function* damageBound(
  plant: BoxedPlant,
  certified: CertifiedActions,
  damage: Damage,
  request: { readonly horizon: number; readonly budget?: number | undefined; readonly cells: BoundCells },
): Generator<number, DamageBound, void> {
  const { horizon, cells } = request;
  const budget = request.budget === undefined || request.budget >= horizon ? undefined : request.budget;
  const size = plant.stateSize;
  const soc = { low: new Float64Array(horizon), high: new Float64Array(horizon) };
  const freedom = new Float64Array(horizon);
  const boxLow = new Float64Array(size);
  const boxHigh = new Float64Array(size);
  const partLow = new Float64Array(size);
  const partHigh = new Float64Array(size);
  const range = plant.high - plant.low;
  const pieceWidth = Math.min(1 / cells.soc, cells.net / plant.capacity);
  const start = new Float64Array(size);
  plant.start(start, 0);
  let layer = newLayer(size);
  add(layer, start, start, 0, 0);
  for (let t = 0; t < horizon; t++) {
    const next = newLayer(size);
    const known = new Map<number, number>();
    const modes = budget === 0 ? [false] : budget === undefined ? [true] : [false, true];
    for (const [m, attacked] of modes.entries()) {
      const share = (part: number): number => (t + (m + part) / modes.length) / horizon;
      const intervals = yield* certify(layer, t, attacked, (part) => share(part / 2));
      for (let l = 0; l < layer.count; l++) {
        const used = layer.used[l]! + (attacked && budget !== undefined ? 1 : 0);
        if (budget !== undefined && used > budget) continue;
        const lowest = intervals.lowest[l]!;
        const highest = intervals.highest[l]!;
        freedom[t] = Math.max(freedom[t]!, (highest - lowest) / range);
        spread(layer, l, t, lowest, highest, used, next, known);
        if (l % 64 === 63) yield share(0.5 + (l + 1) / layer.count / 2);
      }
    }
    soc.low[t] = Infinity;
    soc.high[t] = -Infinity;
    for (let l = 0; l < next.count; l++) {
      soc.low[t] = Math.min(soc.low[t]!, plant.soc(next.low, l * size));
      soc.high[t] = Math.max(soc.high[t]!, plant.soc(next.high, l * size));
    }
    layer = next;
  }
  let most = Number.NEGATIVE_INFINITY;
  for (let l = 0; l < layer.count; l++) most = Math.max(most, layer.damage[l]!);
  return { damage: most, soc, freedom };

  /** The certified ends of every box of a layer, certified for the hulls of neighbours. */
  function* certify(
    { count, low, high }: Layer,
    t: number,
    attacked: boolean,
    progress: (part: number) => number,
  ): Generator<number, { readonly lowest: Float64Array; readonly highest: Float64Array }, void> {
    const wide = cells.certified;
    const groups = new Map<number, number[]>();
    for (let l = 0; l < count; l++) {
      const at = l * size;
      const charge = Math.floor((plant.soc(low, at) * cells.soc) / wide.soc + 1e-9);
      const taken = Math.floor(plant.net(low, at) / cells.net / wide.net + 1e-9) + 50_000;
      const key = taken * (cells.soc + 2) + charge;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [l]);
      else group.push(l);
    }
    const lowest = new Float64Array(count);
    const highest = new Float64Array(count);
    const one = [new Float64Array(1), new Float64Array(1)] as const;
    let done = 0;
    for (const members of groups.values()) {
      boxLow.fill(Infinity);
      boxHigh.fill(Number.NEGATIVE_INFINITY);
      for (const l of members) hull(boxLow, boxHigh, 0, low, high, l * size, size);
      certified.bounds(t, boxLow, boxHigh, 1, attacked, one[0], one[1]);
      for (const l of members) {
        lowest[l] = one[0][0]!;
        highest[l] = one[1][0]!;
      }
      yield progress(++done / groups.size);
    }
    return { lowest, highest };
  }

  /** Moves a box by the actions of an interval, piece by piece. */
  function spread(
    from: Layer,
    l: number,
    t: number,
    lowest: number,
    highest: number,
    used: number,
    next: Layer,
    known: Map<number, number>,
  ): void {
    const move = (a: number, b: number): void => {
      for (let i = 0; i < size; i++) {
        boxLow[i] = from.low[l * size + i]!;
        boxHigh[i] = from.high[l * size + i]!;
      }
      plant.advanceBox(t, a, b, boxLow, boxHigh, 0);
      scatter(from, l, t, used, next, known);
    };
    if (certified.values !== undefined) {
      for (const value of certified.values) if (value >= lowest && value <= highest) move(value, value);
      return;
    }
    // Charging and giving are apart: the battery is another on either side of 0.
    const sides = lowest < 0 && highest > 0 ? [lowest, 0, highest] : [lowest, highest];
    for (let side = 0; side + 1 < sides.length; side++) {
      const first = sides[side]!;
      const last = sides[side + 1]!;
      const pieces = Math.max(1, Math.ceil((last - first) / pieceWidth));
      const edge = (k: number): number => (k === pieces ? last : first + (k / pieces) * (last - first));
      for (let k = 0; k < pieces; k++) move(edge(k), edge(k + 1));
    }
  }

  /** Adds the moved box to the cells that it meets. */
  function scatter(from: Layer, l: number, t: number, used: number, next: Layer, known: Map<number, number>): void {
    const socLow = plant.soc(boxLow, 0);
    const socHigh = plant.soc(boxHigh, 0);
    const netLow = plant.net(boxLow, 0);
    const netHigh = plant.net(boxHigh, 0);
    const beforeLow = plant.net(from.low, l * size);
    const beforeHigh = plant.net(from.high, l * size);
    const price = plant.price[t]!;
    const carbon = plant.carbon[t]!;
    const so = from.damage[l]!;
    // The outer cells reach to the box's own ends, whatever rounding says of where they begin.
    const firstTaken = Math.floor(netLow / cells.net);
    const lastTaken = Math.floor(netHigh / cells.net);
    const firstCharge = Math.floor(socLow * cells.soc);
    const lastCharge = Math.floor(socHigh * cells.soc);
    for (let n = firstTaken; n <= lastTaken; n++) {
      const low = n === firstTaken ? netLow : n * cells.net;
      const high = n === lastTaken ? netHigh : (n + 1) * cells.net;
      let total = Number.NEGATIVE_INFINITY;
      for (let c = 0; c < 6; c++) {
        const net = c < 2 ? low : c < 4 ? high : 0;
        if (c >= 4 && !(low < 0 && high > 0)) break;
        total = Math.max(total, damage.add(so, net, c % 2 === 0 ? beforeLow : beforeHigh, price, carbon));
      }
      for (let s = firstCharge; s <= lastCharge; s++) {
        partLow.set(boxLow);
        partHigh.set(boxHigh);
        plant.assume(s === firstCharge ? socLow : s / cells.soc, low, partLow, 0);
        plant.assume(s === lastCharge ? socHigh : (s + 1) / cells.soc, high, partHigh, 0);
        const key = (used * 100_000 + n + 50_000) * (cells.soc + 2) + s;
        const cell = known.get(key);
        if (cell === undefined) {
          known.set(key, next.count);
          add(next, partLow, partHigh, total, used);
          continue;
        }
        hull(next.low, next.high, cell * size, partLow, partHigh, 0, size);
        next.damage[cell] = Math.max(next.damage[cell]!, total);
      }
    }
  }
}

/** Grows the box at `at` until it holds another. */
function hull(
  low: Float64Array,
  high: Float64Array,
  at: number,
  otherLow: Float64Array,
  otherHigh: Float64Array,
  from: number,
  size: number,
): void {
  for (let i = 0; i < size; i++) {
    low[at + i] = Math.min(low[at + i]!, otherLow[from + i]!);
    high[at + i] = Math.max(high[at + i]!, otherHigh[from + i]!);
  }
}

/** The boxes of a step, each with the most damage behind it. */
interface Layer {
  count: number;
  low: Float64Array; // [count×stateSize]
  high: Float64Array;
  damage: Float64Array;
  used: Int32Array;
}

function newLayer(size: number): Layer {
  const room = 256;
  return {
    count: 0,
    low: new Float64Array(room * size),
    high: new Float64Array(room * size),
    damage: new Float64Array(room),
    used: new Int32Array(room),
  };
}

function add(layer: Layer, low: Float64Array, high: Float64Array, damage: number, used: number): void {
  const { count } = layer;
  if (count === layer.damage.length) {
    layer.low = doubled(layer.low);
    layer.high = doubled(layer.high);
    layer.damage = doubled(layer.damage);
    const more = new Int32Array(2 * count);
    more.set(layer.used);
    layer.used = more;
  }
  layer.low.set(low, count * low.length);
  layer.high.set(high, count * high.length);
  layer.damage[count] = damage;
  layer.used[count] = used;
  layer.count++;
}

function doubled(values: Float64Array): Float64Array {
  const more = new Float64Array(2 * values.length);
  more.set(values);
  return more;
}
