import { ConfigError } from '../../core/errors.ts';
import { DynamicsInput } from './dynamics-input.ts';
import { Lstm } from './lstm.ts';
import type { BuildingModel } from './model.ts';

/** A building's indoor temperature as a network predicts it. All that a lane remembers is a slice of numbers: copying it is a snapshot. */
export interface Dynamics {
  /** Numbers of state a lane has. */
  readonly stateSize: number;
  /** Forgets everything: an episode begins. */
  reset(state: Float64Array, at: number): void;
  /** Whether the window was full after the hour before, so that device actions set the demand. */
  ready(state: Float64Array, at: number): boolean;
  /** Takes in an hour that was acted on; its temperature in °C, or NaN while the window is not full. */
  step(state: Float64Array, at: number, hours: Float64Array, hoursAt: number, row: number): number;
}

/** Of a lane's state: hours in the window, up to L + 1; place of the newest row in the ring; normalised temperature of the newest hour. */
const COUNT = 0;
const NEWEST = 1;
const TEMPERATURE = 2;
const HEAD = 3;

/**
 * Opens the dynamics of a building that has one.
 *
 * The network runs every hour over the last L rows, from the h and c that its last run left. A row is an hour's inputs with the indoor temperature
 * of the hour before, which is known when the hour is taken in: what a row adds to the first layer's gates is therefore computed once and
 * kept, L times 4H numbers a lane, in place of the window. Source: specs/citylearn.md 7.
 * @throws {ConfigError} for a building without one, for limits that leave no span
 * @throws {UnknownNameError} for an input that is no observation
 */
export function openDynamics(model: BuildingModel): Dynamics {
  const { data, dynamics, profile } = model;
  if (dynamics === null) throw new ConfigError(`${data.name} has no dynamics`);
  const input = new DynamicsInput(model);
  const lstm = new Lstm(dynamics);
  const { lookback } = dynamics;
  if (!(Number.isInteger(lookback) && lookback >= 1))
    throw new ConfigError(`the lookback is ${lookback}, expected a whole number from 1 on`, {
      place: { file: model.district.name, path: `/buildings/${data.name}/dynamics/attributes/lookback` },
    });
  // CityLearn 2.0 – 2.1 takes the last input's limits, whatever that is.
  const old = profile.dynamics === 'modes';
  const limits = old ? dynamics.inputNames.length - 1 : input.temperature;
  const minimum = Math.fround(dynamics.minimum[limits]!);
  const span = Math.fround(dynamics.maximum[limits]! - dynamics.minimum[limits]!);
  const restarts = old ? modeSwitches(model.columns.named['hvac_mode']!) : null;
  const ring = HEAD + lstm.stateSize;
  const inputs = new Float64Array(dynamics.inputNames.length);
  const { temperature } = input;

  const reset = (state: Float64Array, at: number): void => void state.fill(0, at, at + HEAD + lstm.stateSize);
  return {
    stateSize: ring + lookback * lstm.gates,
    reset,
    ready: (state, at) => state[at + COUNT] === lookback + 1,
    step(state, at, hours, hoursAt, row) {
      input.read(hours, hoursAt, row, inputs);
      const now = inputs[temperature]!;
      inputs[temperature] = state[at + TEMPERATURE]!;
      const newest = (state[at + NEWEST]! + 1) % lookback;
      lstm.project(inputs, state, at + ring + newest * lstm.gates);
      const count = Math.min(state[at + COUNT]! + 1, lookback + 1);
      let predicted = Number.NaN;
      let celsius = Number.NaN;
      if (count === lookback + 1) {
        predicted = lstm.run(state, at + HEAD, at + ring, lookback, (newest + 1) % lookback);
        celsius = Math.fround(Math.fround(predicted * span) + minimum);
      }
      if (restarts !== null && restarts[row] === 1) {
        reset(state, at);
        return celsius;
      }
      state[at + COUNT] = count;
      state[at + NEWEST] = newest;
      state[at + TEMPERATURE] = count === lookback + 1 ? predicted : now;
      return celsius;
    },
  };
}

/** 1 at a row after which heating follows on cooling (or off), or the reverse: CityLearn 2.0 – 2.1 then begins anew. */
function modeSwitches(mode: Float64Array): Uint8Array {
  return Uint8Array.from(mode, (now, row) => {
    const next = mode[row + 1];
    if (next === undefined) return 0;
    return (now <= 1 && next === 2) || (now === 2 && next <= 1) ? 1 : 0;
  });
}
