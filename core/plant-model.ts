/** What is known of the building behind a lane beside what its controller observes: the ground of physical constraints. */
export interface PlantModel {
  /** Hours of a step. */
  readonly hoursPerStep: number;
  /** An observation's values over the simulated range, physical units; undefined for one that the simulation decides, or that is not one column. */
  series(feature: string): Float64Array | undefined;
  /** A battery beside the true one, as full as the true one is at the start of an episode; undefined where the building has none. */
  battery(): BatteryTwin | undefined;
}

/** A battery that is told what happened to the true one, and can say where an action would have led from another state of charge. */
export interface BatteryTwin {
  /** Computes `soc` and `energy` of a step from this state of charge. @param actions [≥ at + A] physical, the lane's from `at` on */
  follow(soc: number, actions: Float64Array, at: number): void;
  /** Of the last `follow`: energy over nominal capacity at the end of the step. */
  readonly soc: number;
  /** Of the last `follow`: kWh at the terminals, + charge. */
  readonly energy: number;
  /** The last `follow` is what happened: capacity and efficiency go on from there. */
  keep(): void;
  /** What `keep` kept, and its way back. */
  save(): Float64Array;
  load(kept: Float64Array): void;
  /** A new episode. */
  reset(): void;
}
