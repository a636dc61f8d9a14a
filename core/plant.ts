/**
 * What an attacker knows of a lane's plant: the hours to come and what the battery makes of an action, exactly as the simulator has it.
 * A state is `stateSize` numbers of an array from `at` on.
 */
export interface KnownPlant {
  /** Steps of an episode. */
  readonly steps: number;
  /** Numbers a state. */
  readonly stateSize: number;
  /** kWh */
  readonly capacity: number;
  /** What the one action can be, physical. */
  readonly low: number;
  readonly high: number;
  /** [steps] $/kWh and kgCO2/kWh in the hour that the action of a step falls into. */
  readonly price: Float64Array;
  readonly carbon: Float64Array;
  /** The state before the first step. */
  start(state: Float64Array, at: number): void;
  /** Moves a state by the action of step `t`. */
  advance(t: number, action: number, state: Float64Array, at: number): void;
  /** What the controller observes before step `t`, [O] normalised from `offset` on. */
  observe(t: number, state: Float64Array, at: number, out: Float32Array, offset: number): void;
  /** Share of the capacity that is stored. */
  soc(state: Float64Array, at: number): number;
  /** kWh that the building took from the grid in the last hour; < 0: gave. */
  net(state: Float64Array, at: number): number;
  /** The battery's efficiency in the last hour, which limits what it can give in the next. */
  efficiency(state: Float64Array, at: number): number;
  /** The same state with another charge and consumption of the last hour: what might be. */
  assume(soc: number, net: number, state: Float64Array, at: number): void;
}

/** A known plant over boxes of states: all whose numbers lie between those of a state `low` and a state `high`. */
export interface BoxedPlant extends KnownPlant {
  /** Moves a box by the actions [lowest, highest] of step `t`: whatever one of its states becomes lies in it afterwards. */
  advanceBox(t: number, lowest: number, highest: number, low: Float64Array, high: Float64Array, at: number): void;
  /** Ends of what the controller may observe before step `t` in a box, [O] each from `offset` on. */
  observeBox(
    t: number,
    low: Float64Array,
    high: Float64Array,
    at: number,
    lowest: Float32Array,
    highest: Float32Array,
    offset: number,
  ): void;
}

/**
 * The `steps` steps of a plant from step `t0` on, as an episode of their own that begins in `state`.
 * @param state [stateSize] before step `t0`
 */
export function laterPlant(plant: BoxedPlant, t0: number, steps: number, state: Float64Array): BoxedPlant {
  return {
    ...plant,
    steps,
    price: plant.price.subarray(t0, t0 + steps),
    carbon: plant.carbon.subarray(t0, t0 + steps),
    start: (own, at) => own.set(state, at),
    advance: (t, action, own, at) => plant.advance(t0 + t, action, own, at),
    observe: (t, own, at, out, offset) => plant.observe(t0 + t, own, at, out, offset),
    advanceBox: (t, lowest, highest, low, high, at) => plant.advanceBox(t0 + t, lowest, highest, low, high, at),
    observeBox: (t, low, high, at, lowest, highest, offset) =>
      plant.observeBox(t0 + t, low, high, at, lowest, highest, offset),
  };
}
