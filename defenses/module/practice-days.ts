import { ConfigError } from '../../core/errors.ts';
import type { KnownPlant } from '../../core/plant.ts';
import type { Decisions, Rollout } from '../../logits/preference/decision-policy.ts';
import type { ModuleGround } from './module.ts';

/** A day of a battery: 24 decisions and what came of them. */
export interface Schedule extends Decisions {
  /** [concerns] of the day. */
  readonly burden: Float64Array;
}

/** Days of the scenario's buildings, which can be lived through as often as one likes. A prompt is a day's number, from 0. */
export interface PracticeDays {
  readonly count: number;
  readonly rollout: Rollout<number, Schedule>;
}

const hours = 24;

/** Where a day begins. */
interface Start {
  readonly plant: KnownPlant;
  readonly t: number;
  readonly state: Float64Array;
}

/**
 * Days spread evenly over the first steps of each building. A day begins in the state that the victim left after the day before, the same for all
 * who live through it.
 * @param values the action of each alternative
 * @throws {ConfigError} for a building that cannot be planned for, or fewer steps than two days
 */
export function practiceDays(
  { record, plants }: Pick<ModuleGround, 'record' | 'plants'>,
  { steps, wanted }: { readonly steps: number; readonly wanted: number },
  values: readonly number[],
): PracticeDays {
  const { action, lanes, steps: played } = record(steps);
  const known = plants();
  const whole = Math.floor(played / hours);
  if (whole < 2) throw new ConfigError(`${played} steps to take days from, expected at least ${2 * hours}`);
  const each = Math.max(1, Math.min(whole - 1, Math.ceil(wanted / lanes)));
  const chosen = new Set(Array.from({ length: each }, (_, d) => 1 + Math.floor((d * (whole - 1)) / each)));
  const starts = known.flatMap((plant, lane): Start[] => {
    const state = new Float64Array(plant.stateSize);
    plant.start(state, 0);
    const own: Start[] = [];
    for (let t = 0; t < whole * hours; t++) {
      if (t % hours === 0 && chosen.has(t / hours)) own.push({ plant, t, state: state.slice() });
      plant.advance(t, action[t * lanes + lane]!, state, 0);
    }
    return own;
  });
  return {
    count: starts.length,
    rollout: (days, responses, choose, rng) => {
      const asked = days.flatMap((day) => Array.from({ length: responses }, () => starts[day]!));
      const states = asked.map(({ state }) => state.slice());
      const streams = asked.map((_, lane) => rng.split(lane));
      const size = sizeOf(record);
      const seen = asked.map(() => new Float32Array(hours * size));
      const actions = asked.map(() => new Int32Array(hours));
      const books = asked.map(({ plant, state }) => new Book(plant, state));
      const x = new Float32Array(asked.length * size);
      for (let hour = 0; hour < hours; hour++) {
        asked.forEach(({ plant, t }, lane) => plant.observe(t + hour, states[lane]!, 0, x, lane * size));
        const taken = choose(x, streams);
        asked.forEach(({ plant, t }, lane) => {
          seen[lane]!.set(x.subarray(lane * size, (lane + 1) * size), hour * size);
          actions[lane]![hour] = taken[lane]!;
          plant.advance(t + hour, values[taken[lane]!]!, states[lane]!, 0);
          books[lane]!.enter(t + hour, states[lane]!);
        });
      }
      return days.map((_, n) =>
        Array.from({ length: responses }, (_, d) => {
          const lane = n * responses + d;
          return { observations: seen[lane]!, actions: actions[lane]!, burden: books[lane]!.burden() };
        }),
      );
    },
  };

  function sizeOf(recorded: ModuleGround['record']): number {
    const { observation, lanes: of, steps: rows } = recorded(steps);
    return observation.length / ((rows + 1) * of);
  }
}

/** Adds up a day, in the order of `concerns`. */
class Book {
  readonly #plant: KnownPlant;
  #net: number;
  #soc: number;
  #cost = 0;
  #carbon = 0;
  #peak = 0;
  #ramping = 0;
  #wear = 0;

  constructor(plant: KnownPlant, state: Float64Array) {
    this.#plant = plant;
    this.#net = plant.net(state, 0);
    this.#soc = plant.soc(state, 0);
  }

  /** After step t. */
  enter(t: number, state: Float64Array): void {
    const net = this.#plant.net(state, 0);
    const soc = this.#plant.soc(state, 0);
    this.#cost += Math.max(0, net) * this.#plant.price[t]!;
    this.#carbon += Math.max(0, net) * this.#plant.carbon[t]!;
    this.#peak = Math.max(this.#peak, net);
    this.#ramping += Math.abs(net - this.#net);
    this.#wear += Math.abs(soc - this.#soc) * this.#plant.capacity;
    [this.#net, this.#soc] = [net, soc];
  }

  burden(): Float64Array {
    return Float64Array.of(this.#cost, this.#carbon, this.#peak, this.#ramping, this.#wear);
  }
}
