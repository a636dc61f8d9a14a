/** What differs between CityLearn's incompatible release lines; the physics is written once over this. Source: specs/citylearn.md 0. */
export interface Profile {
  readonly name: string;
  /** For people: releases and what they are. */
  readonly title: string;
  /**
   * Which hour the k-th action acts on, and which one is shown after it.
   * `split`: charged within the limits of hour k, booked in k+1, k+1 shown. `ahead`: the clock moves first, k+1. `now`: hour k, then k+1 is
   * shown with nothing booked in it yet. `lagged`: hour k; k+1's outside world is shown with what hour k booked.
   */
  readonly alignment: 'split' | 'ahead' | 'now' | 'lagged';
  /** State and series are rounded to float32 when stored, and sums after each addition. */
  readonly float32: boolean;
  /** PV, price and carbon are float64 arrays (of float32 values), and so are the sums they enter. */
  readonly wideColumns: boolean;
  readonly battery: 'v1' | 'v2.0' | 'v2.1' | 'v2.3' | 'v3';
  /** What a battery action of 1 is: its capacity, or its nominal power for one step. */
  readonly batteryUnit: 'capacity' | 'nominal power';
  /** Where attributes that a schema leaves out come from: constants, or a draw from a seed made of the device's names. */
  readonly defaults: 'fixed' | 'sampled';
  /** Largest value of the day type's cycle. */
  readonly dayTypes: 7 | 8;
  /** `…_predicted_6h` or `…_predicted_1`. */
  readonly forecastNames: 'hours' | 'numbers';
  readonly kpis: 'v1' | 'v2.0' | 'v2.1' | 'v2.3' | 'head';
  readonly rewards: 'v1' | 'v2.0' | 'v2.3';
  /** One set point, for which the cooling one stands, or one each for cooling and heating: what KPIs of comfort look at. */
  readonly setPoints: 1 | 2;
  /**
   * `modes`: HVAC modes 1 and 2 alone run a device, and each has a network of its own, which begins anew when the mode switches and takes the
   * last input's limits for the temperature's. `single`: mode 3 runs both, and one network goes on through all.
   */
  readonly dynamics: 'modes' | 'single';
  /** Whether export lowers the cost series. */
  readonly exportEarns: boolean;
  /** Margins of the observation limits: °C around the data, times the largest demand. */
  readonly limits: { readonly temperatureDelta: number; readonly demandFactor: number };
  readonly defects: Defects;
}

/** Documented defects that a bit-exact mode has to copy; each can be repaired by name. Source: specs/citylearn.md 9.2. */
export interface Defects {
  /** Reset books hour 0's loads, the first step books them again and sums them a third time. */
  readonly 'first-hour-thrice': boolean;
  /** The last hour is never acted on: its net is 0. */
  readonly 'last-hour-idle': boolean;
  /** Observations after a step show the stores empty and no consumption. */
  readonly 'blind-to-storage': boolean;
  /** `dhw_storage` requests are scaled by the heating tank, `heating_storage` by the cooling tank. */
  readonly 'tanks-mixed-up': boolean;
  /** A charger action of 0 leaves the car's state of charge at 0. */
  readonly 'idle-car-drained': boolean;
  /** A washing cycle is booked whole in the step that starts it, and start and end are steps of the episode. */
  readonly 'washing-at-once': boolean;
}
export type DefectName = keyof Defects;

const none: Defects = {
  'first-hour-thrice': false,
  'last-hour-idle': false,
  'blind-to-storage': false,
  'tanks-mixed-up': false,
  'idle-car-drained': false,
  'washing-at-once': false,
};
const all: Defects = {
  'first-hour-thrice': true,
  'last-hour-idle': true,
  'blind-to-storage': true,
  'tanks-mixed-up': true,
  'idle-car-drained': true,
  'washing-at-once': true,
};
/** What each defect does, for people. */
export const defects: Readonly<Record<DefectName, string>> = {
  'first-hour-thrice': 'hour 0 is booked by reset, booked again by the first step and summed a third time',
  'last-hour-idle': 'the last hour is never acted on: its net is 0',
  'blind-to-storage': 'observations after a step show the stores empty and no consumption',
  'tanks-mixed-up': 'hot-water tank actions are scaled by the heating tank, heating tank actions by the cooling tank',
  'idle-car-drained': 'a charger action of 0 leaves the car’s state of charge at 0',
  'washing-at-once': 'a washing cycle is booked whole in the step that starts it',
};
export const defectNames = Object.keys(defects) as readonly DefectName[];

const v23: Profile = {
  name: 'v2.3',
  title: 'CityLearn 2.2 – 2.3.1: float32 state, sampled device defaults, the action acts on the hour that it leads to',
  alignment: 'ahead',
  float32: true,
  wideColumns: false,
  battery: 'v2.3',
  batteryUnit: 'capacity',
  defaults: 'sampled',
  dayTypes: 7,
  forecastNames: 'numbers',
  kpis: 'v2.3',
  rewards: 'v2.3',
  setPoints: 2,
  dynamics: 'single',
  exportEarns: true,
  limits: { temperatureDelta: 20, demandFactor: 2 },
  defects: none,
};
const v20: Profile = {
  ...v23,
  name: 'v2.0',
  title: 'CityLearn 2.0.0: as v2.3 with float64 state, fixed device defaults and another limit of discharge',
  float32: false,
  battery: 'v2.0',
  defaults: 'fixed',
  dayTypes: 8,
  forecastNames: 'hours',
  kpis: 'v2.0',
  rewards: 'v2.0',
  setPoints: 1,
  dynamics: 'modes',
  limits: { temperatureDelta: 10, demandFactor: 1.15 },
};
const v21: Profile = {
  ...v20,
  name: 'v2.1',
  title: 'CityLearn 2.1b12 – 2.1.2 (2023 challenge): float32 state as v2.3, fixed device defaults, one set point',
  float32: true,
  battery: 'v2.1',
  kpis: 'v2.1',
};
const v1: Profile = {
  ...v20,
  name: 'v1',
  title: 'CityLearn 1.3.6 – 1.8.0 (2022 challenge): float64, charged within one hour’s limits and booked in the next',
  alignment: 'split',
  battery: 'v1',
  kpis: 'v1',
  rewards: 'v1',
};
const head: Profile = {
  ...v23,
  name: 'head',
  title: 'CityLearn master of October 2025 (2.4.2, “2.4.3”): acts on the hour shown, with its defects unless repaired',
  alignment: 'now',
  wideColumns: true,
  batteryUnit: 'nominal power',
  kpis: 'head',
  defects: all,
};
const v3: Profile = {
  ...head,
  name: 'v3',
  title:
    'softcpsrecsimulator 1.5.5, the base of CityLearn 3.0: as head without its defects, booked results shown one hour late',
  alignment: 'lagged',
  wideColumns: false,
  battery: 'v3',
  exportEarns: false,
  defects: none,
};

/** The default comes first. */
export const profiles = { 'v2.3': v23, 'v2.0': v20, 'v2.1': v21, v1, head, v3 } satisfies Record<string, Profile>;
export type ProfileName = keyof typeof profiles;

/** A profile with some of its defects repaired. */
export function repaired(profile: Profile, names: readonly DefectName[]): Profile {
  return { ...profile, defects: { ...profile.defects, ...Object.fromEntries(names.map((name) => [name, false])) } };
}
