/** What differs between CityLearn's incompatible release lines; the physics is written once over this. */
export interface Profile {
  readonly name: string;
  /** Battery attributes that a schema may leave out; the initial SoC is then the reserve. Source: specs/citylearn.md 5.0, fixed defaults. */
  readonly batteryDefaults: {
    readonly efficiency: number;
    readonly lossCoefficient: number;
    readonly capacityLossCoefficient: number;
    readonly depthOfDischarge: number;
    readonly powerEfficiencyCurve: readonly (readonly [number, number])[];
    readonly capacityPowerCurve: readonly (readonly [number, number])[];
  };
  /** Largest value of the day type's cycle. */
  readonly dayTypes: number;
}

/** CityLearn 2.0.0: float64 state, fixed defaults, efficiency looked up with the clipped energy. */
const v20: Profile = {
  name: 'v2.0',
  batteryDefaults: {
    efficiency: 0.9,
    lossCoefficient: 0.006,
    capacityLossCoefficient: 1e-5,
    depthOfDischarge: 1,
    powerEfficiencyCurve: [
      [0, 0.83],
      [0.3, 0.83],
      [0.7, 0.9],
      [0.8, 0.9],
      [1, 0.85],
    ],
    capacityPowerCurve: [
      [0, 1],
      [0.8, 1],
      [1, 0.2],
    ],
  },
  dayTypes: 8,
};

export const profiles = { 'v2.0': v20 } satisfies Record<string, Profile>;
export type ProfileName = keyof typeof profiles;
