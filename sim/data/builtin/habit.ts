import type { Envelope } from './thermal.ts';
import type { PvArray } from './pv.ts';

/** Twenty-four digits, one an hour from 0-1 h on: 0 is nobody or asleep, 9 is everybody home and busy. */
export type DayProfile = string;

/** Something switched on by people (or a clock) at random times: a Poisson process over the hours of the day. */
export interface Appliance {
  readonly name: string;
  /** kW while it runs. */
  readonly power: number;
  /** Mean hours of one run; runs vary by a third either way. */
  readonly hours: number;
  /** Mean runs a day on working days (Monday to Friday) and at weekends. */
  readonly weekday: number;
  readonly weekend: number;
  /** When runs begin: relative weight of each hour. Runs start only while somebody is not away. */
  readonly starts: DayProfile;
}

/** Who lives or works in a building, and with what. */
export interface Habit {
  /** For the data sheet. */
  readonly story: string;
  readonly weekday: DayProfile;
  readonly saturday: DayProfile;
  readonly sunday: DayProfile;
  /** People sleep here, so the thermostat keeps its comfort at night. */
  readonly livedIn: boolean;
  /** kW drawn day and night by standby, router, pumps and cold appliances. */
  readonly standby: number;
  /** kW that follows the profile, and kW of lighting that follows it after dark. */
  readonly active: number;
  readonly lighting: number;
  readonly appliances: readonly Appliance[];
  readonly envelope: Envelope;
  /** Lengths in days of the absences; when they fall is drawn. */
  readonly vacations: readonly number[];
  readonly pv: PvArray;
  readonly battery: { readonly capacity: number; readonly nominalPower: number };
}
