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
